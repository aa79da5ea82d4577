#include "runtime/maps/stack_map.h"

#include <linux/bpf.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "runtime/maps/hash_key.h"

namespace spile::maps {

StackMap::StackMap(const Definition &definition, Pages values, std::vector<uint32_t> depths)
    : Map(definition), values_(std::move(values)), depths_(std::move(depths)) {}

Result<std::unique_ptr<Map>> StackMap::make(const Definition &definition) {
  const uint32_t places = std::bit_ceil(definition.max_entries);
  auto values = Pages::allocate(uint64_t{places} * definition.value_size);
  if (!values) return std::unexpected(values.error());
  return std::unique_ptr<Map>(new StackMap(definition, std::move(*values), std::vector<uint32_t>(places)));
}

int64_t StackMap::insert(std::span<const uint64_t> addresses, uint64_t flags) {
  const uint64_t most = definition().value_size / sizeof(uint64_t);
  const auto skip = static_cast<size_t>(flags & BPF_F_SKIP_FIELD_MASK);
  if (addresses.size() <= skip) return -EFAULT;
  const auto kept = addresses.subspan(skip, std::min<size_t>(addresses.size() - skip, most));
  const auto *bytes = reinterpret_cast<const std::byte *>(kept.data());
  const uint32_t place = hash_bytes(bytes, kept.size_bytes()) & (places() - 1);
  const std::lock_guard guard(mutex_);
  const bool same = depths_[place] == kept.size() && std::memcmp(at(place), bytes, kept.size_bytes()) == 0;
  if (same) return place;
  if (depths_[place] != 0 && (flags & BPF_F_REUSE_STACKID) == 0) return -EEXIST;
  std::memset(at(place), 0, definition().value_size);
  std::memcpy(at(place), bytes, kept.size_bytes());
  depths_[place] = static_cast<uint32_t>(kept.size());
  return place;
}

std::byte *StackMap::lookup(const std::byte *key) {
  const uint32_t place = load<uint32_t>(key);
  const std::lock_guard guard(mutex_);
  return place < places() && depths_[place] != 0 ? at(place) : nullptr;
}

int64_t StackMap::update(const std::byte *, const std::byte *, uint64_t) { return -EINVAL; }

int64_t StackMap::erase(const std::byte *key) {
  const uint32_t place = load<uint32_t>(key);
  if (place >= places()) return -E2BIG;
  const std::lock_guard guard(mutex_);
  if (depths_[place] == 0) return -ENOENT;
  depths_[place] = 0;
  return 0;
}

int64_t StackMap::next_key(const std::byte *key, std::byte *next) {
  const std::lock_guard guard(mutex_);
  uint32_t place = 0;
  if (key != nullptr) {
    const uint32_t from = load<uint32_t>(key);
    place = from >= places() || depths_[from] == 0 ? 0 : from + 1;
  }
  while (place < places() && depths_[place] == 0) place++;
  if (place == places()) return -ENOENT;
  std::memcpy(next, &place, sizeof place);
  return 0;
}

uint64_t StackMap::for_each(const Visit &visit) {
  uint64_t visited = 0;
  for (uint32_t place = 0; place < places(); place++) {
    const auto *key = reinterpret_cast<const std::byte *>(&place);
    std::byte *value = lookup(key);
    if (value == nullptr) continue;
    visited++;
    if (visit(key, value)) break;
  }
  return visited;
}

size_t StackMap::size() const {
  const std::lock_guard guard(mutex_);
  return static_cast<size_t>(std::ranges::count_if(depths_, [](uint32_t depth) { return depth != 0; }));
}

}  // namespace spile::maps
