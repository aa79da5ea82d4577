#include "verifier/transfer.h"

#include "support/check.h"
#include "verifier/domain/pointer.h"
#include "verifier/objects.h"

namespace spile::verifier {
namespace {

using isa::Shape;

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
      if (env.map(static_cast<uint32_t>(insn.imm)).type == kArenaMap) {
        dst = RegState::unknown(index);
        return;
      }
      dst = RegState::pointer(RegType::MapValue, index);
      dst.target = static_cast<uint32_t>(insn.imm);
      dst.off = second.imm;
      return;
    case isa::kPseudoFunc:
      dst = RegState::pointer(RegType::Func, index);
      dst.target = env.structure.subprogram_at(index + 1 + static_cast<uint32_t>(insn.imm));
      return;
    case isa::kPseudoBtfId:
      dst = kernel_variable(env, object::BtfId{static_cast<uint32_t>(insn.imm)}, index);
      return;
    default:
      dst = RegState::scalar(Scalar::constant(isa::imm64(insn, second)), index);
      return;
  }
}

}  // namespace

Flow leave_or_go_on(State &ends, State goes_on, uint32_t index) {
  Flow flow = leave(ends);
  flow.other = std::move(goes_on);
  flow.other_next = index + 1;
  return flow;
}

Flow transfer(const Env &env, State &state, uint32_t index) {
  const isa::Insn &insn = env.insn(index);
  Flow flow{.next = index + isa::width(insn)};
  switch (env.structure.infos[index]->shape) {
    case Shape::AluImm:
    case Shape::AluReg:
    case Shape::AluUnary:
    case Shape::AddressCast:
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
      if (state.depth() > 0) {  // where a function that was called ends, its caller goes on with 0
        State bytes = state;
        bytes.reg(0) = RegState::unknown(index);
        state.reg(0) = RegState::scalar(Scalar::constant(0), index);
        return leave_or_go_on(state, std::move(bytes), index);
      }
      state.reg(0) = RegState::unknown(index);
      return flow;
    case Shape::MayGoto:
      return transfer_may_goto(env, state, index);
    case Shape::CallKfunc:
      return call_kfunc(env, state, index);
    case Shape::LoadAcquire:
      transfer_load(env, state, index);
      return flow;
    case Shape::StoreRelease:
      transfer_store(env, state, index);
      return flow;
    case Shape::CallReg:
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
    case Shape::AddressCast:
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
