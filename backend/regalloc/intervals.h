// Live intervals: where in a linear numbering of the code each register holds a value that is still needed.
//
// Instruction i reads at 2i and writes at 2i + 1; a segment is half-open. So a register that dies at an instruction and
// one that is born there do not overlap, and a copy between the two can vanish.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/isel/mir.h"
#include "backend/regalloc/liveness.h"

namespace spile::regalloc {

struct Segment {
  uint32_t begin, end;
};

struct Interval {
  std::vector<Segment> segments;  // ordered, not touching
  // How much is read and written, more in loops: what spilling would cost.
  float uses = 0;

  bool empty() const { return segments.empty(); }
  uint32_t size() const {
    uint32_t sum = 0;
    for (const Segment &s : segments) sum += s.end - s.begin;
    return sum;
  }
};

bool overlap(const Interval &a, const Interval &b);
// Of two that do not overlap.
Interval united(Interval a, Interval b);

// Relative number of times that a block runs.
float frequency_of(const mir::Block &block);

// By Reg::id; those of r0..r10 say where the code itself uses the machine's registers.
std::vector<Interval> live_intervals(const mir::Function &function, const Liveness &liveness);

}  // namespace spile::regalloc
