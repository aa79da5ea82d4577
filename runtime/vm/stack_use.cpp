#include "runtime/vm/stack_use.h"

#include <algorithm>
#include <span>
#include <vector>

namespace spile::vm {
namespace {

using isa::Alu;
using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

class StackUse {
 public:
  StackUse(const Resolved &program, size_t start, size_t end)
      : program_(program),
        start_(start),
        insns_(std::span(program.insns).subspan(start, end - start)),
        is_target_(insns_.size()),
        holders_(insns_.size(), kUnreached) {
    for (size_t i = 0; i < insns_.size(); i += isa::width(insns_[i]))
      if (has_target(info(i).shape)) is_target_[target_of(i)] = true;
  }

  uint32_t run() {
    find_holders();
    for (size_t i = 0; i < insns_.size() && !all_; i += isa::width(insns_[i]))
      if (holders_[i] != kUnreached) look(i);
    // A subprogram may go down from an address that it is given.
    all_ |= made_ && calls_own_;
    return all_ ? kStackBytes : std::min<uint32_t>(kStackBytes, static_cast<uint32_t>(-lowest_));
  }

 private:
  // Registers that may hold an address, a bit for each.
  using Holders = uint16_t;
  static constexpr Holders kUnreached = 0, kFrame = 1 << isa::kFramePointer;  // r10 always is one
  static constexpr Holders kArguments = 0b111110;

  const InsnInfo &info(size_t i) const { return program_.info(start_ + i); }
  static bool holds(Holders holders, unsigned reg) { return (holders >> reg & 1) != 0; }
  size_t target_of(size_t i) const { return program_.values[start_ + i] - start_; }
  bool moves(size_t i) const {
    if (isa::lookup(insns_[i]) == nullptr) return false;  // the second half of a 64-bit immediate
    return info(i).shape == Shape::AluReg && info(i).bits == 64 && info(i).alu() == Alu::Mov;
  }
  // The second half of `rX = r10; rX += N`.
  bool is_second(size_t i) const {
    if (i == 0 || is_target_[i] || !moves(i - 1)) return false;
    const Insn &first = insns_[i - 1], &insn = insns_[i];
    return first.src == isa::kFramePointer && first.dst == insn.dst && info(i).op == isa::Op::Add64Imm;
  }

  // Before each instruction, on any way to it.
  void find_holders() {
    std::vector<size_t> waiting;
    const auto reach = [&](size_t i, Holders holders) {
      if ((holders_[i] | holders) == holders_[i]) return;
      holders_[i] |= holders;
      waiting.push_back(i);
    };
    for (bool was_spilled = true; was_spilled != is_spilled_;) {
      was_spilled = is_spilled_;
      reach(0, kFrame);
      while (!waiting.empty()) {
        const size_t i = waiting.back();
        waiting.pop_back();
        const Shape shape = info(i).shape;
        const Holders behind = behind_insn(i);
        if (has_target(shape)) reach(target_of(i), behind);
        if (goes_on(shape)) reach(i + isa::width(insns_[i]), behind);
      }
      // What was spilled somewhere may be what any load gives: once more, from the start.
      if (is_spilled_ != was_spilled) std::ranges::fill(holders_, kUnreached);
    }
  }
  Holders behind_insn(size_t i) {
    const Insn &insn = insns_[i];
    const Holders before = holders_[i];
    const auto with = [&](unsigned reg, bool holder) {
      return static_cast<Holders>(holder ? before | 1u << reg : before & ~(1u << reg));
    };
    switch (info(i).shape) {
      case Shape::AluImm:
      case Shape::AluReg:
        if (moves(i)) return with(insn.dst, holds(before, insn.src));
        // What other operations make of an address is a number.
        return with(insn.dst, is_sum(i) && (holds(before, insn.dst) ||
                                            (info(i).shape == Shape::AluReg && holds(before, insn.src))));
      case Shape::AluUnary:
      case Shape::AddressCast:
      case Shape::LoadImm64:
        return with(insn.dst, false);
      case Shape::Load:
      case Shape::LoadAcquire:
        return with(insn.dst, is_spilled_);
      case Shape::StoreReg:
      case Shape::StoreRelease:
        is_spilled_ |= holds(before, insn.src);
        return before;
      case Shape::Atomic:
        is_spilled_ |= holds(before, insn.src);
        return static_cast<Holders>(is_spilled_ ? before | 1u << insn.src | 1u : before);
      case Shape::CallKfunc: {
        // Some give back the buffer that they were given; no helper does.
        const bool has_address = (before & kArguments) != 0;
        return static_cast<Holders>((before & ~(kArguments | 1u)) | (has_address ? 1u : 0u));
      }
      case Shape::CallHelper:
      case Shape::CallLocal:
      case Shape::CallReg:
        return static_cast<Holders>(before & ~(kArguments | 1u));
      case Shape::StoreImm:
      case Shape::BranchImm:
      case Shape::BranchReg:
      case Shape::Jump:
      case Shape::JumpLong:
      case Shape::MayGoto:
      case Shape::Exit:
      case Shape::PacketAbs:
      case Shape::PacketInd:
        return before;
    }
    return before;
  }

  void touch(int64_t lowest) { lowest_ = std::min(lowest_, lowest); }
  void access(Holders here, unsigned base, int16_t off) {
    if (base == isa::kFramePointer)
      touch(off);
    else if (holds(here, base) && off < 0)
      all_ = true;
  }

  void look(size_t i) {
    const Insn &insn = insns_[i];
    const Holders here = holders_[i];
    made_ |= (here & ~kFrame) != 0 || is_spilled_;
    switch (info(i).shape) {
      case Shape::AluImm:
        if (is_second(i))
          touch(insn.imm);
        else if (holds(here, insn.dst) && may_lower(i))
          all_ = true;
        break;
      case Shape::AluReg:
        if ((holds(here, insn.dst) || holds(here, insn.src)) && may_lower(i)) all_ = true;
        break;
      case Shape::Load:
      case Shape::LoadAcquire:
        access(here, insn.src, insn.off);
        break;
      case Shape::StoreImm:
      case Shape::StoreReg:
      case Shape::StoreRelease:
      case Shape::Atomic:
        access(here, insn.dst, insn.off);
        break;
      case Shape::CallLocal:
      case Shape::CallReg:
        calls_own_ = true;
        break;
      case Shape::LoadImm64:
        calls_own_ |= info(i).op == isa::Op::LddwFunc;
        break;
      case Shape::AluUnary:
      case Shape::AddressCast:
      case Shape::CallHelper:
      case Shape::CallKfunc:
      case Shape::BranchImm:
      case Shape::BranchReg:
      case Shape::Jump:
      case Shape::JumpLong:
      case Shape::MayGoto:
      case Shape::Exit:
      case Shape::PacketAbs:
      case Shape::PacketInd:
        break;
    }
  }
  bool is_sum(size_t i) const { return info(i).bits == 64 && (info(i).alu() == Alu::Add || info(i).alu() == Alu::Sub); }
  bool may_lower(size_t i) const {
    if (!is_sum(i)) return false;
    if (info(i).shape == Shape::AluReg) return true;
    return info(i).alu() == Alu::Add ? insns_[i].imm < 0 : insns_[i].imm > 0;
  }

  const Resolved &program_;
  const size_t start_;
  std::span<const Insn> insns_;  // of the subprogram, and so what is by instruction
  std::vector<bool> is_target_;
  std::vector<Holders> holders_;  // by instruction
  bool is_spilled_ = false;       // an address, somewhere
  bool made_ = false, calls_own_ = false;
  int64_t lowest_ = 0;
  bool all_ = false;
};

}  // namespace

uint32_t stack_bytes_of(const Resolved &program, size_t start, size_t end) {
  return StackUse(program, start, end).run();
}

}  // namespace spile::vm
