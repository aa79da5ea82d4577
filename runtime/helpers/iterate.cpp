// Helpers that call back into the program: for_each_map_elem.
#include <cerrno>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

// Calls callback(map, key, value, callback_ctx) for each element until it returns something other than 0. Returns the
// number of calls.
uint64_t for_each_map_elem(uint64_t map, uint64_t callback, uint64_t callback_ctx, uint64_t flags, uint64_t,
                           vm::Env *env) {
  if (flags != 0) return returned(env, k_for_each_map_elem, -EINVAL);
  const auto visit = [&](const std::byte *key, std::byte *value) {
    return env->call_back(env, callback, map, reinterpret_cast<uint64_t>(key), reinterpret_cast<uint64_t>(value),
                          callback_ctx, 0) != 0;
  };
  return map_at(map).for_each_on(visit, cpu_of(env));
}

}  // namespace spile::helpers
