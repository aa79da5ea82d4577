// Maps that an object declares and the kernel would not make, at their lines.
#pragma once

#include "backend/emit/emit.h"
#include "backend/object/object.h"
#include "ir/ir.h"
#include "support/diagnostics.h"

namespace spile::codegen {

// With CodegenOptions::unloadable_maps, what is missing is not told. [module]: where the maps stand in the source;
// null: of an object there is only its path.
void check_maps(const object::Object &object, const ir::Module *module, const CodegenOptions &options,
                Diagnostics &diags);

}  // namespace spile::codegen
