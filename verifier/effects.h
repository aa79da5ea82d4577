// Effects: which registers and stack slots an instruction reads and overwrites, and whose exact value it depends on.
//
// Computed from the state before the instruction. Pruning lives on it: what no continuation reads need not match
// (liveness), and numbers that decide nothing need not match either (precision). Sound because: reads are never left
// out, and only whole registers and whole slots count as overwritten.
#pragma once

#include <cstdint>

#include "verifier/domain/state.h"
#include "verifier/env.h"
#include "verifier/transfer.h"

namespace spile::verifier {

struct SlotSet {
  uint8_t frame = 0;
  uint64_t mask = 0;
};

struct Effects {
  uint16_t reads = 0, writes = 0;  // registers of the top frame
  uint16_t precise = 0;            // scalars whose exact value matters
  SlotSet slot_reads[5];           // one for each argument that is memory
  SlotSet slot_writes;             // whole slots
  // For following precision back through the stack: the slot whose register is stored or filled.
  bool moves_slot = false;
  uint8_t slot_frame = 0, slot = 0;
  bool dst_is_stack = false, src_is_stack = false;  // of a jump: a comparison of stack addresses
};

Effects effects(const Env &env, const State &state, uint32_t insn);

}  // namespace spile::verifier
