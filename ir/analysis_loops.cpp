#include "ir/analysis_loops.h"

namespace spile::ir {

std::optional<Loop> find_loop(const Cfg &cfg, const Dominators &dominators, BlockId head) {
  Loop loop{.head = head, .before = {}, .entries = {}, .latches = {}, .blocks = {head}};
  for (const BlockId p : cfg.preds(head)) {
    if (!cfg.reachable(p)) return std::nullopt;
    if (dominators.dominates(head, p))
      loop.latches.push_back(p);
    else
      loop.entries.push_back(p);
  }
  if (loop.latches.empty() || loop.entries.empty()) return std::nullopt;
  if (loop.entries.size() == 1) loop.before = loop.entries[0];
  // In the order of numbers while it grows, as most loops are small.
  auto add = [&](BlockId b) {
    const auto at =
        std::ranges::lower_bound(loop.blocks, cfg.order[b.index], {}, [&](BlockId x) { return cfg.order[x.index]; });
    if (at != loop.blocks.end() && *at == b) return false;
    loop.blocks.insert(at, b);
    return true;
  };
  std::vector<BlockId> work;
  for (const BlockId latch : loop.latches)
    if (add(latch)) work.push_back(latch);
  while (!work.empty()) {
    const BlockId b = work.back();
    work.pop_back();
    for (const BlockId p : cfg.preds(b)) {
      if (!cfg.reachable(p)) return std::nullopt;
      if (add(p)) work.push_back(p);
    }
  }
  return loop;
}

std::vector<Loop> find_loops(const Cfg &cfg) {
  std::vector<Loop> loops;
  std::optional<Dominators> dominators;  // most functions have no loop
  for (const BlockId head : cfg.rpo) {
    if (!cfg.is_loop_head(head)) continue;
    if (!dominators) dominators.emplace(cfg);
    if (auto loop = find_loop(cfg, *dominators, head); loop && loop->before) loops.push_back(std::move(*loop));
  }
  return loops;
}

}  // namespace spile::ir
