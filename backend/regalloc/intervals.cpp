#include "backend/regalloc/intervals.h"

#include <algorithm>

namespace spile::regalloc {

namespace {

// Deeper nesting than this counts no more.
constexpr uint32_t kMaxLoopDepth = 6;

}  // namespace

bool overlap(const Interval &a, const Interval &b) {
  auto i = a.segments.begin(), j = b.segments.begin();
  while (i != a.segments.end() && j != b.segments.end()) {
    if (i->end <= j->begin)
      ++i;
    else if (j->end <= i->begin)
      ++j;
    else
      return true;
  }
  return false;
}

Interval united(const Interval &a, const Interval &b) {
  Interval result;
  result.uses = a.uses + b.uses;
  result.segments.reserve(a.segments.size() + b.segments.size());
  auto i = a.segments.begin(), j = b.segments.begin();
  while (i != a.segments.end() || j != b.segments.end()) {
    const bool from_a = j == b.segments.end() || (i != a.segments.end() && i->begin < j->begin);
    const Segment next = from_a ? *i++ : *j++;
    if (!result.segments.empty() && result.segments.back().end == next.begin)
      result.segments.back().end = next.end;
    else
      result.segments.push_back(next);
  }
  return result;
}

float frequency_of(const mir::Block &block) {
  float frequency = 1;
  for (uint32_t depth = std::min(block.loop_depth, kMaxLoopDepth); depth > 0; depth--) frequency *= 8;
  return frequency;
}

std::vector<Interval> live_intervals(const mir::Function &function, const Liveness &liveness) {
  std::vector<Interval> intervals(function.register_count);
  std::vector<uint32_t> open(function.register_count, 0);  // end of the segment that is being built; 0: none
  uint32_t first = 0;
  for (const mir::Block &block : function.blocks) first += static_cast<uint32_t>(block.insts.size());

  // Backwards: segments are found last first.
  const auto close = [&](mir::Reg r, uint32_t begin, uint32_t end) {
    auto &segments = intervals[r.id].segments;
    if (!segments.empty() && segments.back().begin == end)
      segments.back().begin = begin;
    else
      segments.push_back({begin, end});
    open[r.id] = 0;
  };
  for (size_t b = function.blocks.size(); b-- > 0;) {
    const mir::Block &block = function.blocks[b];
    const float frequency = frequency_of(block);
    const uint32_t end = first;
    first -= static_cast<uint32_t>(block.insts.size());
    liveness.out[b].for_each([&](mir::Reg r) { open[r.id] = 2 * end; });
    for (uint32_t i = end; i-- > first;) {
      const mir::Inst &inst = block.insts[i - first];
      mir::for_each_def(function, inst, [&](mir::Reg r) {
        const uint32_t begin = mir::is_set_early(function, inst, r) ? 2 * i : 2 * i + 1;
        close(r, begin, open[r.id] != 0 ? open[r.id] : 2 * i + 2);
        intervals[r.id].uses += frequency;
      });
      mir::for_each_use(function, inst, [&](mir::Reg r) {
        if (open[r.id] == 0) open[r.id] = 2 * i + 1;
        intervals[r.id].uses += frequency;
      });
    }
    liveness.in[b].for_each([&](mir::Reg r) { close(r, 2 * first, open[r.id]); });
  }
  for (Interval &interval : intervals) std::reverse(interval.segments.begin(), interval.segments.end());
  return intervals;
}

}  // namespace spile::regalloc
