// Assignment: each interval gets a machine register, or is given up for spilling.
//
// Long intervals first, in the way of LLVM's greedy allocator: an interval takes the register that copies want it to
// have, else the first free one; when none is free it evicts intervals that are cheaper to spill than itself. What is
// live across a call finds r0..r5 taken by the call and so ends in r6..r9.
#pragma once

#include <vector>

#include "backend/isel/mir.h"
#include "backend/regalloc/intervals.h"

namespace spile::regalloc {

// Intervals that spilling made: the shorter they are already, the less can be won by spilling them again.
// What is shared for convenience (mir::Function::shared) goes First.
enum class Spillable : uint8_t { First, Yes, Again, Never };

struct Assignment {
  std::vector<mir::Reg> to;  // by Reg::id: a physical register; none when it has no interval or is to be spilled
  std::vector<mir::Reg> to_spill;
};

Assignment assign(const mir::Function &function, const std::vector<Interval> &intervals,
                  const std::vector<Spillable> &spillable, const std::vector<bool> &is_rematerializable);

}  // namespace spile::regalloc
