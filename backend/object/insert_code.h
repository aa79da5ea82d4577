// insert_code(): instructions put into the functions of an object that is finished, as a loader does that wants to know
// more than its programs say.
//
//   call bpf_map_update_elem          call bpf_map_update_elem
//   r1 = 0                     ──►    if r0 s>= 0 goto +9; ...; r1 = 0
//
// Everything that counts in bytes or instructions moves along: jumps, calls, relocations, symbols, lines, types, CO-RE.
// In: what to put where. Called before write_elf(); what the object was made from is not touched.
#pragma once

#include <span>
#include <vector>

#include "backend/object/object.h"
#include "support/result.h"

namespace spile::object {

struct Insertion {
  SectionId section;    // of kind Program
  uint64_t offset = 0;  // bytes: of the instruction before which it goes
  // Without relocations: maps by their descriptors. Falls through to the instruction at [offset].
  std::vector<isa::Insn> insns;
  bool takes_jumps = false;  // who jumps to the instruction behind it runs it too
};

// [insertions]: ordered by offset within each section; of one offset, those that take jumps last. Whoever calls the
// function that begins at an insertion runs it; whoever jumps to the instruction behind it passes it by, unless it
// takes jumps. Unsupported error where a jump becomes too long for 16 bits.
Result<void> insert_code(Object &object, std::span<const Insertion> insertions);

}  // namespace spile::object
