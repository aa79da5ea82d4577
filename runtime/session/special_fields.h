// special_fields(): the parts of a map's value that belong to helpers, found in its BTF as the kernel finds them
// (btf_parse_fields()): locks, timers, lists, trees, kernel pointers.
#pragma once

#include <vector>

#include "backend/object/btf.h"
#include "runtime/maps/map.h"

namespace spile::session {

std::vector<maps::SpecialField> special_fields(const object::Btf &btf, object::BtfId value_type);

}  // namespace spile::session
