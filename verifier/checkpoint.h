// Checkpoint: a state that was kept at an instruction, to compare later ones with, and the history of the path that
// led to it.
//
// Checkpoints form a tree by [parent]. While paths from one are still being explored ([branches] > 0) it belongs to the
// current path; afterwards it is known to be safe. Reads and precision found on a path are marked in all of the path's
// checkpoints: they say what a later state must match.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "verifier/domain/state.h"
#include "verifier/effects.h"

namespace spile::verifier {

// One instruction that a path executed.
struct Step {
  uint32_t insn = 0;
  uint32_t linked = 0;  // index + 1 into Trail::linked: registers that this jump refined together
  bool moves_slot = false, dst_is_stack = false, src_is_stack = false, ends_callback = false;
  bool tests_null = false;       // a jump that compares a pointer with NULL: only for messages
  bool compares_packet = false;  // a jump that compares with the end of the packet: only for messages
  uint8_t slot_frame = 0, slot = 0;
};

// The path of the state in work. Paths are explored depth first, so all waiting paths share one array as a prefix.
struct Trail {
  std::vector<Step> steps;
  std::vector<LinkedRegs> linked;
};

struct Segment {
  uint32_t first = 0, last = 0;  // steps [first, last) of the trail
};

struct Checkpoint {
  State state;
  uint32_t insn = 0;
  Checkpoint *parent = nullptr;
  Segment segment;                 // from the parent to here
  std::vector<LiveMarks> read;     // by frame: read by some path from here on
  std::vector<LiveMarks> written;  // by frame: overwritten between the parent and here
  uint32_t branches = 1;           // paths from here that are not explored to their end
  uint32_t depth = 0;              // checkpoints above it
  uint32_t hits = 0, misses = 0;
  Checkpoint *loop_entry = nullptr;  // the start of the loop that it belongs to: what is marked may be incomplete
  bool is_loop_entry = false;
};

// What a path carries besides its state.
struct Path {
  State state;
  uint32_t insn = 0;
  uint32_t insn_before = 0;  // executed last
  Checkpoint *parent = nullptr;
  Segment segment;
  std::vector<LiveMarks> written;  // by frame, since the parent
  uint32_t weight = 0;             // entries that the kernel's jump history would have since the parent
};

// Marks that the top frame's registers and slots of [effects] are read, in every checkpoint up to where they were
// overwritten; then that those of its writes are.
void mark_effects(Path &path, const Effects &effects);
// Marks reads of one frame.
void mark_read(const Path &path, unsigned frame, LiveMarks marks);

// Marks registers [regs] of the top frame precise in all checkpoints that their values come from
// (__mark_chain_precision). The last step of the trail is the instruction that asks.
void mark_precise(const Env &env, const Trail &trail, const Path &path, uint16_t regs);
// What [old] was found to need precisely, the current path needs too (propagate_precision).
void propagate_precision(const Env &env, const Trail &trail, const Path &path, const Checkpoint &old);

}  // namespace spile::verifier
