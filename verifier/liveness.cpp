// Reads are marked in the checkpoints that a path comes from (mark_reg_read, without the kernel's parent pointers in
// each register: two masks for each frame of each checkpoint).
#include "verifier/checkpoint.h"

namespace spile::verifier {

void mark_read(const Path &path, unsigned frame, LiveMarks marks) {
  const std::vector<LiveMarks> *written = &path.written;
  for (Checkpoint *c = path.parent; c != nullptr; c = c->parent) {
    if (frame >= written->size()) return;  // the frame was entered later
    marks.regs &= static_cast<uint16_t>(~(*written)[frame].regs);
    marks.slots &= ~(*written)[frame].slots;
    if (frame >= c->read.size()) return;
    LiveMarks &read = c->read[frame];
    const auto new_regs = static_cast<uint16_t>(marks.regs & ~read.regs);
    const uint64_t new_slots = marks.slots & ~read.slots;
    if (new_regs == 0 && new_slots == 0) return;  // so do all above have it
    read.regs |= new_regs;
    read.slots |= new_slots;
    marks = {new_regs, new_slots};
    written = &c->written;
  }
}

void mark_effects(Path &path, const Effects &e) {
  const unsigned top = path.state.depth();
  if (e.reads != 0) mark_read(path, top, {e.reads, 0});
  for (const SlotSet &slots : e.slot_reads)
    if (slots.mask != 0) mark_read(path, slots.frame, {0, slots.mask});
  path.written[top].regs |= e.writes;
  if (e.slot_writes.mask != 0) path.written[e.slot_writes.frame].slots |= e.slot_writes.mask;
}

}  // namespace spile::verifier
