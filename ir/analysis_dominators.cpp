#include "ir/analysis_dominators.h"

#include <algorithm>

namespace spile::ir {

Dominators::Dominators(const Cfg &cfg) {
  const size_t count = cfg.order.size();
  idom_.assign(count, BlockId{});
  first_.assign(count, 0);
  last_.assign(count, 0);
  child_begin_.assign(count + 1, 0);
  if (cfg.rpo.empty()) return;

  const BlockId entry = cfg.rpo[0];
  idom_[entry.index] = entry;  // until the end: makes intersect() stop
  auto intersect = [&](BlockId a, BlockId b) {
    while (a != b) {
      while (cfg.order[a.index] > cfg.order[b.index]) a = idom_[a.index];
      while (cfg.order[b.index] > cfg.order[a.index]) b = idom_[b.index];
    }
    return a;
  };
  // Without ways back one round sees all there is.
  bool has_way_back = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 1; i < cfg.rpo.size(); i++) {
      const BlockId b = cfg.rpo[i];
      BlockId idom;
      for (const BlockId p : cfg.preds(b)) {
        if (!cfg.reachable(p)) continue;
        has_way_back |= cfg.order[p.index] >= i;
        if (!idom_[p.index]) continue;
        idom = idom ? intersect(idom, p) : p;
      }
      changed = changed || (has_way_back && idom_[b.index] != idom);
      idom_[b.index] = idom;
    }
  }
  idom_[entry.index] = {};

  for (size_t i = 1; i < cfg.rpo.size(); i++) child_begin_[idom_[cfg.rpo[i].index].index + 1]++;
  for (size_t i = 0; i < count; i++) child_begin_[i + 1] += child_begin_[i];
  child_pool_.resize(child_begin_[count]);
  std::vector<uint32_t> next(child_begin_.begin(), child_begin_.end() - 1);
  for (size_t i = 1; i < cfg.rpo.size(); i++) child_pool_[next[idom_[cfg.rpo[i].index].index]++] = cfg.rpo[i];

  uint32_t time = 0;
  struct Frame {
    BlockId block;
    size_t next;
  };
  std::vector<Frame> stack{{entry, 0}};
  preorder_.reserve(cfg.rpo.size());
  first_[entry.index] = ++time;
  preorder_.push_back(entry);
  while (!stack.empty()) {
    Frame &top = stack.back();
    const auto kids = children(top.block);
    if (top.next == kids.size()) {
      last_[top.block.index] = ++time;
      stack.pop_back();
      continue;
    }
    const BlockId kid = kids[top.next++];
    first_[kid.index] = ++time;
    preorder_.push_back(kid);
    stack.push_back({kid, 0});
  }
}

std::vector<std::vector<BlockId>> Dominators::frontiers(const Cfg &cfg) const {
  std::vector<std::vector<BlockId>> frontier(idom_.size());
  for (const BlockId b : cfg.rpo) {
    if (cfg.preds(b).size() < 2) continue;
    for (BlockId runner : cfg.preds(b)) {
      if (!cfg.reachable(runner)) continue;
      while (runner != idom_[b.index]) {
        auto &of_runner = frontier[runner.index];
        // The preds of one block are visited together, so a repeated entry is always the last one.
        if (of_runner.empty() || of_runner.back() != b) of_runner.push_back(b);
        runner = idom_[runner.index];
        if (!runner.valid()) break;
      }
    }
  }
  return frontier;
}

std::optional<std::vector<BlockId>> Dominators::between(const Cfg &cfg, BlockId b) const {
  std::vector<BlockId> found;
  const auto add_preds = [&](BlockId of) {
    for (const BlockId p : cfg.preds(of)) {
      if (p == idom(b) || std::ranges::find(found, p) != found.end()) continue;
      if (found.size() == kMaxBetween) return false;
      found.push_back(p);
    }
    return true;
  };
  if (!add_preds(b)) return std::nullopt;
  for (size_t i = 0; i < found.size(); i++)
    if (!add_preds(found[i])) return std::nullopt;
  return found;
}

}  // namespace spile::ir
