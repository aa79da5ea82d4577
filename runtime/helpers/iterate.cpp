// Helpers that run other code of the program: callbacks for elements and loops, tail calls.
#include <algorithm>
#include <cerrno>
#include <tuple>
#include <vector>

#include "runtime/helpers/helpers.h"
#include "runtime/vm/engine.h"

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

// The key behind *[key], in its place; the first one of all with [is_first]. -ENOENT behind the last.
uint64_t spile_next_key(uint64_t map, uint64_t key, uint64_t size, uint64_t is_first, uint64_t, vm::Env *env) {
  maps::Map &walked = map_at(map);
  if (size != walked.definition().key_size) return returned(env, k_spile_next_key, -EINVAL);
  std::vector<std::byte> next(size);
  std::byte *const place = bytes_at(key);
  const int64_t result = walked.next_key(static_cast<uint32_t>(is_first) != 0 ? nullptr : place, next.data());
  if (result == 0) std::ranges::copy(next, place);
  // Behind the last key nothing has failed.
  return result == -ENOENT ? static_cast<uint64_t>(result) : returned(env, k_spile_next_key, result);
}

// Calls callback(i, callback_ctx) for i = 0 … until it returns something other than 0. The number of calls.
uint64_t loop(uint64_t count, uint64_t callback, uint64_t callback_ctx, uint64_t flags, uint64_t, vm::Env *env) {
  constexpr uint32_t kMost = 8 * 1024 * 1024;  // BPF_MAX_LOOPS
  const uint32_t most = static_cast<uint32_t>(count);
  if (flags != 0) return returned(env, k_loop, -EINVAL);
  // The kernel's verifier puts a comparison in place of the call, and that gives 32 bits.
  if (most > kMost) return static_cast<uint32_t>(returned(env, k_loop, -E2BIG));
  for (uint32_t i = 0; i < most; i++)
    if (env->call_back(env, callback, i, callback_ctx, 0, 0, 0) != 0) return i + 1;
  return most;
}

// The other program runs in the place of the frame that calls: it runs here, and Env::tail_called tells the engine to
// leave that frame with its result. Without such a program, or behind the 33rd call, the program goes on.
uint64_t tail_call(uint64_t ctx, uint64_t map, uint64_t index, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint32_t kMost = 33;  // MAX_TAIL_CALL_CNT
  const uint32_t slot = static_cast<uint32_t>(index);
  const std::byte *entry = map_at(map).lookup(reinterpret_cast<const std::byte *>(&slot));
  if (entry == nullptr || env->tail_calls >= kMost) return returned(env, k_tail_call, -ENOENT);
  env->tail_calls++;
  const auto *program = reinterpret_cast<const vm::Loaded *>(entry);
  const size_t ctx_size = env->event == nullptr ? 0 : env->event->ctx.size();
  const auto outer = std::tuple(env->running, env->call_back, env->engine_state);
  const uint64_t result = program->run(bytes_at(ctx), ctx_size, *env);
  std::tie(env->running, env->call_back, env->engine_state) = outer;
  env->tail_called = true;
  return result;
}

}  // namespace spile::helpers
