// What BPF_MAP_CREATE takes of each type of map: map_create() in the kernel's kernel/bpf/syscall.c and the
// map_alloc_check functions, beside the sizes in maps.def; and what libbpf mends of a definition before it asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace spile::tables {

// Sizes in bytes.
struct MapDefinition {
  uint32_t type = 0;  // enum bpf_map_type
  uint32_t key_size = 0, value_size = 0, max_entries = 0;
  uint32_t map_flags = 0;
  uint64_t map_extra = 0;
};

struct MapFault {
  std::string message;  // "key_size is 8; this type of map takes 4 bytes"
  std::string hint;
  int os_error = 0;         // that of the kernel, without its sign
  bool is_missing = false;  // a size, or the number of elements, is not said: loaders may set it
};

// Why the kernel does not make such a map; nothing for one that it makes, and for types of which no rules are known.
std::optional<MapFault> fault_of(const MapDefinition &definition);

// The definition as libbpf gives it to the kernel: the bytes of a ring are a power of two of pages, an array of perf
// events without a number has an element for each CPU.
MapDefinition mended_by_libbpf(MapDefinition definition, uint32_t possible_cpus);

}  // namespace spile::tables
