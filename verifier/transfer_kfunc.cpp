// Calls of kernel functions, open-coded iterators, may_goto: what they do to the state.
#include <algorithm>
#include <optional>

#include "verifier/domain/pointer.h"
#include "verifier/dynptr.h"
#include "verifier/graph.h"
#include "verifier/locks.h"
#include "verifier/objects.h"
#include "verifier/transfer.h"

namespace spile::verifier {
namespace {

using object::BtfId;
using object::BtfKind;

BtfId struct_behind(const object::Btf &btf, BtfId pointer) { return btf.resolve(btf.type(btf.resolve(pointer)).type); }

// A type of the program, named by a constant argument.
TypeRef type_argument(const State &state, unsigned reg) {
  return {false, BtfId{static_cast<uint32_t>(state.reg(reg).value.const_value())}};
}

RegState memory_result(uint32_t size, uint16_t flags, uint32_t index) {
  RegState r = RegState::pointer(RegType::Mem, index);
  r.mem_size = size;
  r.flags = flags;
  return r;
}

// What the memory that a function gives belongs to: it is lost with that.
uint32_t owner_of_result(const State &state, const Kfunc &kfunc) {
  if (kfunc.is_iterator_function()) {
    const RegState *iterator = iterator_behind(state, state.reg(1));
    return iterator != nullptr ? iterator->ref_id : 0;
  }
  uint32_t owner = 0;
  for (unsigned i = 0; i < kfunc.parameters.size() && i < 5; i++)
    if (state.reg(i + 1).ref_id != 0) owner = state.reg(i + 1).ref_id;
  return owner;
}

// Bytes that are no struct: as many as an argument says, or as the type has.
RegState plain_memory(const State &state, const Kfunc &kfunc, BtfId target, uint32_t index) {
  std::optional<RegState> r;
  for (unsigned i = 0; i < kfunc.parameters.size() && i < 5 && !r; i++) {
    const std::string &name = kfunc.parameters[i].name;
    if (name == "rdonly_buf_size" || name == "rdwr_buf_size")
      r = memory_result(static_cast<uint32_t>(state.reg(i + 1).value.const_value()),
                        name == "rdonly_buf_size" ? kReadOnly : 0, index);
  }
  if (!r && kfunc.btf->type(target).kind == BtfKind::Void) return RegState::unknown(index);
  if (!r)
    r = memory_result(static_cast<uint32_t>(kfunc.btf->size_of(target)),
                      kfunc.has(tables::kWritableResult) ? 0 : kReadOnly, index);
  r->ref_id = owner_of_result(state, kfunc);
  return *r;
}

RegState pointer_result(const Env &env, State &state, const Kfunc &kfunc, uint32_t index) {
  const object::Btf &btf = *kfunc.btf;
  const BtfId target = struct_behind(btf, kfunc.result);
  const BtfKind kind = btf.type(target).kind;
  switch (kfunc.special) {
    case Special::ObjectNew: {
      RegState r = object_pointer(type_argument(state, 1), kOwned, index);
      if (kfunc.has(tables::kPerCpuObject)) r.flags |= kPerCpu;
      return with_lock(env, r);
    }
    case Special::RefcountAcquire:
      return with_lock(env, object_pointer(type_of(state.reg(1)), kOwned, index));
    case Special::ListPop:
    case Special::TreeRemove:
      return element_of(env, state.reg(1), true, index);
    case Special::ListPeek:
    case Special::TreePeek:
      return element_of(env, state.reg(1), false, index);
    case Special::CastToKernelContext: {
      static constexpr std::pair<std::string_view, std::string_view> kKernelContexts[] = {
          {"__sk_buff", "sk_buff"},
          {"xdp_md", "xdp_buff"},
          {"bpf_sock_ops", "bpf_sock_ops_kern"},
          {"bpf_sock_addr", "bpf_sock_addr_kern"},
          {"bpf_perf_event_data", "bpf_perf_event_data_kern"},
          {"sk_msg_md", "sk_msg"},
          {"bpf_sysctl", "bpf_sysctl_kern"},
          {"bpf_sockopt", "bpf_sockopt_kern"},
          {"sk_reuseport_md", "sk_reuseport_kern"},
          {"bpf_sk_lookup", "bpf_sk_lookup_kern"}};
      const std::string_view ctx = tables::kContexts[static_cast<size_t>(env.type.ctx)].type;
      for (const auto &[seen, real] : kKernelContexts)
        if (seen == ctx)
          if (const TypeRef type = env.types.find_struct(real)) return object_pointer(type, kTrusted, index);
      if (ctx == "pt_regs")
        if (const TypeRef type = env.types.find_struct("pt_regs")) return object_pointer(type, kTrusted, index);
      return RegState::pointer(RegType::Poisoned, index);
    }
    case Special::ReadOnlyCast: {
      const TypeRef type = env.types.kernel_id(static_cast<uint32_t>(state.reg(2).value.const_value()));
      return type ? object_pointer(type, kUntrusted, index) : RegState::unknown(index);
    }
    case Special::DynptrSlice:
    case Special::DynptrSliceWritable: {
      const RegState *dynptr = dynptr_behind(state, state.reg(1));
      RegState r = memory_result(static_cast<uint32_t>(state.reg(4).value.const_value()), kDynptrSlice, index);
      if (kfunc.special == Special::DynptrSlice) r.flags |= kReadOnly;
      if (dynptr == nullptr) return RegState::pointer(RegType::Poisoned, index);
      r.map_uid = dynptr->id;
      r.ref_id = dynptr->ref_id;
      const DynptrKind d = kind_of(*dynptr);
      if (d == DynptrKind::Skb || d == DynptrKind::Xdp) r.flags |= kPacketDynptr;
      return r;
    }
    default:
      break;
  }
  if (kind == BtfKind::Struct || kind == BtfKind::Fwd) {
    RegState r = object_pointer(env.types.as_relocated(kfunc.ref(target)), 0, index);
    if (kfunc.has(tables::kIteratorNext)) {
      const RegState *iterator = iterator_behind(state, state.reg(1));
      r.flags |= iterator != nullptr && iterator->has(kRcu) ? kRcu : kTrusted;
    } else if (kfunc.has(tables::kRcuProtected)) {
      r.flags |= kRcu;
    } else if (kfunc.has(tables::kUntrustedResult)) {
      r.flags |= kUntrusted;
    }
    return r;
  }
  return plain_memory(state, kfunc, target, index);
}

RegState kfunc_result(const Env &env, State &state, const Kfunc &kfunc, uint32_t index) {
  const object::Btf &btf = *kfunc.btf;
  const BtfKind kind = btf.type(btf.resolve(kfunc.result)).kind;
  if (!kfunc.result || kind == BtfKind::Void) return {};
  if (kind != BtfKind::Ptr) return RegState::unknown(index);
  RegState r = pointer_result(env, state, kfunc, index);
  if (!r.is_pointer()) return r;
  // Who owns an object surely gets another reference.
  const bool surely = kfunc.special == Special::RefcountAcquire && state.reg(1).ref_id != 0;
  if (kfunc.has(tables::kReturnsNull) && !surely) {
    r.or_null = true;
    r.id = state.new_id();
  }
  if (kfunc.has(tables::kAcquire)) {
    r.ref_id = acquire(state, index);
    if (r.or_null || r.has(kHoldsLock)) r.id = r.ref_id;
  }
  if (r.has(kHoldsLock) && r.id == 0) r.id = state.new_id();
  return r;
}

// bpf_rbtree_add() compares the new element with those of the tree.
State enter_comparison(const Env &env, const State &state, uint32_t index) {
  State inside = state;
  inside.top().callback_depth++;
  inside.callback_entries++;
  Frame &frame = push_frame(inside, index, state.reg(3).target);
  frame.in_callback = true;
  frame.regs[1] = frame.regs[2] = element_of(env, state.reg(1), false, index);
  return inside;
}

void leave_rcu_section(State &state) {
  if (--state.rcu_depth > 0) return;
  const auto distrust = [](RegState &r) {
    if (!r.has(kRcu)) return;
    r.flags = static_cast<uint16_t>((r.flags & ~kRcu) | kUntrusted);
    r.or_null = false;
  };
  state.for_each_reg([&](RegState &r) {
    if (r.type == RegType::BtfObject) distrust(r);
  });
  for (Frame &frame : state.frames)
    for (StackSlot &slot : frame.stack.slots)
      if (slot.bytes[0] == ByteKind::Iterator) distrust(slot.spilled);
}

void write_arguments(const Env &env, State &state, const Kfunc &kfunc) {
  const object::Btf &btf = *kfunc.btf;
  for (unsigned i = 0; i < kfunc.parameters.size() && i < 5; i++) {
    const KfuncParameter &p = kfunc.parameters[i];
    const RegState memory = state.reg(i + 1);
    if (!p.is_pointer || memory.type != RegType::Stack) continue;
    const BtfId target = struct_behind(btf, p.type);
    const std::string_view name = env.types.name_of(kfunc.ref(target));
    if (name == "bpf_dynptr" || name == "bpf_dynptr_kern" || (kfunc.is_iterator_function() && i == 0)) continue;
    if (uses_irq_flags(kfunc.special)) continue;
    uint64_t size = btf.size_of(target);
    if (p.sized_by_next) size = state.reg(i + 2).is_scalar() ? state.reg(i + 2).value.r64.umax : 0;
    write_memory(state, memory, size);
  }
}

// A callback that runs later may sleep, and may return any number to task work.
State enter_deferred(const State &state, const Kfunc &kfunc, uint32_t callee, uint32_t index) {
  const bool task_work = kfunc.special == Special::ScheduleTaskWork;
  State later = enter_later(state, state.reg(task_work ? 2 : 1), callee, index);
  later.top().may_sleep = true;
  if (task_work) later.top().callback_min = INT32_MIN, later.top().callback_max = INT32_MAX;
  return later;
}

// A resilient lock may not be had: a negative errno, and nothing is held.
State without_lock(const State &state, uint32_t index) {
  State failed = state;
  clobber_arguments(failed);
  failed.reg(0) = RegState::scalar(Scalar::between(-kMaxErrno, -1), index);
  return failed;
}

// Locks and interrupt flags.
void change_sections(State &state, const Kfunc &kfunc, uint32_t index) {
  const RegState flags = state.reg(irq_argument(kfunc.special) + 1);
  if (is_res_lock(kfunc.special)) use_lock(state, 1, lock_use(kfunc.special), index);
  if (begins_irq_section(kfunc.special)) save_irq_flags(state, flags, kfunc.special, index);
  if (ends_irq_section(kfunc.special)) restore_irq_flags(state, flags);
}

void make_dynptr_of(const Env &env, State &state, const Kfunc &kfunc, uint32_t index) {
  switch (kfunc.special) {
    case Special::DynptrFromSkb:
    case Special::DynptrFromXdp:
      make_dynptr(state, state.reg(3), kfunc.special == Special::DynptrFromSkb ? DynptrKind::Skb : DynptrKind::Xdp, 0,
                  index);
      return;
    case Special::DynptrClone: {
      const RegState *from = dynptr_behind(state, state.reg(1));
      if (from == nullptr) return;
      const RegState original = *from;
      make_dynptr(state, state.reg(2), kind_of(original), original.ref_id, index);
      return;
    }
    default:
      break;
  }
  for (unsigned i = 0; i < kfunc.parameters.size() && i < 5; i++) {
    const std::string_view name = env.types.name_of(kfunc.ref(struct_behind(*kfunc.btf, kfunc.parameters[i].type)));
    if (kfunc.parameters[i].uninit && name == "bpf_dynptr")
      make_dynptr(state, state.reg(i + 1), DynptrKind::Local, 0, index);
  }
}

void give_back(State &state, const Kfunc &kfunc) {
  if (!kfunc.has(tables::kRelease)) return;
  for (unsigned i = 0; i < kfunc.parameters.size() && i < 5; i++)
    if (const uint32_t id = state.reg(i + 1).ref_id; id != 0) {
      release(state, id);
      return;
    }
}

}  // namespace

Flow call_kfunc(const Env &env, State &state, uint32_t index) {
  const Kfunc &kfunc = *env.structure.kfunc_at(env.insn(index));
  const object::Btf &btf = *kfunc.btf;
  Flow flow{.next = index + 1};
  if (kfunc.special == Special::Throw) return {.kind = Flow::EndOfProgram};
  if (kfunc.special == Special::TreeAdd && state.reg(3).type == RegType::Func) {
    flow.kind = Flow::Fork;
    flow.other = enter_comparison(env, state, index);
    flow.other_next = env.structure.subprograms[state.reg(3).target].start;
    state.top().callback_depth = 0;
  }
  if (defers(kfunc.special)) {
    const RegState &function = state.reg(kfunc.special == Special::ScheduleTaskWork ? 4 : 2);
    if (function.type == RegType::Func) {
      flow.kind = Flow::Fork;
      flow.other = enter_deferred(state, kfunc, function.target, index);
      flow.other_next = env.structure.subprograms[function.target].start;
    }
  }
  if (takes_res_lock(kfunc.special)) {
    flow.kind = Flow::Fork;
    flow.other = without_lock(state, index);
    flow.other_next = index + 1;
  }
  RegState result = kfunc_result(env, state, kfunc, index);
  if (takes_res_lock(kfunc.special)) result.value = Scalar::constant(0);
  write_arguments(env, state, kfunc);
  switch (kfunc.special) {
    case Special::RcuLock:
      state.rcu_depth++;
      break;
    case Special::RcuUnlock:
      leave_rcu_section(state);
      break;
    case Special::PreemptDisable:
      state.preempt_depth++;
      break;
    case Special::PreemptEnable:
      state.preempt_depth--;
      break;
    case Special::ListPush:
    case Special::TreeAdd:
      give_to_graph(env, state, state.reg(2).ref_id);
      break;
    default:
      break;
  }
  change_sections(state, kfunc, index);
  give_back(state, kfunc);
  make_dynptr_of(env, state, kfunc, index);
  const RegState iterator = state.reg(1);
  if (kfunc.has(tables::kIteratorNew)) {
    const BtfId type = struct_behind(btf, kfunc.parameters[0].type);
    make_iterator(state, iterator, type.value, static_cast<int64_t>(btf.size_of(type)), acquire(state, index));
    if (RegState *made = iterator_behind(state, iterator); made != nullptr && kfunc.has(tables::kRcuProtected))
      made->flags = in_rcu_section(env, state) ? kRcu : kUntrusted;
  } else if (kfunc.has(tables::kIteratorDestroy)) {
    const BtfId type = struct_behind(btf, kfunc.parameters[0].type);
    destroy_iterator(state, iterator, static_cast<int64_t>(btf.size_of(type)));
  }
  clobber_arguments(state);
  state.reg(0) = result;
  if (!kfunc.has(tables::kIteratorNext)) return flow;
  // Another turn waits; this path goes on behind the loop.
  RegState *it = iterator_behind(state, iterator);
  if (it == nullptr) return flow;
  if (it->range == RegState::kActive) {
    flow.kind = Flow::Fork;
    flow.other = state;
    flow.other_next = index + 1;
    flow.widens = true;
    RegState *other = iterator_behind(*flow.other, iterator);
    other->mem_size++;
    flow.other->reg(0).or_null = false;
    flow.other->reg(0).id = 0;
  }
  it->range = RegState::kDrained;
  state.reg(0) = RegState::scalar(Scalar::constant(0), index);
  return flow;
}

// A loop that the kernel ends after some turns: this path leaves it, the one that waits takes another turn.
Flow transfer_may_goto(const Env &env, State &state, uint32_t index) {
  Flow flow{.kind = Flow::Fork, .next = index + 1 + static_cast<uint32_t>(int32_t{env.insn(index).off})};
  flow.other = state;
  flow.other->may_goto_turns++;
  flow.other_next = index + 1;
  flow.widens = true;
  return flow;
}

}  // namespace spile::verifier
