// Helpers of maps: lookup, update, delete.
#include "runtime/helpers/helpers.h"

namespace spile::helpers {

uint64_t map_lookup_elem(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return reinterpret_cast<uint64_t>(map_at(map).lookup_on(bytes_at(key), cpu_of(env)));
}

uint64_t map_update_elem(uint64_t map, uint64_t key, uint64_t value, uint64_t flags, uint64_t, vm::Env *env) {
  return returned(env, k_map_update_elem, map_at(map).update_on(bytes_at(key), bytes_at(value), flags, cpu_of(env)));
}

uint64_t map_delete_elem(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_map_delete_elem, map_at(map).erase(bytes_at(key)));
}

}  // namespace spile::helpers
