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
struct PlacedGlobal {  // [section] is none for what another object or the kernel defines
  ir::GlobalId global;
  object::SectionId section;
  uint64_t offset = 0;
};

struct WrittenBtf {
  std::vector<object::BtfId> functions;  // the BTF_KIND_FUNC of each; none for a function without a debug type
  std::vector<object::BtfId> core;       // the root type of each of ir::Module::core_relocs; none where not asked for
};

// Fills object.btf with what [functions], [globals] and the relocations [core] (by index) need.
WrittenBtf write_btf(const ir::Module &module, const std::vector<ir::FunctionId> &functions,
                     const std::vector<PlacedGlobal> &globals, const std::vector<uint32_t> &core,
                     object::Object &object);

}  // namespace spile::codegen
