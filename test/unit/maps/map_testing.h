// Short forms for tests of maps: definitions, and keys and values as integers.
#pragma once

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cstring>
#include <optional>

#include "runtime/maps/map.h"

namespace spile::maps {

inline Definition hash_of(uint32_t key_size, uint32_t value_size, uint32_t max_entries, uint32_t flags = 0) {
  return {"m", BPF_MAP_TYPE_HASH, key_size, value_size, max_entries, flags, 0};
}
inline Definition array_of(uint32_t value_size, uint32_t max_entries, uint32_t flags = 0) {
  return {"m", BPF_MAP_TYPE_ARRAY, 4, value_size, max_entries, flags, 0};
}
inline std::unique_ptr<Map> make(const Definition &definition) {
  auto map = create(definition);
  EXPECT_TRUE(map) << (map ? "" : map.error().message);
  return std::move(*map);
}

template <class T>
const std::byte *bytes(const T &value) {
  return reinterpret_cast<const std::byte *>(&value);
}
template <class V, class K>
std::optional<V> get(Map &map, K key) {
  const std::byte *value = map.lookup(bytes(key));
  if (value == nullptr) return std::nullopt;
  V copy;
  std::memcpy(&copy, value, sizeof copy);
  return copy;
}
template <class K, class V>
int64_t put(Map &map, K key, V value, uint64_t flags = BPF_ANY) {
  return map.update(bytes(key), bytes(value), flags);
}
template <class K>
int64_t drop(Map &map, K key) {
  return map.erase(bytes(key));
}

}  // namespace spile::maps
