#include "test/fuzz/verifier/reduce.h"

#include <optional>

#include "backend/isa/info.h"

namespace spile::fuzz {
namespace {

using isa::Insn;
using isa::Shape;
using object::Program;

bool has_target(const Insn &insn) {
  const isa::InsnInfo *info = isa::lookup(insn);
  if (info == nullptr) return false;
  switch (info->shape) {
    case Shape::BranchImm:
    case Shape::BranchReg:
    case Shape::Jump:
    case Shape::JumpLong:
    case Shape::MayGoto:
    case Shape::CallLocal:
      return true;
    default:
      return info->op == isa::Op::LddwFunc;
  }
}

// [program] without its instructions [from, to). Jumps into them lead behind them. Empty when nothing would be left of
// a subprogram.
std::optional<Program> without(const Program &program, size_t from, size_t to) {
  const auto count = static_cast<int64_t>(to - from);
  const auto moved = [&](int64_t at) {
    const auto low = static_cast<int64_t>(from), high = static_cast<int64_t>(to);
    return at >= high ? at - count : at > low ? low : at;
  };
  Program out = program;
  out.insns.clear();
  for (size_t i = 0; i < program.insns.size(); i++) {
    if (i >= from && i < to) continue;
    Insn insn = program.insns[i];
    if (has_target(insn)) {
      const isa::InsnInfo &info = *isa::lookup(insn);
      const auto at = static_cast<int64_t>(i);
      const int64_t target = moved(at + 1 + isa::distance(info, insn)), distance = target - moved(at) - 1;
      if (info.shape == Shape::JumpLong || info.shape == Shape::CallLocal || info.shape == Shape::LoadImm64)
        insn.imm = static_cast<int32_t>(distance);
      else
        insn.off = static_cast<int16_t>(distance);
    }
    out.insns.push_back(insn);
    if (insn.is_lddw() && i + 1 < program.insns.size()) out.insns.push_back(program.insns[++i]);
  }
  for (size_t s = 0; s < out.subprograms.size(); s++) {
    out.subprograms[s].start = static_cast<uint32_t>(moved(program.subprograms[s].start));
    const auto before = s == 0 ? -1 : static_cast<int64_t>(out.subprograms[s - 1].start);
    if (static_cast<int64_t>(out.subprograms[s].start) <= before || out.subprograms[s].start >= out.insns.size())
      return {};
  }
  out.lines.clear();
  return out;
}

}  // namespace

Program reduce(Program program, const std::function<bool(const Program &)> &shows) {
  for (bool again = true; again;) {
    again = false;
    for (size_t length = program.insns.size() / 2; length > 0; length /= 2)
      for (size_t at = 0; at < program.insns.size();) {
        const size_t end = std::min(program.insns.size(), at + length);
        const size_t whole = end < program.insns.size() && program.insns[end - 1].is_lddw() ? end + 1 : end;
        if (auto smaller = without(program, at, whole); smaller && !smaller->insns.empty() && shows(*smaller)) {
          program = std::move(*smaller);
          again = true;
        } else {
          at += isa::width(program.insns[at]);
        }
      }
    for (size_t at = 0; at < program.insns.size(); at += isa::width(program.insns[at])) {
      Insn &insn = program.insns[at];
      if (has_target(insn) || insn.is_call() || insn.is_lddw()) continue;
      for (const int32_t imm : {0, 1, 8, insn.imm / 2}) {
        const int32_t before = insn.imm;
        if (std::abs(static_cast<int64_t>(imm)) >= std::abs(static_cast<int64_t>(before))) continue;
        insn.imm = imm;
        if (shows(program)) {
          again = true;
          break;
        }
        insn.imm = before;
      }
    }
  }
  return program;
}

}  // namespace spile::fuzz
