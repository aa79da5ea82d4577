// Encoding: blocks in an order, jumps between them, bytes.
#pragma once

#include <optional>
#include <vector>

#include "backend/emit/function_code.h"
#include "backend/isel/isel.h"
#include "backend/isel/mir.h"

namespace spile::codegen {

// Requires: physical registers, a frame laid out. Nothing after an error: a jump that is too far for the target.
std::optional<EncodedFunction> encode(const ir::Module &module, const mir::Function &function,
                                      const std::vector<uint32_t> &order, const isel::Target &target, Loc loc,
                                      Diagnostics &diags);

}  // namespace spile::codegen
