// Locks and sections: what a path may not leave open, what it may not do meanwhile.
//
// Spin locks (helpers), resilient spin locks and saved interrupt flags (kfuncs) are entries of State::references, in
// the order in which they were taken; a flag also marks the stack slot that it was saved to.
#pragma once

#include <optional>

#include "verifier/domain/state.h"
#include "verifier/env.h"
#include "verifier/failure.h"
#include "verifier/kfunc.h"

namespace spile::verifier {

// The lock that a pointer is the address of, to a function that takes or releases it.
struct LockUse {
  Reference::Kind kind = Reference::Lock;
  bool takes = false;
};
LockUse lock_use(Special kfunc);

// process_spin_lock(): [reg] points at a lock of the kind, which may be taken or released here.
std::optional<Failure> check_lock(const Env &env, const State &state, uint32_t insn, unsigned reg, LockUse use);
// process_irq_flag(): [reg] is the address of a slot to save flags in, or of one that holds the youngest ones.
std::optional<Failure> check_irq_flags(const State &state, uint32_t insn, unsigned reg, Special kfunc);

// The special field of one of these kinds that a pointer with a constant offset points at.
const SpecialField *field_at(const Env &env, const RegState &pointer, std::initializer_list<FieldKind> kinds);

void use_lock(State &state, unsigned reg, LockUse use, uint32_t insn);
void save_irq_flags(State &state, const RegState &slot, Special kfunc, uint32_t insn);
void restore_irq_flags(State &state, const RegState &slot);

// The section that forbids to sleep: "rcu_read_lock", "non-preemptible", "IRQ-disabled"; null outside of all.
struct Section {
  const char *kernel, *begun_by;
};
const Section *section_of(const State &state);

// Whether code may sleep here: callbacks that run later have their own rule.
bool may_sleep(const Env &env, const State &state);
// Objects that RCU keeps alive are: programs that may not sleep are one such section.
inline bool in_rcu_section(const Env &env, const State &state) { return state.rcu_depth > 0 || !may_sleep(env, state); }

}  // namespace spile::verifier
