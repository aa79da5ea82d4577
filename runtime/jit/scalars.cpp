#include "runtime/jit/scalars.h"

#include "runtime/jit/flow.h"

namespace spile::jit {

namespace {

using isa::Alu;
using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

constexpr uint16_t kAll = 0x3ff;          // r0 to r9; r10 is a pointer
constexpr uint16_t kArguments = 0x03e;    // r1 to r5
constexpr uint16_t kEveryResult = 0x001;  // r0

uint16_t with(uint16_t scalars, unsigned reg, bool is_scalar) {
  const auto bit = static_cast<uint16_t>(1u << reg);
  return static_cast<uint16_t>(is_scalar ? scalars | bit : scalars & ~bit);
}

// The scalars behind [insn], from those before it; loads of fewer than [pointer_bytes] give one.
uint16_t after(const Insn &insn, const InsnInfo &info, uint16_t scalars, unsigned pointer_bytes) {
  const auto is_scalar = [&](unsigned reg) { return (scalars >> reg & 1) != 0; };
  switch (info.shape) {
    case Shape::AluImm:
    case Shape::AluUnary:
      // What is added to a pointer, or taken from it, leaves one.
      if (info.bits == 64 && (info.alu() == Alu::Add || info.alu() == Alu::Sub)) return scalars;
      return with(scalars, insn.dst, true);
    case Shape::AluReg:
    case Shape::AddressCast:
      if (info.bits == 64 && info.alu() == Alu::Mov) return with(scalars, insn.dst, is_scalar(insn.src));
      if (info.bits == 64 && (info.alu() == Alu::Add || info.alu() == Alu::Sub))
        return with(scalars, insn.dst, is_scalar(insn.dst) && is_scalar(insn.src));
      return with(scalars, insn.dst, true);
    case Shape::Load:
      return with(scalars, insn.dst, info.bytes() < pointer_bytes);
    case Shape::LoadAcquire:
      return with(scalars, insn.dst, false);
    case Shape::LoadImm64:
      return with(scalars, insn.dst, info.op == isa::Op::Lddw);
    case Shape::Atomic:
      return static_cast<uint16_t>(with(scalars, insn.src, false) & ~kEveryResult);
    case Shape::PacketAbs:
    case Shape::PacketInd:
      return with(scalars, 0, true);
    case Shape::CallHelper:
    case Shape::CallLocal:
    case Shape::CallKfunc:
    case Shape::CallReg:
      return static_cast<uint16_t>((scalars | kArguments) & ~kEveryResult);
    case Shape::BranchImm:
    case Shape::BranchReg:
    case Shape::Jump:
    case Shape::JumpLong:
    case Shape::MayGoto:
    case Shape::Exit:
    case Shape::StoreImm:
    case Shape::StoreReg:
    case Shape::StoreRelease:
      return scalars;
  }
  return 0;
}

std::vector<uint16_t> find_scalars(const vm::JitProgram &program, unsigned pointer_bytes) {
  // From "everything is a number" down, until nothing changes: each round takes bits away.
  std::vector<uint16_t> scalars(program.insn_count, kAll);
  for (size_t i = 0; i < program.subprogram_count; i++)
    scalars[program.subprograms[i]] = static_cast<uint16_t>(kAll & ~kArguments);
  const auto behind = [&](size_t insn, uint16_t before) {
    return after(program.insns[insn], *isa::lookup(program.insns[insn]), before, pointer_bytes);
  };
  const auto join = [](uint16_t &known, uint16_t with) {
    const uint16_t old = known;
    known &= with;
    return known != old;
  };
  follow(program, scalars, behind, join);
  return scalars;
}

}  // namespace

std::vector<Scalars> scalar_registers(const vm::JitProgram &program) {
  const auto numbers = find_scalars(program, 4), four = find_scalars(program, 8);
  std::vector<Scalars> scalars(program.insn_count);
  for (size_t i = 0; i < scalars.size(); i++) scalars[i] = {numbers[i], four[i]};
  return scalars;
}

}  // namespace spile::jit
