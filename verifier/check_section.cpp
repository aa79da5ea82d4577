// What may be called where: while a lock is held, in sections that must not sleep; and rules of single helpers.
#include <fmt/format.h>

#include "verifier/check.h"
#include "verifier/graph.h"
#include "verifier/locks.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;

Failure rule(uint32_t insn, std::string kernel, std::string words, Cause cause = Cause::LockRule) {
  return {.cause = cause, .insn = insn, .kernel = std::move(kernel), .detail = std::move(words)};
}

}  // namespace

Outcome check_leaks(const State &state, uint32_t insn, const char *what) {
  const Frame &frame = state.top();
  const bool whole_program = state.depth() == 0;
  if (whole_program && state.lock() != nullptr)
    return rule(insn, fmt::format("{} cannot be used inside bpf_spin_lock-ed region", what),
                "the program ends while it holds a lock");
  if (const Section *section = section_of(state); whole_program && section != nullptr)
    return rule(insn, fmt::format("{} cannot be used inside {}-ed region", what, section->begun_by),
                fmt::format("the program ends inside a section that `{}()` began", section->begun_by));
  if (!whole_program && !frame.in_callback) return {};
  for (const Reference &r : state.references) {
    if (r.kind != Reference::Pointer) continue;
    // A callback gives back what it acquired itself.
    if (!whole_program && r.frame != state.depth()) continue;
    Failure f{.cause = Cause::ReferenceLeak,
              .insn = insn,
              .kernel = fmt::format("Unreleased reference id={} alloc_insn={}; {} would lead to reference leak", r.id,
                                    r.insn, what)};
    f.state = RegState::pointer(RegType::Mem, r.insn);
    f.state.ref_id = r.id;
    return f;
  }
  return {};
}

Outcome check_section(const Env &env, const State &state, uint32_t insn) {
  const tables::Helper &helper = *helper_of(env.insn(insn));
  const auto sleeps = [&](std::string kernel, std::string why) {
    Failure f = rule(insn, std::move(kernel), std::move(why), Cause::HelperSleeps);
    f.helper = helper.number;
    return f;
  };
  if ((helper.number == BPF_FUNC_spin_lock || helper.number == BPF_FUNC_spin_unlock) && in_comparison(env, state))
    return rule(insn, "can't spin_{lock,unlock} in rbtree cb",
                "a lock is taken or released in the function that compares elements of a tree");
  if (state.lock() != nullptr && helper.number != BPF_FUNC_spin_unlock && helper.number != BPF_FUNC_spin_lock)
    return rule(insn, "function calls are not allowed while holding a lock",
                fmt::format("`bpf_{}` is called while a lock is held", helper.name));
  if ((helper.flags & tables::kSleeps) == 0) return {};
  if (!may_sleep(env, state)) return sleeps("helper call might sleep in a non-sleepable prog", "this program must not");
  if (const Section *section = section_of(state))
    return sleeps(fmt::format("sleepable helper bpf_{}#{} in {} region", helper.name, helper.number, section->kernel),
                  fmt::format("a section that `{}()` began must not", section->begun_by));
  return {};
}

Outcome check_function_in_section(const Env &env, const State &state, uint32_t insn) {
  const uint32_t callee = env.structure.subprogram_at(insn + 1 + static_cast<uint32_t>(env.insn(insn).imm));
  const Subprogram &sub = env.structure.subprograms[callee];
  if (!sub.is_global) return {};
  if (state.lock() != nullptr)
    return rule(insn, "global function calls are not allowed while holding a lock, use static function instead",
                "a global function is called while a lock is held: make it `static`");
  if (sub.may_sleep && (section_of(state) != nullptr || !may_sleep(env, state)))
    return rule(insn,
                fmt::format("global functions that may sleep are not allowed in non-sleepable context, i.e., in a "
                            "RCU/IRQ/preempt-disabled section, or in a non-sleepable BPF program context"),
                "a global function that may sleep is called where that is not allowed");
  return {};
}

Outcome check_helper_rules(const Env &env, const State &state, uint32_t insn) {
  const tables::Helper &helper = *helper_of(env.insn(insn));
  switch (helper.number) {
    case BPF_FUNC_tail_call:
      if (state.lock() != nullptr)
        return rule(insn, "tail_call cannot be used inside bpf_spin_lock-ed region",
                    "a tail call is made while a lock is held");
      for (const Reference &r : state.references) {
        if (r.kind != Reference::Pointer) continue;
        Failure f{
            .cause = Cause::ReferenceLeak,
            .insn = insn,
            .kernel = fmt::format("Unreleased reference id={} alloc_insn={}; tail_call would lead to reference leak",
                                  r.id, r.insn)};
        f.state = RegState::pointer(RegType::Mem, r.insn);
        f.state.ref_id = r.id;
        return f;
      }
      if (const Section *section = section_of(state))
        return rule(insn, fmt::format("tail_call cannot be used inside {}-ed region", section->begun_by),
                    fmt::format("a tail call is made inside a section that `{}()` began", section->begun_by));
      if (const Frame &frame = state.top(); state.depth() > 0 && frame.in_callback)
        return rule(insn,
                    fmt::format("At callback return the register R0 has unknown scalar value should have been in "
                                "[{}, {}]",
                                frame.callback_min, frame.callback_max),
                    "a tail call is made in a callback, which must end with a number that is known");
      return {};
    case BPF_FUNC_get_local_storage:
      if (state.reg(2).is_null() || state.reg(2).type == RegType::Poisoned) return {};
      return Failure{.cause = Cause::ArgumentNotConstant,
                     .insn = insn,
                     .kernel = "get_local_storage() doesn't support non-zero flags",
                     .reg = 2,
                     .state = state.reg(2),
                     .arg = 2,
                     .helper = helper.number};
    case BPF_FUNC_dynptr_from_mem:
      if (state.reg(1).type == RegType::MapValue || state.reg(1).type == RegType::Poisoned) return {};
      return Failure{
          .cause = Cause::ArgumentType,
          .insn = insn,
          .kernel = fmt::format("Unsupported reg type {} for bpf_dynptr_from_mem data", type_name(state.reg(1))),
          .reg = 1,
          .state = state.reg(1),
          .arg = 1,
          .helper = helper.number,
          .detail = "in a map's value"};
    case BPF_FUNC_timer_init: {
      const RegState &timer = state.reg(1), &map = state.reg(2);
      if (timer.type != RegType::MapValue || map.type != RegType::MapPtr) return {};
      if (timer.target == map.target && timer.map_uid == map.map_uid) return {};
      return rule(insn,
                  fmt::format("timer pointer in R1 map_uid={} doesn't match map pointer in R2 map_uid={}",
                              timer.map_uid, map.map_uid),
                  "the timer lies in a value of another map than the one that is given");
    }
    default:
      return {};
  }
}

}  // namespace spile::verifier
