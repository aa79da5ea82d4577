#include "verifier/transfer.h"

#include "support/check.h"
#include "verifier/domain/pointer.h"

namespace spile::verifier {
namespace {

using isa::Shape;
using tables::ArgKind;

constexpr unsigned kFirstArgument = 1, kLastArgument = 5;
constexpr int64_t kMaxErrno = 4095;

void clobber_arguments(State &state) {
  for (unsigned r = kFirstArgument; r <= kLastArgument; r++) state.reg(r) = {};
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

Flow call_subprogram(const Env &env, State &state, uint32_t index) {
  const uint32_t target = index + 1 + static_cast<uint32_t>(env.insn(index).imm);
  const uint32_t callee = env.structure.subprogram_at(target);
  if (env.structure.subprograms[callee].is_global) {
    // Verified alone, for any arguments of its types.
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

// The state in which bpf_for_each_map_elem() enters its callback: (map, key, value, ctx). The caller keeps its
// argument registers: the call instruction is explored again when the callback returns.
State enter_callback(const State &state, uint32_t index) {
  State inside = state;
  const std::array<RegState, isa::kRegisterCount> caller = state.top().regs;
  inside.top().callback_depth++;
  inside.callback_entries++;
  const uint32_t callee = caller[2].target;
  Frame &frame = push_frame(inside, index, callee);
  frame.in_callback = true;
  frame.regs[1] = caller[1];
  for (unsigned r : {2u, 3u}) {
    frame.regs[r] = RegState::pointer(r == 2 ? RegType::MapKey : RegType::MapValue, index);
    frame.regs[r].target = caller[1].target;
  }
  frame.regs[4] = caller[3];
  return inside;
}

void write_memory_argument(State &state, const RegState &memory, const RegState &size) {
  if (memory.type != RegType::Stack) return;
  const Span span = span_of(memory, 0, static_cast<int64_t>(size.value.r64.umax));
  state.frames[memory.frame].stack.clobber(span.low, span.high);
}

RegState helper_result(State &state, const tables::Helper &helper, uint32_t index) {
  RegState result = RegState::unknown(index);
  switch (helper.result.kind) {
    case tables::ReturnKind::Void:
      return {};
    case tables::ReturnKind::Socket:
    case tables::ReturnKind::SockCommon:
    case tables::ReturnKind::TcpSock:
    case tables::ReturnKind::BtfId:
    case tables::ReturnKind::RingbufRecord:
    case tables::ReturnKind::DynptrMemory:
    case tables::ReturnKind::PerCpuMemory:
    case tables::ReturnKind::Kptr:
      return RegState::pointer(RegType::Poisoned, index);
    case tables::ReturnKind::MapValue:
      if (state.reg(1).type != RegType::MapPtr) return RegState::pointer(RegType::Poisoned, index);
      result = RegState::pointer(RegType::MapValue, index);
      result.or_null = true;
      result.target = state.reg(1).target;
      result.id = state.new_id();
      return result;
    case tables::ReturnKind::Integer:
      break;
  }
  Scalar &v = result.value;
  if ((helper.flags & tables::kReturnsCpu) != 0) {
    v.r64 = {0, kMaxCpus - 1, 0, kMaxCpus - 1};
    v.r32 = {0, kMaxCpus - 1, 0, kMaxCpus - 1};
    v.sync();
  }
  if ((helper.flags & tables::kReturnsLength) != 0) {
    // do_refine_retval_range(): at most the size that was given, or a negative errno.
    for (unsigned a = 0; a < helper.args.size(); a++) {
      if (helper.args[a].kind != ArgKind::ConstSize && helper.args[a].kind != ArgKind::ConstSizeOrZero) continue;
      const auto size = static_cast<int64_t>(state.reg(a + 1).value.r64.umax);
      v.r64.smin = -kMaxErrno, v.r64.smax = size;
      v.r32.smin = -static_cast<int32_t>(kMaxErrno), v.r32.smax = static_cast<int32_t>(size);
    }
    v.sync();
  }
  return result;
}

Flow call_helper(const Env &env, State &state, uint32_t index) {
  const tables::Helper &helper = *helper_of(env.insn(index));
  Flow flow{.next = index + 1};
  if (calls_back(helper) && state.reg(2).type == RegType::Func) {
    flow.kind = Flow::Fork;
    flow.other = enter_callback(state, index);
    flow.other_next = env.structure.subprograms[state.reg(2).target].start;
    state.top().callback_depth = 0;
  }
  for (unsigned a = 0; a < helper.args.size(); a++)
    if (helper.args[a].kind == ArgKind::Mem && helper.args[a].writes) write_memory_argument(state, state.reg(a + 1), state.reg(a + 2));
  if ((helper.flags & tables::kChangesPacket) != 0) forget_packet_pointers(state);
  const RegState result = helper_result(state, helper, index);
  clobber_arguments(state);
  state.reg(0) = result;
  return flow;
}

Flow leave(State &state) {
  if (state.depth() == 0) return {.kind = Flow::EndOfProgram};
  const Frame callee = std::move(state.frames.back());
  state.frames.pop_back();
  if (callee.in_callback) return {.kind = Flow::LeaveCallback, .next = callee.callsite};
  state.reg(0) = callee.regs[0];
  return {.kind = Flow::LeaveSubprogram, .next = callee.callsite + 1};
}

void load_immediate(const Env &env, State &state, uint32_t index) {
  const isa::Insn &insn = env.insn(index), &second = env.insn(index + 1);
  RegState &dst = state.reg(insn.dst);
  switch (insn.src) {
    case isa::kPseudoMapIdx:
      dst = RegState::pointer(RegType::MapPtr, index);
      dst.target = static_cast<uint32_t>(insn.imm);
      return;
    case isa::kPseudoMapIdxValue:
      dst = RegState::pointer(RegType::MapValue, index);
      dst.target = static_cast<uint32_t>(insn.imm);
      dst.off = second.imm;
      return;
    case isa::kPseudoFunc:
      dst = RegState::pointer(RegType::Func, index);
      dst.target = env.structure.subprogram_at(index + 1 + static_cast<uint32_t>(insn.imm));
      return;
    default:
      dst = RegState::scalar(Scalar::constant(isa::imm64(insn, second)), index);
      return;
  }
}

}  // namespace

Flow transfer(const Env &env, State &state, uint32_t index) {
  const isa::Insn &insn = env.insn(index);
  Flow flow{.next = index + isa::width(insn)};
  switch (env.structure.infos[index]->shape) {
    case Shape::AluImm:
    case Shape::AluReg:
    case Shape::AluUnary:
      transfer_alu(env, state, index);
      return flow;
    case Shape::BranchImm:
    case Shape::BranchReg:
      return transfer_branch(env, state, index);
    case Shape::Jump:
      flow.next = index + 1 + static_cast<uint32_t>(int32_t{insn.off});
      return flow;
    case Shape::JumpLong:
      flow.next = index + 1 + static_cast<uint32_t>(insn.imm);
      return flow;
    case Shape::CallHelper:
      return call_helper(env, state, index);
    case Shape::CallLocal:
      return call_subprogram(env, state, index);
    case Shape::Exit:
      return leave(state);
    case Shape::Load:
      transfer_load(env, state, index);
      return flow;
    case Shape::StoreImm:
    case Shape::StoreReg:
      transfer_store(env, state, index);
      return flow;
    case Shape::Atomic:
      transfer_atomic(env, state, index);
      return flow;
    case Shape::LoadImm64:
      load_immediate(env, state, index);
      return flow;
    case Shape::PacketAbs:
    case Shape::PacketInd:
      // Out of the packet ends the program with 0; else the bytes are in r0.
      clobber_arguments(state);
      state.reg(0) = RegState::unknown(index);
      return flow;
    case Shape::MayGoto:
    case Shape::CallKfunc:
    case Shape::CallReg:
    case Shape::LoadAcquire:
    case Shape::StoreRelease:
      return skip(env, state, index);
  }
  SPILE_UNREACHABLE("an instruction of no shape");
}

Flow skip(const Env &env, State &state, uint32_t index) {
  const isa::Insn &insn = env.insn(index);
  const RegState poisoned = RegState::pointer(RegType::Poisoned, index);
  Flow flow{.next = index + isa::width(insn)};
  switch (env.structure.infos[index]->shape) {
    case Shape::AluImm:
    case Shape::AluReg:
    case Shape::AluUnary:
    case Shape::Load:
    case Shape::LoadAcquire:
    case Shape::LoadImm64:
      if (insn.dst != isa::kFramePointer) state.reg(insn.dst) = poisoned;
      return flow;
    case Shape::Atomic:
      if ((insn.imm & isa::kAtomicFetch) != 0) state.reg(insn.imm == isa::kAtomicCmpxchg ? 0 : insn.src) = poisoned;
      return flow;
    case Shape::CallHelper:
    case Shape::CallLocal:
    case Shape::CallKfunc:
    case Shape::CallReg:
    case Shape::PacketAbs:
    case Shape::PacketInd:
      clobber_arguments(state);
      state.reg(0) = poisoned;
      return flow;
    case Shape::Exit:
      return leave(state);
    case Shape::BranchImm:
    case Shape::BranchReg:
    case Shape::Jump:
    case Shape::JumpLong:
    case Shape::MayGoto:
    case Shape::StoreImm:
    case Shape::StoreReg:
    case Shape::StoreRelease:
      return flow;
  }
  SPILE_UNREACHABLE("an instruction of no shape");
}

}  // namespace spile::verifier
