// Maps that an object declares and the kernel would not make, at their lines.
#pragma once

#include "backend/object/object.h"
#include "ir/ir.h"
#include "support/diagnostics.h"

namespace spile::codegen {

// [unloadable_maps]: see CodegenOptions. What is missing there is not told: loaders set sizes too.
void check_maps(const object::Object &object, const ir::Module &module, bool unloadable_maps, Diagnostics &diags);

}  // namespace spile::codegen
