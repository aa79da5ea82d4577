#include "ir/analysis_cfg.h"

#include <algorithm>

namespace spile::ir {

namespace {

// Calls visit(from, to) once for each distinct edge that leaves a block that is not removed.
template <class Visit>
void for_each_edge(const Function &function, Visit visit) {
  std::vector<BlockId> seen;
  for (size_t i = 0; i < function.blocks.size(); i++) {
    const BlockId from(i);
    if (function[from].insts.empty()) continue;
    const auto to = function.successors(from);
    if (to.size() <= 2) {
      if (!to.empty()) visit(from, to[0]);
      if (to.size() == 2 && to[0] != to[1]) visit(from, to[1]);
      continue;
    }
    seen.assign(to.begin(), to.end());
    std::ranges::sort(seen);
    const auto repeated = std::ranges::unique(seen);
    seen.erase(repeated.begin(), repeated.end());
    for (const BlockId t : seen) visit(from, t);
  }
}

}  // namespace

Cfg::Cfg(const Function &function) {
  const size_t count = function.blocks.size();
  pred_begin.assign(count + 1, 0);
  for_each_edge(function, [&](BlockId, BlockId to) { pred_begin[to.index + 1]++; });
  for (size_t i = 0; i < count; i++) pred_begin[i + 1] += pred_begin[i];
  pred_pool.resize(pred_begin[count]);
  std::vector<uint32_t> next(pred_begin.begin(), pred_begin.end() - 1);
  for_each_edge(function, [&](BlockId from, BlockId to) { pred_pool[next[to.index]++] = from; });

  order.assign(count, kUnreachable);
  if (count == 0) return;
  // Depth first with a stack of our own: a generated function may be a chain of 100,000 blocks. Successors are
  // visited from the last to the first, so that the first target of a branch follows it in the order.
  struct Frame {
    BlockId block;
    size_t left;
  };
  std::vector<Frame> stack{{BlockId(0), function.successors(BlockId(0)).size()}};
  order[0] = 0;
  while (!stack.empty()) {
    Frame &top = stack.back();
    if (top.left == 0) {
      rpo.push_back(top.block);
      stack.pop_back();
      continue;
    }
    const BlockId to = function.successors(top.block)[--top.left];
    if (order[to.index] != kUnreachable) continue;
    order[to.index] = 0;
    stack.push_back({to, function.successors(to).size()});
  }
  std::ranges::reverse(rpo);
  for (size_t i = 0; i < rpo.size(); i++) order[rpo[i].index] = static_cast<uint32_t>(i);
}

bool Cfg::is_loop_head(BlockId b) const {
  return std::ranges::any_of(preds(b), [&](BlockId p) { return reachable(p) && order[p.index] >= order[b.index]; });
}

bool Cfg::has_loop() const {
  return std::ranges::any_of(rpo, [&](BlockId b) { return is_loop_head(b); });
}

}  // namespace spile::ir
