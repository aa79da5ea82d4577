#include "runtime/maps/array_map.h"

#include <linux/bpf.h>

#include <cerrno>
#include <cstring>

namespace spile::maps {

ArrayMap::ArrayMap(const Definition &definition, Pages values)
    : Map(definition), values_(std::move(values)), stride_(round_up_8(definition.value_size)) {}

Result<std::unique_ptr<Map>> ArrayMap::make(const Definition &definition, PageSource &pages) {
  Result<Pages> values = pages.take(round_up_8(definition.value_size) * definition.max_entries);
  if (!values) return std::unexpected(values.error());
  return std::unique_ptr<Map>(new ArrayMap(definition, std::move(*values)));
}

// In place, as array_map_update_elem(): a pointer from an earlier lookup sees the new value. The order of the checks
// is that function's too.
int64_t ArrayMap::update(const std::byte *key, const std::byte *value, uint64_t flags) {
  if ((flags & ~uint64_t{BPF_F_LOCK}) > BPF_EXIST) return -EINVAL;
  const uint32_t index = index_of(key);
  if (index >= definition().max_entries) return -E2BIG;
  if ((flags & BPF_NOEXIST) != 0) return -EEXIST;
  const SpecialField *lock = (flags & BPF_F_LOCK) != 0 ? lock_field() : nullptr;
  if ((flags & BPF_F_LOCK) != 0 && lock == nullptr) return -EINVAL;
  if (lock != nullptr) lock_value(at(index) + lock->offset);
  copy_value(at(index), value);
  if (lock != nullptr) unlock_value(at(index) + lock->offset);
  // Kernel: bpf_obj_free_fields() after an update, so that timers of the old value end.
  if (!definition().special.empty()) release(at(index));
  return 0;
}

int64_t ArrayMap::erase(const std::byte *) { return -EINVAL; }

int64_t ArrayMap::next_key(const std::byte *key, std::byte *next) {
  const uint32_t index = key == nullptr ? UINT32_MAX : index_of(key);
  if (index == definition().max_entries - 1) return -ENOENT;
  const uint32_t following = index < definition().max_entries ? index + 1 : 0;
  std::memcpy(next, &following, sizeof following);
  return 0;
}

uint64_t ArrayMap::for_each(const Visit &visit) {
  for (uint32_t index = 0; index < definition().max_entries; index++) {
    std::byte key[sizeof index];  // the callback gets a copy: a write to it moves nothing
    std::memcpy(key, &index, sizeof index);
    if (visit(key, at(index))) return index + 1;
  }
  return definition().max_entries;
}

}  // namespace spile::maps
