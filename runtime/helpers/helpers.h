// The functions behind helpers.def: one for every row that the engines can run, named as the row.
//
// Each takes r1..r5 and the environment, and returns r0. What the verifier promises about an argument (helpers.def) is
// not checked again here: a map is a map, a buffer has the size that stands beside it.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/helpers/plain.h"
#include "runtime/vm/env.h"

namespace spile::helpers {

#define SPILE_KERNEL_HELPER(...)
#define SPILE_HELPER(number, name, ...) \
  uint64_t name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env);
#include "lang-spec/tables/helpers.def"

// The helper's number, for Env::count_failure.
#define SPILE_KERNEL_HELPER(...)
#define SPILE_HELPER(number, name, ...) inline constexpr uint32_t k_##name = number;
#include "lang-spec/tables/helpers.def"

// Registers hold addresses as integers: this is where they become pointers.
inline std::byte *bytes_at(uint64_t address) { return reinterpret_cast<std::byte *>(address); }
inline maps::Map &map_at(uint64_t address) { return *reinterpret_cast<maps::Map *>(bytes_at(address)); }
inline uint32_t cpu_of(const vm::Env *env) { return env->event == nullptr ? 0 : env->event->cpu; }
// A helper's u32 size argument: the upper half of the register does not count.
inline std::span<std::byte> buffer_at(uint64_t pointer, uint64_t size) {
  return {bytes_at(pointer), static_cast<uint32_t>(size)};
}

// r0 for a result that may be an error, which is counted.
inline uint64_t returned(vm::Env *env, uint32_t helper, int64_t result) {
  if (result < 0) env->count_failure(helper, result);
  return static_cast<uint64_t>(result);
}

}  // namespace spile::helpers
