// Spilling: values that got no register live in a stack slot, or are made again where they are used.
//
// A value is split around calls: between two calls it is loaded once, at its first use, into a register of its own,
// which blocks that are reached from there alone use, too, where it is calls that left it without one. One of those
// that finds no register either is split again, into one for each instruction.
//
//     %1 = r0                    *(u64 *)($4) = r0
//     call 5             ──►     call 5
//     %2 += %1                   %7 = *(u64 *)($4)
//                                %2 += %7
//
// Requires: one register for each value, coalesced. Breaks: liveness and intervals.
#pragma once

#include <vector>

#include "backend/isel/mir.h"
#include "backend/regalloc/assign.h"
#include "backend/regalloc/intervals.h"

namespace spile::regalloc {

// For each register: true when all that ever sets it is one constant or address.
struct Rematerializable {
  std::vector<bool> is;
  std::vector<uint32_t> place;  // in [how], of those
  std::vector<mir::Inst> how;
};
Rematerializable find_rematerializable(const mir::Function &function);

// New registers are appended to [spillable].
void spill(mir::Function &function, const std::vector<mir::Reg> &registers, const std::vector<Interval> &intervals,
           const Rematerializable &rematerializable, std::vector<Spillable> &spillable);

}  // namespace spile::regalloc
