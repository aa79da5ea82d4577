// Kernel functions that need no file of their own: numeric iterators, critical sections, CPU masks, arenas.
#include "runtime/helpers/kfuncs.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/read.h"
#include "runtime/maps/arena_map.h"

namespace spile::helpers::kfuncs {

namespace {

constexpr int64_t kMaxLoops = 8 * 1024 * 1024;  // BPF_MAX_LOOPS

// struct bpf_iter_num: the last number that was given, and the end.
struct Numbers {
  int32_t current, end;
};
Numbers &numbers_at(uint64_t address) { return *reinterpret_cast<Numbers *>(bytes_at(address)); }

// struct bpf_cpumask as these functions have it: as many bits as CPUs, at most 64 of them, and references.
struct CpuMask {
  uint64_t bits;
  uint64_t references;
};
CpuMask &mask_at(uint64_t address) { return *reinterpret_cast<CpuMask *>(bytes_at(address)); }
uint64_t all_cpus() { return maps::possible_cpus() >= 64 ? UINT64_MAX : (uint64_t{1} << maps::possible_cpus()) - 1; }
uint64_t bit_of(uint64_t cpu) {
  const uint32_t number = static_cast<uint32_t>(cpu);
  return number < maps::possible_cpus() && number < 64 ? uint64_t{1} << number : 0;
}
std::atomic_ref<uint64_t> bits_at(uint64_t mask) { return std::atomic_ref(mask_at(mask).bits); }

}  // namespace

#define SPILE_KFUNC(name)                                                                                 \
  uint64_t name([[maybe_unused]] uint64_t r1, [[maybe_unused]] uint64_t r2, [[maybe_unused]] uint64_t r3, \
                [[maybe_unused]] uint64_t r4, [[maybe_unused]] uint64_t r5, [[maybe_unused]] vm::Env *env)

SPILE_KFUNC(bpf_iter_num_new) {
  Numbers &numbers = numbers_at(r1);
  const auto start = static_cast<int32_t>(r2), end = static_cast<int32_t>(r3);
  numbers = {0, 0};
  if (start > end) return static_cast<uint64_t>(-EINVAL);
  if (int64_t{end} - start > kMaxLoops) return static_cast<uint64_t>(-E2BIG);
  // Unsigned: the one before the least number wraps, as in the kernel.
  numbers = {static_cast<int32_t>(static_cast<uint32_t>(start) - 1), end};
  return 0;
}
SPILE_KFUNC(bpf_iter_num_next) {
  Numbers &numbers = numbers_at(r1);
  const auto next = static_cast<int32_t>(static_cast<uint32_t>(numbers.current) + 1);
  if (next >= numbers.end) {
    numbers = {0, 0};
    return 0;
  }
  numbers.current = next;
  return r1;
}
SPILE_KFUNC(bpf_iter_num_destroy) {
  numbers_at(r1) = {0, 0};
  return 0;
}

// A program is never interrupted here, and what it reads lives as long as its maps.
SPILE_KFUNC(bpf_rcu_read_lock) { return 0; }
SPILE_KFUNC(bpf_rcu_read_unlock) { return 0; }
SPILE_KFUNC(bpf_preempt_disable) { return 0; }
SPILE_KFUNC(bpf_preempt_enable) { return 0; }
SPILE_KFUNC(bpf_local_irq_save) { return 0; }
SPILE_KFUNC(bpf_local_irq_restore) { return 0; }

SPILE_KFUNC(bpf_map_sum_elem_count) { return map_at(r1).size(); }

SPILE_KFUNC(bpf_copy_from_user_str) {
  constexpr uint64_t kPadZeros = 1;  // BPF_F_PAD_ZEROS
  const std::span<std::byte> to = buffer_at(r1, r2);
  if ((r4 & ~kPadZeros) != 0) return static_cast<uint64_t>(-EINVAL);
  if (to.empty()) return 0;
  const int64_t length = read_string(env, Space::Task, r3, to);
  if (length < 0) std::ranges::fill(to, std::byte{0});
  if (length >= 0 && (r4 & kPadZeros) != 0) std::ranges::fill(to.subspan(static_cast<size_t>(length)), std::byte{0});
  return static_cast<uint64_t>(length);
}

// ---- CPU masks

SPILE_KFUNC(bpf_cpumask_create) { return reinterpret_cast<uint64_t>(new CpuMask{0, 1}); }
SPILE_KFUNC(bpf_cpumask_acquire) {
  std::atomic_ref(mask_at(r1).references).fetch_add(1);
  return r1;
}
SPILE_KFUNC(bpf_cpumask_release) {
  if (std::atomic_ref(mask_at(r1).references).fetch_sub(1) == 1) delete &mask_at(r1);
  return 0;
}
SPILE_KFUNC(bpf_cpumask_first) {
  const uint64_t bits = mask_at(r1).bits;
  return bits == 0 ? maps::possible_cpus() : static_cast<uint64_t>(std::countr_zero(bits));
}
SPILE_KFUNC(bpf_cpumask_first_zero) {
  const uint64_t clear = ~mask_at(r1).bits & all_cpus();
  return clear == 0 ? maps::possible_cpus() : static_cast<uint64_t>(std::countr_zero(clear));
}
SPILE_KFUNC(bpf_cpumask_set_cpu) {
  bits_at(r2).fetch_or(bit_of(r1));
  return 0;
}
SPILE_KFUNC(bpf_cpumask_clear_cpu) {
  bits_at(r2).fetch_and(~bit_of(r1));
  return 0;
}
SPILE_KFUNC(bpf_cpumask_test_cpu) { return (mask_at(r2).bits & bit_of(r1)) != 0; }
SPILE_KFUNC(bpf_cpumask_test_and_set_cpu) { return (bits_at(r2).fetch_or(bit_of(r1)) & bit_of(r1)) != 0; }
SPILE_KFUNC(bpf_cpumask_test_and_clear_cpu) { return (bits_at(r2).fetch_and(~bit_of(r1)) & bit_of(r1)) != 0; }
SPILE_KFUNC(bpf_cpumask_setall) {
  mask_at(r1).bits = all_cpus();
  return 0;
}
SPILE_KFUNC(bpf_cpumask_clear) {
  mask_at(r1).bits = 0;
  return 0;
}
SPILE_KFUNC(bpf_cpumask_and) { return (mask_at(r1).bits = mask_at(r2).bits & mask_at(r3).bits) != 0; }
SPILE_KFUNC(bpf_cpumask_or) {
  mask_at(r1).bits = mask_at(r2).bits | mask_at(r3).bits;
  return 0;
}
SPILE_KFUNC(bpf_cpumask_xor) {
  mask_at(r1).bits = mask_at(r2).bits ^ mask_at(r3).bits;
  return 0;
}
SPILE_KFUNC(bpf_cpumask_equal) { return mask_at(r1).bits == mask_at(r2).bits; }
SPILE_KFUNC(bpf_cpumask_intersects) { return (mask_at(r1).bits & mask_at(r2).bits) != 0; }
SPILE_KFUNC(bpf_cpumask_subset) { return (mask_at(r1).bits & ~mask_at(r2).bits) == 0; }
SPILE_KFUNC(bpf_cpumask_empty) { return mask_at(r1).bits == 0; }
SPILE_KFUNC(bpf_cpumask_full) { return mask_at(r1).bits == all_cpus(); }
SPILE_KFUNC(bpf_cpumask_copy) {
  mask_at(r1).bits = mask_at(r2).bits;
  return 0;
}
SPILE_KFUNC(bpf_cpumask_weight) { return static_cast<uint64_t>(std::popcount(mask_at(r1).bits)); }

// ---- Arenas

SPILE_KFUNC(bpf_arena_alloc_pages) {
  return static_cast<maps::ArenaMap &>(map_at(r1)).allocate(r2, static_cast<uint32_t>(r3));
}
SPILE_KFUNC(bpf_arena_free_pages) {
  static_cast<maps::ArenaMap &>(map_at(r1)).free(r2, static_cast<uint32_t>(r3));
  return 0;
}

}  // namespace spile::helpers::kfuncs
