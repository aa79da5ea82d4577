#include "ir/analysis_cfg.h"

#include <algorithm>

namespace spile::ir {

namespace {

// Calls visit(to) once for each distinct block in [to]; [seen] is room for more than two.
template <class Visit>
void for_each_distinct(std::span<const BlockId> to, std::vector<BlockId> &seen, Visit visit) {
  if (to.size() <= 2) {
    if (!to.empty()) visit(to[0]);
    if (to.size() == 2 && to[0] != to[1]) visit(to[1]);
    return;
  }
  seen.assign(to.begin(), to.end());
  std::ranges::sort(seen);
  const auto repeated = std::ranges::unique(seen);
  for (auto at = seen.begin(); at != repeated.begin(); ++at) visit(*at);
}

}  // namespace

Cfg::Cfg(const Function &function) {
  const size_t count = function.blocks.size();
  succ_begin_.reserve(count + 1);
  succ_pool_.reserve(2 * count);
  pred_begin.assign(count + 1, 0);
  std::vector<BlockId> seen;
  for (size_t i = 0; i < count; i++) {
    const auto to = targets_of(function, i);
    succ_begin_.push_back(static_cast<uint32_t>(succ_pool_.size()));
    succ_pool_.insert(succ_pool_.end(), to.begin(), to.end());
    for_each_distinct(to, seen, [&](BlockId t) { pred_begin[t.index]++; });
  }
  succ_begin_.push_back(static_cast<uint32_t>(succ_pool_.size()));
  uint32_t end = 0;
  for (uint32_t &begin : pred_begin) begin = end += begin;  // where each list ends: it is filled from there
  pred_pool.resize(end);
  for (size_t i = count; i-- > 0;)
    for_each_distinct(successors(BlockId(i)), seen, [&](BlockId t) { pred_pool[--pred_begin[t.index]] = BlockId(i); });

  order.assign(count, kUnreachable);
  if (count == 0) return;
  // Depth first with a stack of our own: a generated function may be a chain of 100,000 blocks. Successors are
  // visited from the last to the first, so that the first target of a branch follows it in the order.
  struct Frame {
    BlockId block;
    size_t left;
  };
  rpo.reserve(count);
  std::vector<Frame> stack{{BlockId(0), successors(BlockId(0)).size()}};
  order[0] = 0;
  while (!stack.empty()) {
    Frame &top = stack.back();
    if (top.left == 0) {
      rpo.push_back(top.block);
      stack.pop_back();
      continue;
    }
    const BlockId to = successors(top.block)[--top.left];
    if (order[to.index] != kUnreachable) continue;
    order[to.index] = 0;
    stack.push_back({to, successors(to).size()});
  }
  std::ranges::reverse(rpo);
  for (size_t i = 0; i < rpo.size(); i++) order[rpo[i].index] = static_cast<uint32_t>(i);
}

bool Cfg::is_of(const Function &function) const {
  if (function.blocks.size() != order.size()) return false;
  for (size_t i = 0; i < order.size(); i++) {
    const auto now = targets_of(function, i), before = successors(BlockId(i));
    if (now.size() != before.size()) return false;
    for (size_t n = 0; n < now.size(); n++)
      if (now[n] != before[n]) return false;
  }
  return true;
}

bool Cfg::is_loop_head(BlockId b) const {
  return std::ranges::any_of(preds(b), [&](BlockId p) { return reachable(p) && order[p.index] >= order[b.index]; });
}

bool Cfg::has_loop() const {
  return std::ranges::any_of(rpo, [&](BlockId b) { return is_loop_head(b); });
}

}  // namespace spile::ir
