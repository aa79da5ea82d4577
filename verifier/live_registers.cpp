#include "verifier/live_registers.h"

#include <numeric>

namespace spile::verifier {
namespace {

using isa::Shape;

constexpr uint16_t bit(unsigned reg) { return static_cast<uint16_t>(1u << reg); }
constexpr uint16_t kAll = 0xffff, kCallerSaved = 0b111111, kArguments = 0b111110;

struct Use {
  uint16_t reads = 0, writes = 0;
};

// What is called takes its first [count] argument registers.
constexpr uint16_t first_arguments(size_t count) { return static_cast<uint16_t>((2u << count) - 2) & kArguments; }

uint16_t arguments_read(const Env &env, const isa::Insn &call) {
  if (const tables::Helper *helper = helper_of(call)) {
    const auto &args = arguments_of(env, *helper);
    const auto end = std::ranges::find(args, tables::ArgKind::None, &tables::Arg::kind);
    return first_arguments(static_cast<size_t>(end - args.begin()));
  }
  const Kfunc *kfunc = call.src == isa::kPseudoKfuncCall ? env.structure.kfunc_at(call) : nullptr;
  return kfunc != nullptr ? first_arguments(std::min<size_t>(kfunc->parameters.size(), 5)) : kArguments;
}

Use use_of(const Env &env, uint32_t index) {
  const isa::InsnInfo *info = env.structure.infos[index];
  if (info == nullptr) return {kAll, 0};
  const isa::Insn &insn = env.insn(index);
  const uint16_t dst = bit(insn.dst), src = bit(insn.src);
  switch (info->shape) {
    case Shape::AluImm:
    case Shape::AluUnary:
      return {insn.alu_op() == isa::MOV ? uint16_t{0} : dst, dst};
    case Shape::AluReg:
    case Shape::AddressCast:
      return {insn.alu_op() == isa::MOV ? src : static_cast<uint16_t>(dst | src), dst};
    case Shape::BranchImm:
    case Shape::CallReg:
    case Shape::StoreImm:
      return {dst, 0};
    case Shape::BranchReg:
    case Shape::StoreReg:
    case Shape::StoreRelease:
      return {static_cast<uint16_t>(dst | src), 0};
    case Shape::Jump:
    case Shape::JumpLong:
    case Shape::MayGoto:
      return {};
    case Shape::CallHelper:
    case Shape::CallKfunc:
    case Shape::CallLocal:
      return {arguments_read(env, insn), kCallerSaved};
    case Shape::Exit:
      return {bit(0), 0};
    case Shape::Load:
    case Shape::LoadAcquire:
      return {src, dst};
    case Shape::Atomic: {
      const auto operands = static_cast<uint16_t>(dst | src);
      if ((insn.imm & isa::kAtomicFetch) == 0) return {operands, 0};
      if (insn.imm == isa::kAtomicCmpxchg) return {static_cast<uint16_t>(operands | bit(0)), bit(0)};
      return {operands, src};
    }
    case Shape::LoadImm64:
      return {0, dst};
    case Shape::PacketAbs:
      return {bit(6), kCallerSaved};
    case Shape::PacketInd:
      return {static_cast<uint16_t>(bit(6) | src), kCallerSaved};
  }
  return {kAll, 0};
}

}  // namespace

std::vector<uint16_t> live_registers(const Env &env) {
  const auto count = static_cast<uint32_t>(env.program.insns.size());
  // Instructions whose successors changed, each at most once. From the back, most are done at the first look; each bit
  // of an instruction is set once, so the work is linear whatever the jumps are.
  std::vector<uint32_t> pending(count);
  std::iota(pending.begin(), pending.end(), 0u);
  std::vector<bool> waits(count, true);
  std::vector<std::vector<uint32_t>> jumps_to(count);  // by target: but for the instruction before it
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t next : successors(env.program, i))
      if (next != i + 1) jumps_to[next].push_back(i);

  std::vector<uint16_t> live(count, 0);
  const auto look_again = [&](uint32_t i) {
    if (!waits[i]) pending.push_back(i);
    waits[i] = true;
  };
  while (!pending.empty()) {
    const uint32_t i = pending.back();
    pending.pop_back();
    waits[i] = false;
    uint16_t after = 0;
    for (uint32_t next : successors(env.program, i)) after |= live[next];
    const Use use = use_of(env, i);
    const auto before = static_cast<uint16_t>(use.reads | (after & ~use.writes));
    if (before == live[i]) continue;
    live[i] = before;
    if (i != 0) look_again(i - 1);
    for (uint32_t from : jumps_to[i]) look_again(from);
  }
  return live;
}

}  // namespace spile::verifier
