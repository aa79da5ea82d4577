// The constants that events and expectations may name. Expanded from constants.def.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spile::tables {

// Of a row of constants.def, or the number of a system call of this machine by its name: `SYS_openat`.
std::optional<int64_t> find_constant(std::string_view name);

// The row that begins with [prefix] and has this value: `XDP_DROP` of `XDP_` and 1. Empty: there is none.
std::string_view constant_name(std::string_view prefix, int64_t value);

}  // namespace spile::tables
