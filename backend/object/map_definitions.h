// The maps that an object declares: in `.maps` as BTF, in `maps` as an array of structs, and one for each section of
// globals. The rules are libbpf's (libbpf.c: parse_btf_map_def, bpf_object__init_global_data_maps; before 1.0 also
// bpf_object__init_user_maps).
#pragma once

#include <vector>

#include "backend/object/object.h"
#include "support/result.h"

namespace spile::object {

// [object] has its section kinds and the variables' offsets in BTF. Fails on a definition that is wrong.
Result<std::vector<Map>> collect_maps(const Object &object);
// The map that holds a section of globals.
Map global_data_map(const Object &object, SectionId id);

}  // namespace spile::object
