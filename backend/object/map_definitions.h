// The maps that an object declares: in `.maps` as BTF, in `maps` as an array of structs, and one for each section of
// globals. The rules are libbpf's (libbpf.c: parse_btf_map_def, bpf_object__init_global_data_maps; before 1.0 also
// bpf_object__init_user_maps).
#pragma once

#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/map_definition.h"
#include "support/result.h"

namespace spile::object {

// [object] has its section kinds and the variables' offsets in BTF. Fails on a definition that is wrong.
Result<std::vector<Map>> collect_maps(const Object &object);
// The map that holds a section of globals.
Map global_data_map(const Object &object, SectionId id);

// What the kernel is asked for, after what libbpf mends. The type of a ring's records, for whoever prints them, is none
// of its values; neither are the values of an array of perf events.
tables::MapDefinition asked_for(const Map &map, uint32_t possible_cpus);
// Why the kernel would not make the map.
std::optional<tables::MapFault> fault_of(const Map &map);

}  // namespace spile::object
