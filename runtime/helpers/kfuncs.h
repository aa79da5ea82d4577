// Functions of the kernel (kfuncs.def) that the engines have: called as helpers are, known by their names.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/vm/env.h"

// One row each. Kfuncs whose prototype has more than five arguments do not exist.
#define SPILE_KFUNCS_HERE(row)                                                                                        \
  row(bpf_arena_alloc_pages) row(bpf_arena_free_pages) row(bpf_copy_from_user_str) row(bpf_cpumask_acquire)           \
      row(bpf_cpumask_and) row(bpf_cpumask_clear) row(bpf_cpumask_clear_cpu) row(bpf_cpumask_copy)                    \
          row(bpf_cpumask_create) row(bpf_cpumask_empty) row(bpf_cpumask_equal) row(bpf_cpumask_first)                \
              row(bpf_cpumask_first_zero) row(bpf_cpumask_full) row(bpf_cpumask_intersects) row(bpf_cpumask_or)       \
                  row(bpf_cpumask_release) row(bpf_cpumask_set_cpu) row(bpf_cpumask_setall) row(bpf_cpumask_subset)   \
                      row(bpf_cpumask_test_and_clear_cpu) row(bpf_cpumask_test_and_set_cpu) row(bpf_cpumask_test_cpu) \
                          row(bpf_cpumask_weight) row(bpf_cpumask_xor) row(bpf_dynptr_adjust) row(bpf_dynptr_clone)   \
                              row(bpf_dynptr_copy) row(bpf_dynptr_from_skb) row(bpf_dynptr_from_xdp)                  \
                                  row(bpf_dynptr_is_null) row(bpf_dynptr_is_rdonly) row(bpf_dynptr_memset)            \
                                      row(bpf_dynptr_size) row(bpf_dynptr_slice) row(bpf_dynptr_slice_rdwr)           \
                                          row(bpf_iter_num_destroy) row(bpf_iter_num_new) row(bpf_iter_num_next)      \
                                              row(bpf_local_irq_restore) row(bpf_local_irq_save)                      \
                                                  row(bpf_map_sum_elem_count) row(bpf_preempt_disable)                \
                                                      row(bpf_preempt_enable) row(bpf_rcu_read_lock)                  \
                                                          row(bpf_rcu_read_unlock)

namespace spile::helpers::kfuncs {

#define SPILE_ROW(name) uint64_t name(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env);
SPILE_KFUNCS_HERE(SPILE_ROW)
#undef SPILE_ROW

}  // namespace spile::helpers::kfuncs
