// Compiled to bitcode, not into the plugin. It refers to nothing outside of itself but C's functions for memory: the
// plugin knows no symbol of the host.
//
// Sound because: maps and environments are laid out here as in the host, which is built from the same headers.
#include "runtime/jit/hot.h"

#include "runtime/helpers/helpers.h"
#include "runtime/maps/array_map.h"
#include "runtime/maps/hash_map.h"
#include "runtime/maps/percpu_map.h"
#include "runtime/maps/ring_map.h"

namespace spile::helpers {
extern "C" {

#define SPILE_ROW(number, name)                                                                            \
  static_assert(number == k_##name);                                                                       \
  uint64_t spile_hot_##name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env, \
                            vm::HelperFn) {                                                                \
    return name(r1, r2, r3, r4, r5, env);                                                                  \
  }
SPILE_HOT_PLAIN(SPILE_ROW)
#undef SPILE_ROW

uint64_t spile_hot_ringbuf_reserve(uint64_t map, uint64_t size, uint64_t flags, uint64_t, uint64_t, vm::Env *env,
                                   vm::HelperFn helper) {
  std::byte *const record = flags == 0 ? static_cast<maps::RingMap &>(map_at(map)).reserve_at_once(size) : nullptr;
  return record != nullptr ? reinterpret_cast<uint64_t>(record) : helper(map, size, flags, 0, 0, env);
}
uint64_t spile_hot_ringbuf_submit(uint64_t record, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *, vm::HelperFn) {
  maps::RingMap::commit(bytes_at(record), false);
  return 0;
}
uint64_t spile_hot_ringbuf_discard(uint64_t record, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *, vm::HelperFn) {
  maps::RingMap::commit(bytes_at(record), true);
  return 0;
}

#define SPILE_ROW(key_bytes)                                                                                \
  uint64_t spile_hot_lookup_##key_bytes(uint64_t buckets, uint64_t key, uint64_t slab, uint64_t sizes,      \
                                        uint64_t stride, vm::Env *, vm::HelperFn) {                         \
    using Hash = maps::HashMap<key_bytes>;                                                                  \
    const Hash::Table table{bytes_at(buckets), bytes_at(slab), 0, 0, static_cast<uint32_t>(sizes), stride}; \
    return reinterpret_cast<uint64_t>(Hash::look_up(table, bytes_at(key), sizes >> 32));                    \
  }
SPILE_HOT_LOOKUPS(SPILE_ROW)
#undef SPILE_ROW

#define SPILE_ROW(key_bytes)                                                                                       \
  uint64_t spile_hot_lookup_lru_##key_bytes(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t, vm::Env *,   \
                                            vm::HelperFn) {                                                        \
    return reinterpret_cast<uint64_t>(static_cast<maps::HashMap<key_bytes> &>(map_at(map)).lookup(bytes_at(key))); \
  }
SPILE_HOT_LOOKUPS(SPILE_ROW)
#undef SPILE_ROW

#define SPILE_ROW(key_bytes)                                                                                           \
  uint64_t spile_hot_lookup_percpu_##key_bytes(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t, vm::Env *env, \
                                               vm::HelperFn) {                                                         \
    auto &all = static_cast<maps::PerCpuMap &>(map_at(map));                                                           \
    std::byte *const values = static_cast<maps::HashMap<key_bytes> &>(all.inner()).lookup(bytes_at(key));              \
    return values == nullptr ? 0 : reinterpret_cast<uint64_t>(all.part_of(values, cpu_of(env)));                       \
  }
SPILE_HOT_LOOKUPS(SPILE_ROW)
#undef SPILE_ROW
uint64_t spile_hot_lookup_percpu_array(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t, vm::Env *env,
                                       vm::HelperFn) {
  auto &all = static_cast<maps::PerCpuMap &>(map_at(map));
  std::byte *const values = static_cast<maps::ArrayMap &>(all.inner()).lookup(bytes_at(key));
  return values == nullptr ? 0 : reinterpret_cast<uint64_t>(all.part_of(values, cpu_of(env)));
}

}  // extern "C"
}  // namespace spile::helpers
