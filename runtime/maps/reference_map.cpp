#include "runtime/maps/reference_map.h"

#include <linux/bpf.h>

#include <cerrno>
#include <cstring>

#include "runtime/maps/array_map.h"
#include "runtime/maps/hash_map.h"

namespace spile::maps {

ReferenceMap::ReferenceMap(const Definition &definition, std::unique_ptr<Map> slots)
    : Map(definition), slots_(std::move(slots)), is_array_(definition.type != BPF_MAP_TYPE_HASH_OF_MAPS) {}

Result<std::unique_ptr<Map>> ReferenceMap::make(const Definition &definition) {
  Definition slots = definition;
  slots.value_size = sizeof(void *);
  slots.special.clear();
  const bool is_array = definition.type != BPF_MAP_TYPE_HASH_OF_MAPS;
  slots.type = is_array ? BPF_MAP_TYPE_ARRAY : BPF_MAP_TYPE_HASH;
  auto made = is_array ? ArrayMap::make(slots) : make_hash_map(slots);
  if (!made) return made;
  return std::unique_ptr<Map>(new ReferenceMap(definition, std::move(*made)));
}

std::byte *ReferenceMap::lookup(const std::byte *key) {
  std::byte *slot = slots_->lookup(key);
  if (slot == nullptr) return nullptr;
  return std::atomic_ref(*reinterpret_cast<std::byte **>(slot)).load(std::memory_order_acquire);
}

int64_t ReferenceMap::update(const std::byte *, const std::byte *, uint64_t) { return -EINVAL; }

// As fd_array_map_delete_elem(): an array's empty slot is -ENOENT.
int64_t ReferenceMap::erase(const std::byte *key) {
  if (!is_array_) return slots_->erase(key);
  std::byte *slot = slots_->lookup(key);
  if (slot == nullptr) return -E2BIG;
  std::byte *old = std::atomic_ref(*reinterpret_cast<std::byte **>(slot)).exchange(nullptr, std::memory_order_acq_rel);
  return old == nullptr ? -ENOENT : 0;
}

int64_t ReferenceMap::set(const std::byte *key, const void *thing, uint64_t flags) {
  // bpf_fd_array_map_update_elem(): BPF_ANY alone.
  if (is_array_ && flags != BPF_ANY) return -EINVAL;
  return slots_->update(key, reinterpret_cast<const std::byte *>(&thing), flags);
}

uint64_t ReferenceMap::for_each(const Visit &visit) {
  uint64_t visited = 0;
  slots_->for_each([&](const std::byte *key, std::byte *) {
    std::byte *thing = lookup(key);
    if (thing == nullptr) return false;
    visited++;
    return visit(key, thing);
  });
  return visited;
}

}  // namespace spile::maps
