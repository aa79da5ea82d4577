// Debug types of the IR become BTF: only those that a function or a variable of the object reaches.
//
// A struct that is reached only through a pointer member of another struct becomes a forward declaration, as clang does
// it, so that one kernel pointer does not pull in a thousand structs.
#pragma once

#include <string>
#include <vector>

#include "backend/object/object.h"
#include "ir/ir.h"

namespace spile::codegen {

// Where emit has put the variables that BTF describes.
struct PlacedGlobal {
  ir::GlobalId global;
  object::SectionId section;
  uint64_t offset = 0;
};

// Fills object.btf. Returns the BTF_KIND_FUNC of each function of [functions], in their order; none for a function
// without a debug type.
std::vector<object::BtfId> write_btf(const ir::Module &module, const std::vector<ir::FunctionId> &functions,
                                     const std::vector<PlacedGlobal> &globals, object::Object &object);

}  // namespace spile::codegen
