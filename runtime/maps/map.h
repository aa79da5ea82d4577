// Map: one eBPF map in this process, with the semantics, flags and errors of the kernel's.
//
// Shared by both engines, by helpers, and by the user's side that prints maps. Safe for concurrent use by several
// threads: a pointer returned by lookup stays valid as long as the map lives (its element may be deleted and reused,
// as in the kernel's preallocated maps).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "support/result.h"

namespace spile::maps {

// What bpf(BPF_MAP_CREATE) takes. Sizes in bytes.
struct Definition {
  std::string name;
  uint32_t type = 0;  // enum bpf_map_type
  uint32_t key_size = 0, value_size = 0, max_entries = 0;
  uint32_t map_flags = 0;
  uint64_t map_extra = 0;
};

class Map {
 public:
  explicit Map(Definition definition) : definition_(std::move(definition)) {}
  virtual ~Map() = default;
  Map(const Map &) = delete;
  Map &operator=(const Map &) = delete;

  const Definition &definition() const { return definition_; }

  // The element's value, or null. Arrays: null past the end.
  virtual std::byte *lookup(const std::byte *key) = 0;
  // 0, or -EEXIST, -ENOENT, -E2BIG, -EINVAL. [flags]: BPF_ANY, BPF_NOEXIST, BPF_EXIST.
  virtual int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) = 0;
  // 0, or -ENOENT, -EINVAL (arrays).
  virtual int64_t erase(const std::byte *key) = 0;
  // The key after [key] in [next]; the first for a null key or one that is gone (as BPF_MAP_GET_NEXT_KEY). 0, or
  // -ENOENT after the last.
  virtual int64_t next_key(const std::byte *key, std::byte *next) = 0;
  // Calls [visit] for each element until it returns true; the number of calls. [visit] may update and delete elements
  // of this map: one that is deleted before its turn may still be visited, as under RCU in the kernel.
  using Visit = std::function<bool(const std::byte *key, std::byte *value)>;
  virtual uint64_t for_each(const Visit &visit) = 0;
  // Elements present; max_entries for arrays.
  virtual size_t size() const = 0;
  // Where value storage begins when every value lies in one block at a stride known at load time (arrays); else null.
  // Global data (.rodata, .data, .bss) is reached through it.
  virtual std::byte *direct_values() { return nullptr; }

 private:
  Definition definition_;
};

// Checks a definition as the kernel does and creates the map. The error has the kernel's errno and says why.
Result<std::unique_ptr<Map>> create(const Definition &definition);

}  // namespace spile::maps
