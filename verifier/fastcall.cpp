#include "verifier/fastcall.h"

#include <algorithm>

namespace spile::verifier {
namespace {

constexpr uint32_t kCallerSaved = 0b111111;  // r0 to r5

bool is_spill(const isa::Insn &insn) {
  return insn.opcode == isa::mem_opcode(isa::STX, isa::MEM, isa::DW) && insn.dst == isa::kFramePointer;
}
bool is_fill(const isa::Insn &insn) {
  return insn.opcode == isa::mem_opcode(isa::LDX, isa::MEM, isa::DW) && insn.src == isa::kFramePointer;
}

struct Callee {
  unsigned parameters = 0;
  bool is_void = false, is_inlined = false;
};
std::optional<Callee> callee_of(const Env &env, const isa::Insn &call) {
  Callee callee;
  if (const tables::Helper *helper = helper_of(call)) {
    const auto last = std::ranges::find(helper->args, tables::ArgKind::None, &tables::Arg::kind);
    callee.parameters = static_cast<unsigned>(last - helper->args.begin());
    callee.is_void = helper->result.kind == tables::ReturnKind::Void;
    callee.is_inlined = (helper->flags & tables::kReturnsCpu) != 0;
    return callee;
  }
  const Kfunc *kfunc = call.src == isa::kPseudoKfuncCall ? env.structure.kfunc_at(call) : nullptr;
  if (kfunc == nullptr) return {};
  callee.parameters = static_cast<unsigned>(kfunc->parameters.size());
  callee.is_void = !kfunc->result;
  callee.is_inlined = kfunc->special == Special::CastToKernelContext || kfunc->special == Special::ReadOnlyCast;
  return callee;
}

}  // namespace

Fastcalls::Fastcalls(const Env &env) : pattern_(env.program.insns.size()), frames_(env.structure.subprograms.size()) {
  for (uint32_t s = 0; s < frames_.size(); s++) {
    const Subprogram &sub = env.structure.subprograms[s];
    int32_t lowest = 0;
    for (uint32_t i = sub.start; i < sub.end; i++)
      if (is_spill(env.insn(i))) lowest = std::min(lowest, int32_t{env.insn(i).off});
    for (uint32_t i = sub.start; lowest < 0 && i < sub.end; i++)
      if (env.insn(i).opcode == isa::opcode(isa::JMP, isa::CALL, isa::K)) mark_call(env, s, i, lowest);
  }
}

void Fastcalls::mark_call(const Env &env, uint32_t subprogram, uint32_t call, int32_t lowest) {
  const std::optional<Callee> callee = callee_of(env, env.insn(call));
  if (!callee) return;
  uint32_t kept = kCallerSaved & ~((2u << callee->parameters) - 2);
  if (!callee->is_void) kept &= ~1u;
  uint32_t pairs = 0;
  for (int32_t off = lowest; pairs < 6; pairs++, off += 8) {
    const uint32_t step = pairs + 1;
    if (call < step || call + step >= env.program.insns.size()) break;
    const isa::Insn &spill = env.insn(call - step), &fill = env.insn(call + step);
    if (!is_spill(spill) || !is_fill(fill) || spill.src != fill.dst || (kept & (1u << spill.src)) == 0) break;
    if (spill.off != off || fill.off != off) break;
    kept &= ~(1u << spill.src);
    pattern_[call - step] = pattern_[call + step] = true;
  }
  if (pairs == 0) return;
  is_any_ = true;
  FrameUse &frame = frames_[subprogram];
  (callee->is_inlined ? frame.is_inlined : frame.is_kept) = true;
  frame.top = std::min(frame.top, lowest + 8 * static_cast<int32_t>(pairs));
}

}  // namespace spile::verifier
