// Calls of helpers and subprograms: what they do to the state (check_helper_call, check_func_call).
#include <linux/bpf.h>

#include <algorithm>

#include "support/check.h"
#include "verifier/domain/pointer.h"
#include "verifier/dynptr.h"
#include "verifier/graph.h"
#include "verifier/objects.h"
#include "verifier/signature.h"
#include "verifier/transfer.h"

namespace spile::verifier {

using tables::ArgKind;
using tables::ReturnKind;

static constexpr unsigned kFirstArgument = 1, kLastArgument = 5;

void clobber_arguments(State &state) {
  for (unsigned r = kFirstArgument; r <= kLastArgument; r++) state.reg(r) = {};
}

void write_memory(State &state, const RegState &memory, uint64_t size) {
  if (memory.type != RegType::Stack) return;
  const Span span = span_of(memory, 0, static_cast<int64_t>(size));
  destroy_objects(state, memory.frame, span.low, span.high);
  state.frames[memory.frame].stack.clobber(span.low, span.high);
}

static uint32_t callback_frame(const State &state) {
  for (uint32_t f = state.depth() + 1; f-- > 0;)
    if (state.frames[f].in_callback) return f;
  return 0;
}

uint32_t acquire(State &state, uint32_t index) {
  const uint32_t id = state.new_id();
  state.references.push_back({.id = id, .frame = callback_frame(state), .insn = index});
  return id;
}

Frame &push_frame(State &state, uint32_t callsite, uint32_t subprogram) {
  state.frames.emplace_back();
  Frame &frame = state.top();
  frame.callsite = callsite;
  frame.subprogram = subprogram;
  frame.regs[isa::kFramePointer] = RegState::pointer(RegType::Stack);
  frame.regs[isa::kFramePointer].frame = static_cast<uint8_t>(state.depth());
  return frame;
}

static RegState map_pointer(const RegState &map, RegType type, uint32_t index) {
  RegState r = RegState::pointer(type, index);
  r.target = map.target;
  r.map_uid = map.map_uid;
  return r;
}

State enter_later(const State &state, const RegState &value, uint32_t callee, uint32_t index) {
  State later;
  later.next_id = state.next_id;
  later.may_goto_turns = state.may_goto_turns;
  later.callback_entries = state.callback_entries;
  Frame &frame = push_frame(later, kNoInsn, callee);
  frame.in_callback = frame.is_async = true;
  frame.callback_max = 0;
  frame.regs[1] = map_pointer(value, RegType::MapPtr, index);
  frame.regs[2] = map_pointer(value, RegType::MapKey, index);
  frame.regs[3] = map_pointer(value, RegType::MapValue, index);
  return later;
}

namespace {

// The registers of a callback, by the helper that calls it (set_*_callback_state).
void give_arguments(const Env &env, State &inside, Frame &frame,
                    const std::array<RegState, isa::kRegisterCount> &caller, uint32_t helper, uint32_t index) {
  auto &regs = frame.regs;
  switch (helper) {
    case BPF_FUNC_for_each_map_elem:
      regs[1] = caller[1];
      regs[2] = map_pointer(caller[1], RegType::MapKey, index);
      regs[3] = map_pointer(caller[1], RegType::MapValue, index);
      regs[4] = caller[3];
      return;
    case BPF_FUNC_loop:
      regs[1] = RegState::unknown(index);
      regs[2] = caller[3];
      return;
    case BPF_FUNC_find_vma: {
      const TypeRef vma = env.types.find_struct("vm_area_struct");
      regs[1] = caller[1];
      regs[2] = object_pointer(vma, kTrusted, index);
      regs[3] = caller[4];
      return;
    }
    case BPF_FUNC_user_ringbuf_drain:
      regs[1] = RegState::pointer(RegType::Dynptr, index);
      regs[1].target = static_cast<uint32_t>(DynptrKind::Local);
      regs[1].id = inside.new_id();
      regs[2] = caller[3];
      return;
    default:
      return;
  }
}

uint32_t callback_of(const tables::Helper &helper, const State &state) {
  for (unsigned a = 0; a < helper.args.size(); a++)
    if (helper.args[a].kind == ArgKind::Callback && state.reg(a + 1).type == RegType::Func)
      return state.reg(a + 1).target;
  return Structure::kNone;
}

// The state in which a helper enters its callback. The caller keeps its argument registers: the call instruction is
// explored again when the callback returns.
State enter_callback(const Env &env, const State &state, const tables::Helper &helper, uint32_t callee,
                     uint32_t index) {
  if (helper.number == BPF_FUNC_timer_set_callback) return enter_later(state, state.reg(1), callee, index);
  State inside = state;
  const std::array<RegState, isa::kRegisterCount> caller = state.top().regs;
  inside.top().callback_depth++;
  inside.callback_entries++;
  Frame &frame = push_frame(inside, index, callee);
  frame.in_callback = true;
  give_arguments(env, inside, frame, caller, helper.number, index);
  return inside;
}

// A loop that has turned as often as it may is not entered again.
bool has_turns_left(const tables::Helper &helper, const State &state) {
  return helper.number != BPF_FUNC_loop || !state.reg(1).is_scalar() ||
         state.top().callback_depth < state.reg(1).value.r64.umax;
}

const object::Map *map_of(const Env &env, const tables::Helper &helper, const State &state) {
  const int arg = map_argument(helper, 4);
  if (arg < 0) return nullptr;
  const RegState &map = state.reg(static_cast<unsigned>(arg) + 1);
  return map.type == RegType::MapPtr ? &env.map(map.target) : nullptr;
}

void write_arguments(const Env &env, State &state, const tables::Helper &helper) {
  const auto &args = arguments_of(env, helper);
  for (unsigned a = 0; a < args.size(); a++) {
    const RegState memory = state.reg(a + 1);
    if (!args[a].writes) continue;
    if (args[a].kind == ArgKind::Mem && state.reg(a + 2).is_scalar())
      write_memory(state, memory, state.reg(a + 2).value.r64.umax);
    if (args[a].kind == ArgKind::FixedMem) write_memory(state, memory, args[a].size);
    if (args[a].kind == ArgKind::MapValue)
      if (const object::Map *map = map_of(env, helper, state)) write_memory(state, memory, map->value_size);
  }
}

// bpf_map_lookup_elem() and its kin: a value, an inner map, a socket.
RegState map_result(const Env &env, State &state, const tables::Helper &helper, uint32_t index) {
  const int arg = map_argument(helper, 4);
  const RegState &map = state.reg(static_cast<unsigned>(std::max(arg, 0)) + 1);
  if (arg < 0 || map.type != RegType::MapPtr) return RegState::pointer(RegType::Poisoned, index);
  RegState result = RegState::pointer(RegType::MapValue, index);
  result.target = map.target;
  result.map_uid = map.map_uid;
  if (helper.number == BPF_FUNC_map_lookup_elem) {
    const object::Map &m = env.map(map.target);
    switch (m.type) {
      case BPF_MAP_TYPE_ARRAY_OF_MAPS:
      case BPF_MAP_TYPE_HASH_OF_MAPS:
        if (m.inner.empty()) return RegState::pointer(RegType::Poisoned, index);
        result.type = RegType::MapPtr;
        result.target = map.target | Env::kInnerMap;
        result.map_uid = state.new_id();
        return result;
      case BPF_MAP_TYPE_XSKMAP:
        return RegState::pointer(RegType::XdpSock, index);
      case BPF_MAP_TYPE_SOCKMAP:
      case BPF_MAP_TYPE_SOCKHASH:
        return RegState::pointer(RegType::Socket, index);
      default:
        break;
    }
  }
  return with_lock(env, result);
}

RegState kptr_result(const Env &env, const RegState &slot, uint32_t index) {
  if (slot.value.is_const()) {
    const int64_t at = slot.constant_offset();
    for (const SpecialField &f : env.fields_behind(slot)) {
      if (f.offset != at) continue;
      RegState r = object_pointer(env.types.as_relocated({false, f.target}),
                                  f.kind == FieldKind::PerCpuKptr ? kPerCpu : 0, index);
      if (f.kind == FieldKind::PerCpuKptr || env.types.is_local(env.types.name_of(type_of(r)))) r.flags |= kOwned;
      return r;
    }
  }
  return RegState::pointer(RegType::Poisoned, index);
}

RegState per_cpu_result(const Env &env, const RegState &variable, uint32_t index) {
  if (variable.type != RegType::BtfObject) return RegState::pointer(RegType::Poisoned, index);
  const TypeRef type = env.types.resolve(type_of(variable));
  if (env.types.btf(type).type(type.id).kind == object::BtfKind::Struct) return object_pointer(type, 0, index);
  RegState mem = RegState::pointer(RegType::Mem, index);
  mem.mem_size = static_cast<uint32_t>(env.types.size_of(type));
  mem.flags = kReadOnly;
  return mem;
}

RegState number_result(const tables::Helper &helper, const State &state, uint32_t index) {
  RegState result = RegState::unknown(index);
  if ((helper.flags & tables::kReturnsCpu) != 0) result.value = Scalar::between(0, kMaxCpus - 1);
  if ((helper.flags & tables::kReturnsLength) != 0) {
    // do_refine_retval_range(): at most the size that was given, or a negative errno.
    for (unsigned a = 0; a < helper.args.size(); a++) {
      if (helper.args[a].kind != ArgKind::ConstSize && helper.args[a].kind != ArgKind::ConstSizeOrZero) continue;
      result.value = Scalar::between(-kMaxErrno, static_cast<int64_t>(state.reg(a + 1).value.r64.umax));
    }
  }
  return result;
}

// What an argument held: for pointers made from it, and for dynptrs.
const RegState *dynptr_argument(const Env &env, const tables::Helper &helper, const State &state) {
  const auto &args = arguments_of(env, helper);
  for (unsigned a = 0; a < args.size(); a++)
    if (args[a].kind == ArgKind::Dynptr || args[a].kind == ArgKind::RingbufDynptr)
      return dynptr_behind(state, state.reg(a + 1));
  return nullptr;
}

RegState helper_result(const Env &env, State &state, const tables::Helper &helper, uint32_t index) {
  RegState result;
  switch (helper.result.kind) {
    case ReturnKind::Void:
      return {};
    case ReturnKind::Integer:
      return number_result(helper, state, index);
    case ReturnKind::MapValue:
      result = map_result(env, state, helper, index);
      break;
    case ReturnKind::Socket:
      result = RegState::pointer(RegType::Socket, index);
      break;
    case ReturnKind::SockCommon:
      result = RegState::pointer(RegType::SockCommon, index);
      break;
    case ReturnKind::TcpSock:
      result = RegState::pointer(RegType::TcpSock, index);
      break;
    case ReturnKind::BtfId: {
      const TypeRef type = env.types.find_struct(helper.result.type);
      result = object_pointer(type, helper.result.trusted ? kTrusted : 0, index);
      break;
    }
    case ReturnKind::RingbufRecord:
      result = RegState::pointer(RegType::Mem, index);
      result.flags = kRingbufRecord;
      result.mem_size = static_cast<uint32_t>(state.reg(2).value.const_value());
      break;
    case ReturnKind::DynptrMemory: {
      const RegState *dynptr = dynptr_argument(env, helper, state);
      if (dynptr == nullptr) return RegState::pointer(RegType::Poisoned, index);
      result = RegState::pointer(RegType::Mem, index);
      result.flags = kDynptrSlice;
      result.mem_size = static_cast<uint32_t>(state.reg(3).value.const_value());
      result.map_uid = dynptr->id;
      result.ref_id = dynptr->ref_id;
      break;
    }
    case ReturnKind::PerCpuMemory:
      result = per_cpu_result(env, state.reg(1), index);
      break;
    case ReturnKind::Kptr:
      result = kptr_result(env, state.reg(1), index);
      break;
  }
  if (result.type == RegType::Poisoned) return result;
  if (helper.result.or_null) {
    result.or_null = true;
    result.id = state.new_id();
  }
  // A cast of a socket holds what the socket holds (is_ptr_cast_function).
  const bool is_cast = helper.result.kind == ReturnKind::TcpSock || helper.number == BPF_FUNC_sk_fullsock ||
                       (helper.result.kind == ReturnKind::BtfId && helper.name.starts_with("skc_to_"));
  if (is_cast) result.ref_id = state.reg(1).ref_id;
  const object::Map *map = map_of(env, helper, state);
  const bool socket_of_map = helper.number == BPF_FUNC_map_lookup_elem && map != nullptr &&
                             (map->type == BPF_MAP_TYPE_SOCKMAP || map->type == BPF_MAP_TYPE_SOCKHASH);
  if ((helper.flags & tables::kAcquires) != 0 || socket_of_map) result.id = result.ref_id = acquire(state, index);
  return result;
}

void give_back(const Env &env, State &state, const tables::Helper &helper) {
  const auto &args = arguments_of(env, helper);
  for (unsigned a = 0; a < args.size(); a++) {
    if (!args[a].releases) continue;
    const RegState value = state.reg(a + 1);
    if (args[a].kind == ArgKind::RingbufDynptr)
      release_dynptr(state, value);
    else if (value.ref_id != 0)
      release(state, value.ref_id);
  }
}

void make_dynptrs(const Env &env, State &state, const tables::Helper &helper, uint32_t index) {
  const auto &args = arguments_of(env, helper);
  for (unsigned a = 0; a < args.size(); a++) {
    if (args[a].kind != ArgKind::Dynptr || !args[a].uninit) continue;
    const bool ringbuf = helper.number == BPF_FUNC_ringbuf_reserve_dynptr;
    const RegState place = state.reg(a + 1);
    make_dynptr(state, place, ringbuf ? DynptrKind::Ringbuf : DynptrKind::Local, ringbuf ? acquire(state, index) : 0,
                index);
  }
}

bool changes_packet(const Env &env, const State &state, const tables::Helper &helper) {
  if ((helper.flags & tables::kChangesPacket) != 0) return true;
  if (helper.number != BPF_FUNC_dynptr_write) return false;
  const RegState *dynptr = dynptr_argument(env, helper, state);
  return dynptr != nullptr && kind_of(*dynptr) == DynptrKind::Skb;
}

// A tail call comes back only where it failed, and nothing happened. Where it did not, the function ends: its caller
// goes on with whatever the other program made of the packet and returned.
Flow tail_call(State &state, Flow behind, uint32_t index) {
  if (state.depth() == 0) return behind;
  State failed = state;
  forget_packet_pointers(state);
  state.reg(0) = RegState::unknown(index);
  return leave_or_go_on(state, std::move(failed), index);
}

}  // namespace

Flow call_subprogram(const Env &env, State &state, uint32_t index) {
  const uint32_t target = index + 1 + static_cast<uint32_t>(env.insn(index).imm);
  const uint32_t callee = env.structure.subprogram_at(target);
  const Subprogram &sub = env.structure.subprograms[callee];
  if (sub.is_global) {
    // Verified alone, for any arguments of its types.
    if (sub.changes_packet) forget_packet_pointers(state);
    clobber_arguments(state);
    state.reg(0) = RegState::unknown(index);
    return {.next = index + 1};
  }
  const std::array<RegState, isa::kRegisterCount> caller = state.top().regs;
  clobber_arguments(state);
  Frame &frame = push_frame(state, index, callee);
  for (unsigned r = kFirstArgument; r <= kLastArgument; r++) frame.regs[r] = caller[r];
  return {.kind = Flow::EnterSubprogram, .next = target};
}

Flow call_helper(const Env &env, State &state, uint32_t index) {
  const tables::Helper &helper = *helper_of(env.insn(index));
  Flow flow{.next = index + 1};
  if (calls_back(helper)) {
    const uint32_t callee = callback_of(helper, state);
    if (callee != Structure::kNone && has_turns_left(helper, state)) {
      flow.kind = Flow::Fork;
      flow.other = enter_callback(env, state, helper, callee, index);
      flow.other_next = env.structure.subprograms[callee].start;
    }
    state.top().callback_depth = 0;
  }
  const bool packet_moves = changes_packet(env, state, helper);
  RegState result = helper_result(env, state, helper, index);
  write_arguments(env, state, helper);
  if (helper.number == BPF_FUNC_spin_lock || helper.number == BPF_FUNC_spin_unlock)
    use_lock(state, 1, {.takes = helper.number == BPF_FUNC_spin_lock}, index);
  give_back(env, state, helper);
  make_dynptrs(env, state, helper, index);
  clobber_arguments(state);
  state.reg(0) = result;
  if (helper.number == BPF_FUNC_tail_call) return tail_call(state, std::move(flow), index);
  if (packet_moves) forget_packet_pointers(state);
  return flow;
}

}  // namespace spile::verifier
