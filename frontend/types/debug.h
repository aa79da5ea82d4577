// C types → ir::DebugTypes, the shape that BTF wants: typedefs and qualifiers kept, each type once, recursive structs
// through ids that are filled later.
#pragma once

#include <unordered_map>
#include <vector>

#include "frontend/types/types.h"
#include "ir/debug_types.h"

namespace spile::types {

class DebugTypeBuilder {
 public:
  explicit DebugTypeBuilder(ir::DebugTypes &out) : out_(&out) {}
  // The id of a type; 0 for void. Everything that it needs is in the table when this returns.
  ir::DebugTypeId get(const Type *t);

 private:
  ir::DebugTypeId id_of(const Type *t);
  ir::DebugTypeId id_of_pointee(const Type *t);
  void fill(const Type *t, ir::DebugTypeId id);
  void fill_record(const Record &record, ir::DebugType &made);

  ir::DebugTypes *out_;
  std::unordered_map<const Type *, ir::DebugTypeId> ids_;
  std::vector<const Type *> pending_;   // have an id, their parts are not there yet
  std::vector<const Type *> forwards_;  // records without members, which they may get later
};

}  // namespace spile::types
