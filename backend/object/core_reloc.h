// Names of enum bpf_core_relo_kind (uapi/linux/bpf.h), as libbpf's log has them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace spile::object {

inline constexpr std::array<std::string_view, 13> kCoreRelocNames = {
    "byte_off",       "byte_sz",     "field_exists", "signed",         "lshift_u64",    "rshift_u64",   "local_type_id",
    "target_type_id", "type_exists", "type_size",    "enumval_exists", "enumval_value", "type_matches",
};
constexpr std::string_view name_of_core_reloc(uint32_t kind) {
  return kind < kCoreRelocNames.size() ? kCoreRelocNames[kind] : "unknown";
}

}  // namespace spile::object
