#include "runtime/maps/map.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "runtime/maps/spin_lock.h"

namespace spile::maps {

Map::Map(Definition definition) : definition_(std::move(definition)) {
  std::ranges::sort(definition_.special, {}, &SpecialField::offset);
}

// What the kernel's types without such an operation answer: a NULL in bpf_map_ops cannot be reached by a verified
// program.
int64_t Map::push(const std::byte *, uint64_t) { return -EOPNOTSUPP; }
int64_t Map::pop(std::byte *) { return -EOPNOTSUPP; }
int64_t Map::peek(std::byte *) { return -EOPNOTSUPP; }

void Map::copy_around_special(std::byte *to, const std::byte *from) const {
  uint32_t at = 0;
  for (const SpecialField &field : definition_.special) {
    std::memcpy(to + at, from + at, field.offset - at);
    at = field.offset + field.size;
  }
  std::memcpy(to + at, from + at, definition_.value_size - at);
}

void Map::clear_special(std::byte *value) const {
  for (const SpecialField &field : definition_.special) std::memset(value + field.offset, 0, field.size);
}

const SpecialField *Map::lock_field() const {
  const auto found = std::ranges::find(definition_.special, SpecialField::SpinLock, &SpecialField::kind);
  return found == definition_.special.end() ? nullptr : &*found;
}

void lock_value(std::byte *lock) {
  const std::atomic_ref word(*reinterpret_cast<uint32_t *>(lock));
  while (word.exchange(1, std::memory_order_acquire) != 0) {
    Patience patience;
    while (word.load(std::memory_order_relaxed) != 0) patience.wait();
  }
}

void unlock_value(std::byte *lock) {
  std::atomic_ref(*reinterpret_cast<uint32_t *>(lock)).store(0, std::memory_order_release);
}

uint32_t possible_cpus() {
  static const uint32_t count = static_cast<uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_CONF), 1L));
  return count;
}

}  // namespace spile::maps
