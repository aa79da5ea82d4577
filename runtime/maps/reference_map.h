// ReferenceMap: maps whose elements are things of this process: BPF_MAP_TYPE_PROG_ARRAY (loaded programs),
// ARRAY_OF_MAPS and HASH_OF_MAPS (maps), CGROUP_ARRAY.
//
// The user's side puts references in; programs get them out by lookup, which gives the thing itself and not the place
// where its reference lies. Whoever puts something in keeps it alive as long as the map.
#pragma once

#include <atomic>

#include "runtime/maps/map.h"

namespace spile::maps {

class ReferenceMap final : public Map {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);

  // The element itself: a Map, a vm::Loaded. Null when the slot is empty.
  std::byte *lookup(const std::byte *key) override;
  // Kernel: a program cannot; and the user's side puts file descriptors in, here it calls set().
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override { return slots_->next_key(key, next); }
  // The slots that are in use.
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override { return slots_->size(); }

  // 0, -E2BIG, or what an update of the plain map answers.
  int64_t set(const std::byte *key, const void *thing, uint64_t flags = 0);

 private:
  ReferenceMap(const Definition &definition, std::unique_ptr<Map> slots);

  std::unique_ptr<Map> slots_;  // an array or hash map with addresses as values
  const bool is_array_;
};

}  // namespace spile::maps
