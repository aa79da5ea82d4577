// Precision by backtracking: when the exact value of a number matters, follow back where it came from, through the
// steps of the path and the checkpoints above it, and mark it in each (backtrack_insn, __mark_chain_precision).
//
// Sound because: a number that is never marked influenced no check and no decided branch, so a state that differs only
// in such numbers behaves alike. Where the origin cannot be followed, all numbers of all checkpoints are marked.
#include <bit>

#include "support/check.h"
#include "verifier/checkpoint.h"

namespace spile::verifier {
namespace {

using isa::Shape;

constexpr uint16_t bit(unsigned reg) { return static_cast<uint16_t>(1u << reg); }
constexpr uint16_t kArguments = 0b111110;

class Backtracker {
 public:
  Backtracker(const Env &env, const Trail &trail, const Path &path) : env_(env), trail_(trail), path_(path) {
    top_ = path.state.depth();
  }

  void want_reg(unsigned frame, unsigned reg) { wanted_[frame].regs |= bit(reg); }
  void want_slot(unsigned frame, unsigned slot) { wanted_[frame].slots |= 1ull << slot; }

  // [skip]: steps at the end of the path that have not happened to the wanted values yet.
  void run(unsigned skip) {
    Segment segment = path_.segment;
    segment.last = static_cast<uint32_t>(trail_.steps.size());
    segment.last -= std::min(skip, segment.last - segment.first);
    uint32_t following = skip == 0 ? path_.insn : kNoInsn;
    if (skip != 0 && !trail_.steps.empty()) following = trail_.steps.back().insn;
    for (Checkpoint *c = path_.parent; c != nullptr; c = c->parent) {
      for (uint32_t i = segment.last; i-- > segment.first;) {
        if (nothing_wanted()) return;
        if (!back(trail_.steps[i], following)) {
          mark_everything();
          return;
        }
        following = trail_.steps[i].insn;
      }
      if (nothing_wanted()) return;
      mark(*c);
      if (nothing_wanted()) return;
      segment = c->segment;
    }
  }

 private:
  bool nothing_wanted() const {
    for (unsigned f = 0; f <= top_; f++)
      if (wanted_[f].regs != 0 || wanted_[f].slots != 0) return false;
    return true;
  }

  // Marks what is wanted in a checkpoint; what was marked before needs no following.
  void mark(Checkpoint &c) {
    for (unsigned f = 0; f <= top_; f++) {
      LiveMarks &want = wanted_[f];
      if (f >= c.state.frames.size()) {
        want = {};
        continue;
      }
      Frame &frame = c.state.frames[f];
      for (uint16_t regs = want.regs; regs != 0; regs &= static_cast<uint16_t>(regs - 1)) {
        const auto r = static_cast<unsigned>(std::countr_zero(regs));
        if (!frame.regs[r].is_scalar() || frame.regs[r].precise)
          want.regs &= static_cast<uint16_t>(~bit(r));
        else
          frame.regs[r].precise = true;
      }
      for (uint64_t slots = want.slots; slots != 0; slots &= slots - 1) {
        const auto s = static_cast<unsigned>(std::countr_zero(slots));
        const bool spilled = s < frame.stack.slots.size() && frame.stack.slots[s].is_scalar_spill();
        if (!spilled || frame.stack.slots[s].spilled.precise)
          want.slots &= ~(1ull << s);
        else
          frame.stack.slots[s].spilled.precise = true;
      }
    }
  }

  void mark_everything() {
    for (Checkpoint *c = path_.parent; c != nullptr; c = c->parent)
      c->state.for_each_reg([](RegState &r) {
        if (r.is_scalar()) r.precise = true;
      });
    wanted_ = {};
  }

  bool wants(unsigned reg) const { return (wanted_[top_].regs & bit(reg)) != 0; }
  void drop(unsigned reg) { wanted_[top_].regs &= static_cast<uint16_t>(~bit(reg)); }
  void want(unsigned reg) {
    if (reg != isa::kFramePointer) wanted_[top_].regs |= bit(reg);
  }
  bool wants_slot(unsigned frame, unsigned slot) const { return (wanted_[frame].slots & (1ull << slot)) != 0; }

  // Numbers that a jump refined together depend on each other.
  void follow_links(const Step &step) {
    if (step.linked == 0) return;
    const LinkedRegs &linked = trail_.linked[step.linked - 1];
    bool some = false;
    for (unsigned i = 0; i < linked.count; i++) {
      const LinkedReg &l = linked.items[i];
      if (l.frame > top_) continue;
      some |= l.is_slot ? wants_slot(l.frame, l.index) : (wanted_[l.frame].regs & bit(l.index)) != 0;
    }
    if (!some) return;
    for (unsigned i = 0; i < linked.count; i++) {
      const LinkedReg &l = linked.items[i];
      if (l.is_slot)
        want_slot(l.frame, l.index);
      else
        want_reg(l.frame, l.index);
    }
  }

  // One step back. False: the origin of a wanted value cannot be followed. [next]: the instruction executed after it.
  bool back(const Step &step, uint32_t next) {
    const isa::Insn &insn = env_.insn(step.insn);
    follow_links(step);
    switch (env_.structure.infos[step.insn]->shape) {
      case Shape::AluImm:
      case Shape::AluUnary:
        if (insn.alu_op() == isa::MOV) drop(insn.dst);
        break;
      case Shape::AluReg:
      case Shape::AddressCast:
        if (!wants(insn.dst)) break;
        if (insn.alu_op() == isa::END) break;
        if (insn.alu_op() == isa::MOV) drop(insn.dst);
        want(insn.src);
        break;
      case Shape::Load:
      case Shape::LoadAcquire:
        if (!wants(insn.dst)) break;
        drop(insn.dst);
        if (step.moves_slot) want_slot(step.slot_frame, step.slot);
        break;
      case Shape::Atomic: {
        if ((insn.imm & isa::kAtomicFetch) == 0) break;
        const unsigned fetched = insn.imm == isa::kAtomicCmpxchg ? 0 : insn.src;
        if (!wants(fetched)) break;
        drop(fetched);
        if (step.moves_slot) want_slot(step.slot_frame, step.slot);
        break;
      }
      case Shape::StoreImm:
      case Shape::StoreReg:
      case Shape::StoreRelease:
        if (wants(insn.dst)) return false;  // a pointer now: the number is gone
        if (!step.moves_slot || !wants_slot(step.slot_frame, step.slot)) break;
        wanted_[step.slot_frame].slots &= ~(1ull << step.slot);
        if (env_.structure.infos[step.insn]->shape != Shape::StoreImm) want(insn.src);
        break;
      case Shape::BranchImm:
        break;
      case Shape::BranchReg:
        if (!wants(insn.dst) && !wants(insn.src)) break;
        if (!step.src_is_stack) want(insn.src);
        if (!step.dst_is_stack) want(insn.dst);
        break;
      case Shape::LoadImm64:
        drop(insn.dst);
        break;
      case Shape::PacketAbs:
      case Shape::PacketInd:
        drop(0);
        // The function that was called ended here.
        if (next != step.insn + 1) return enter_frame();
        break;
      case Shape::CallHelper:
        if (next != step.insn + 1) {
          // Entered a callback: back in the frame that called. Or ended a function, by a tail call.
          if (insn.imm != static_cast<int32_t>(BPF_FUNC_tail_call)) return leave_frame();
          drop(0);
          return enter_frame();
        }
        drop(0);
        break;
      case Shape::CallLocal: {
        const uint32_t callee = env_.structure.subprogram_at(step.insn + 1 + static_cast<uint32_t>(insn.imm));
        if (env_.structure.subprograms[callee].is_global) {
          drop(0);
          break;
        }
        const uint16_t arguments = wanted_[top_].regs & kArguments;
        if (!leave_frame()) return false;
        wanted_[top_].regs |= arguments;
        break;
      }
      case Shape::Exit: {
        // Forward: a return to the caller; backward: into the end of the callee.
        const bool want_result = !step.ends_callback && wants(0);
        if (!step.ends_callback) drop(0);
        if (!enter_frame()) return false;
        if (want_result) want(0);
        break;
      }
      case Shape::Jump:
      case Shape::JumpLong:
        break;
      case Shape::CallKfunc:
        drop(0);
        break;
      case Shape::MayGoto:
      case Shape::CallReg:
        break;
    }
    follow_links(step);
    return true;
  }

  bool enter_frame() {
    if (top_ + 1 >= kMaxFrames) return false;
    wanted_[++top_] = {};
    return true;
  }
  bool leave_frame() {
    if (top_ == 0) return false;
    wanted_[top_--] = {};
    return true;
  }

  const Env &env_;
  const Trail &trail_;
  const Path &path_;
  unsigned top_ = 0;
  std::array<LiveMarks, kMaxFrames> wanted_{};
};

}  // namespace

void mark_precise(const Env &env, const Trail &trail, const Path &path, uint16_t regs) {
  if (regs == 0) return;
  Backtracker tracker(env, trail, path);
  for (unsigned r = 0; r < isa::kRegisterCount; r++)
    if ((regs & bit(r)) != 0) tracker.want_reg(path.state.depth(), r);
  tracker.run(1);
}

void propagate_precision(const Env &env, const Trail &trail, const Path &path, const Checkpoint &old) {
  Backtracker tracker(env, trail, path);
  for (unsigned f = 0; f < old.state.frames.size(); f++) {
    const Frame &frame = old.state.frames[f];
    for (unsigned r = 0; r < isa::kFramePointer; r++)
      if (frame.regs[r].is_scalar() && frame.regs[r].precise && (old.read[f].regs & bit(r)) != 0)
        tracker.want_reg(f, r);
    for (unsigned s = 0; s < frame.stack.slots.size(); s++) {
      const StackSlot &slot = frame.stack.slots[s];
      if (slot.is_scalar_spill() && slot.spilled.precise && (old.read[f].slots & (1ull << s)) != 0)
        tracker.want_slot(f, s);
    }
  }
  tracker.run(0);
}

}  // namespace spile::verifier
