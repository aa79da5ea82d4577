#include "backend/regalloc/intervals.h"

#include <algorithm>
#include <utility>

namespace spile::regalloc {

namespace {

// Deeper nesting than this counts no more.
constexpr uint32_t kMaxLoopDepth = 6;

}  // namespace

// A register that many copies have joined has as many segments as its function has blocks, and is asked about for each
// copy more: so the work here grows with the shorter of the two.
bool overlap(const Interval &a, const Interval &b) {
  if (a.empty() || b.empty() || a.segments.back().end <= b.segments.front().begin ||
      b.segments.back().end <= a.segments.front().begin)
    return false;
  const bool a_is_shorter = a.segments.size() <= b.segments.size();
  const auto &shorter = (a_is_shorter ? a : b).segments, &longer = (a_is_shorter ? b : a).segments;
  auto at = longer.begin();
  for (const Segment &s : shorter) {
    at = std::partition_point(at, longer.end(), [&](const Segment &l) { return l.end <= s.begin; });
    if (at == longer.end()) return false;
    if (at->begin < s.end) return true;
  }
  return false;
}

Interval united(Interval a, Interval b) {
  if (a.segments.size() < b.segments.size()) std::swap(a, b);
  a.uses += b.uses;
  std::vector<Segment> &segments = a.segments;
  for (const Segment &s : b.segments) {
    const auto next = std::ranges::partition_point(segments, [&](const Segment &l) { return l.begin < s.begin; });
    const bool joins_previous = next != segments.begin() && std::prev(next)->end == s.begin;
    const bool joins_next = next != segments.end() && next->begin == s.end;
    if (joins_previous && joins_next) {
      std::prev(next)->end = next->end;
      segments.erase(next);
    } else if (joins_previous) {
      std::prev(next)->end = s.end;
    } else if (joins_next) {
      next->begin = s.begin;
    } else {
      segments.insert(next, s);
    }
  }
  return a;
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
