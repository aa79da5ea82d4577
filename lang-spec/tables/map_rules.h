// Which helper may be given which type of map (check_map_func_compatibility).
#pragma once

#include <cstdint>

#include "lang-spec/tables/tables.h"

namespace spile::tables {

// [program]: enum bpf_prog_type; only some may change a map of sockets.
bool accepts_map(uint32_t helper, uint32_t map_type, const ProgramType &program);

}  // namespace spile::tables
