#include "verifier/locks.h"

#include <fmt/format.h>

#include <algorithm>

#include "verifier/dynptr.h"
#include "verifier/graph.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;

uint32_t map_of(const RegState &lock) { return lock.type == RegType::MapValue ? lock.target : 0; }

// Where in its frame a pointer into the stack names a slot.
std::optional<int64_t> flags_place(const RegState &pointer) {
  if (pointer.type != RegType::Stack || !pointer.value.is_const()) return {};
  const int64_t off = pointer.constant_offset();
  if (off % kSlotBytes != 0 || off >= 0 || off < -int64_t{kMaxStack}) return {};
  return off;
}

// Flags that a lock saved are restored by the lock's release only.
bool saved_by_lock(Special kfunc) { return kfunc == Special::ResLockIrqSave || kfunc == Special::ResUnlockIrqRestore; }

}  // namespace

LockUse lock_use(Special kfunc) {
  const bool irq = saved_by_lock(kfunc);
  return {.kind = irq ? Reference::ResLockIrq : Reference::ResLock, .takes = takes_res_lock(kfunc)};
}

const SpecialField *field_at(const Env &env, const RegState &pointer, std::initializer_list<FieldKind> kinds) {
  if (!pointer.value.is_const()) return nullptr;
  const int64_t at = pointer.constant_offset();
  for (const SpecialField &f : env.fields_behind(pointer))
    if (f.offset == at && std::ranges::find(kinds, f.kind) != kinds.end()) return &f;
  return nullptr;
}

Outcome check_lock(const Env &env, const State &state, uint32_t insn, unsigned reg, LockUse use) {
  const RegState &lock = state.reg(reg);
  const bool resilient = use.kind != Reference::Lock, owned = lock.type == RegType::BtfObject;
  const char *name = resilient ? "bpf_res_spin" : "bpf_spin";
  const auto rule = [&](std::string kernel, std::string words) {
    return Failure{.cause = Cause::LockRule,
                   .insn = insn,
                   .kernel = std::move(kernel),
                   .reg = static_cast<int>(reg),
                   .state = lock,
                   .detail = std::move(words)};
  };
  if (!lock.value.is_const())
    return rule(fmt::format("R{} doesn't have constant offset. {}_lock has to be at the constant offset", reg, name),
                "the lock must be at a constant place");
  if (field_at(env, lock, {resilient ? FieldKind::ResSpinLock : FieldKind::SpinLock}) == nullptr)
    return rule(owned ? fmt::format("local object has no valid {}_lock", name)
                      : fmt::format("map '{}' has no valid {}_lock", env.map(lock.target).name, name),
                fmt::format("there is no `{}_lock` at this place", name));
  const Reference *active = state.lock();
  if (use.takes) {
    if (!resilient && state.has_lock(Reference::Lock))
      return rule("Locking two bpf_spin_locks are not allowed", "a second lock is taken while one is held");
    if (resilient && (state.find_lock(Reference::ResLock, lock.id, map_of(lock)) != nullptr ||
                      state.find_lock(Reference::ResLockIrq, lock.id, map_of(lock)) != nullptr))
      return rule("Acquiring the same lock again, AA deadlock detected",
                  "a lock is taken that this program holds already");
    return {};
  }
  if (active == nullptr) return rule(fmt::format("{}_unlock without taking a lock", name), "no lock is held here");
  if (state.find_lock(use.kind, lock.id, map_of(lock)) == nullptr)
    return rule(fmt::format("{}_unlock of different lock", name),
                "another lock is held here than the one that is released");
  if (active->id != lock.id || active->map != map_of(lock))
    return rule(fmt::format("{}_unlock cannot be out of order", name),
                "a lock is released before one that was taken after it");
  return {};
}

Outcome check_irq_flags(const State &state, uint32_t insn, unsigned reg, Special kfunc) {
  const RegState &place = state.reg(reg);
  const auto rule = [&](std::string kernel, std::string words) {
    return Failure{.cause = Cause::LockRule,
                   .insn = insn,
                   .kernel = std::move(kernel),
                   .reg = static_cast<int>(reg),
                   .state = place,
                   .detail = std::move(words)};
  };
  if (place.type != RegType::Stack)
    return rule(fmt::format("arg#{} doesn't point to an irq flag on stack", reg - 1),
                "interrupt flags are saved in a local variable");
  const std::optional<int64_t> off = flags_place(place);
  const Stack &stack = state.frames[place.frame].stack;
  const bool is_saved = off && stack.kind(*off) == ByteKind::IrqFlags;
  if (begins_irq_section(kfunc)) {
    if (off && !is_saved) return {};
    return rule(fmt::format("expected uninitialized irq flag as arg#{}", reg - 1),
                "the variable holds flags that are not restored yet");
  }
  if (!is_saved)
    return rule(fmt::format("expected an initialized irq flag as arg#{}", reg - 1),
                "the variable holds no interrupt flags that were saved");
  const RegState &saved = stack.slots[slot_of(*off)].spilled;
  const bool by_lock = saved.target != 0;
  if (by_lock != saved_by_lock(kfunc))
    return rule(fmt::format("irq flag acquired by {} kfuncs cannot be restored with {} kfuncs",
                            by_lock ? "lock" : "native", by_lock ? "native" : "lock"),
                "flags that a lock saved are restored by its release, those of `bpf_local_irq_save()` by "
                "`bpf_local_irq_restore()`");
  const Reference *youngest = state.irq_section();
  if (youngest != nullptr && youngest->id == saved.ref_id) return {};
  return rule(fmt::format("cannot restore irq state out of order, expected id={} acquired at insn_idx={}",
                          youngest != nullptr ? youngest->id : 0, youngest != nullptr ? youngest->insn : 0),
              "interrupt flags are restored before those that were saved after them");
}

void use_lock(State &state, unsigned reg, LockUse use, uint32_t insn) {
  const RegState lock = state.reg(reg);
  if (use.takes) {
    state.references.push_back({.kind = use.kind, .id = lock.id, .map = map_of(lock), .insn = insn});
    return;
  }
  std::erase_if(state.references,
                [&](const Reference &r) { return r.kind == use.kind && r.id == lock.id && r.map == map_of(lock); });
  forget_elements(state);
}

void save_irq_flags(State &state, const RegState &pointer, Special kfunc, uint32_t insn) {
  const std::optional<int64_t> off = flags_place(pointer);
  if (!off) return;
  destroy_objects(state, pointer.frame, *off, *off + kSlotBytes);
  Stack &stack = state.frames[pointer.frame].stack;
  stack.grow(*off);
  StackSlot &slot = stack.slots[slot_of(*off)];
  slot.bytes.fill(ByteKind::IrqFlags);
  slot.spilled = {};
  slot.spilled.target = saved_by_lock(kfunc) ? 1 : 0;
  slot.spilled.ref_id = state.new_id();
  state.references.push_back({.kind = Reference::IrqFlags, .id = slot.spilled.ref_id, .insn = insn});
}

void restore_irq_flags(State &state, const RegState &pointer) {
  const std::optional<int64_t> off = flags_place(pointer);
  Stack &stack = state.frames[pointer.frame].stack;
  if (!off || stack.kind(*off) != ByteKind::IrqFlags) return;
  StackSlot &slot = stack.slots[slot_of(*off)];
  std::erase_if(state.references,
                [&](const Reference &r) { return r.kind == Reference::IrqFlags && r.id == slot.spilled.ref_id; });
  slot = {};
}

const Section *section_of(const State &state) {
  static constexpr Section kRcu{"rcu_read_lock", "bpf_rcu_read_lock"},
      kPreempt{"non-preemptible", "bpf_preempt_disable"}, kIrq{"IRQ-disabled", "bpf_local_irq_save"};
  if (state.rcu_depth > 0) return &kRcu;
  if (state.preempt_depth > 0) return &kPreempt;
  return state.irq_section() != nullptr ? &kIrq : nullptr;
}

bool may_sleep(const Env &env, const State &state) {
  const Frame &outermost = state.frames.front();
  return outermost.is_async ? outermost.may_sleep : env.is_sleepable();
}

}  // namespace spile::verifier
