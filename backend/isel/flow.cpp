#include "backend/isel/flow.h"

#include <algorithm>
#include <utility>

#include "backend/isel/mir.h"

namespace spile::mir {

namespace {

std::vector<uint32_t> reverse_post_order(const std::vector<std::vector<uint32_t>> &succs) {
  std::vector<uint32_t> order;
  std::vector<bool> seen(succs.size(), false);
  std::vector<std::pair<uint32_t, size_t>> stack{{0, 0}};
  seen[0] = true;
  while (!stack.empty()) {
    auto &[block, next] = stack.back();
    if (next == succs[block].size()) {
      order.push_back(block);
      stack.pop_back();
      continue;
    }
    const uint32_t to = succs[block][next++];
    if (seen[to]) continue;
    seen[to] = true;
    stack.emplace_back(to, 0);
  }
  std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace

Flow::Flow(std::vector<std::vector<uint32_t>> successors) : succs(std::move(successors)) {
  const size_t n = succs.size();
  preds.resize(n);
  number.assign(n, kNone);
  idom.assign(n, kNone);
  loop_depth.assign(n, 0);
  loop_header.assign(n, kNone);
  outer_header.assign(n, kNone);
  order = reverse_post_order(succs);
  for (uint32_t i = 0; i < order.size(); i++) number[order[i]] = i;
  for (const uint32_t block : order)
    for (const uint32_t to : succs[block]) preds[to].push_back(block);

  // Cooper, Harvey, Kennedy: "A simple, fast dominance algorithm".
  idom[0] = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (const uint32_t block : order) {
      if (block == 0) continue;
      uint32_t best = kNone;
      for (const uint32_t pred : preds[block])
        if (idom[pred] != kNone) best = best == kNone ? pred : common_dominator(pred, best);
      if (best != idom[block]) {
        idom[block] = best;
        changed = true;
      }
    }
  }
  idom[0] = kNone;

  // Natural loops, inner headers first (they come later in the order): a block belongs to the first that claims it.
  for (size_t i = order.size(); i-- > 0;) {
    const uint32_t header = order[i];
    std::vector<uint32_t> work;
    for (const uint32_t pred : preds[header])
      if (dominates(header, pred)) work.push_back(pred);
    if (work.empty()) continue;
    if (loop_header[header] == kNone) loop_header[header] = header;
    while (!work.empty()) {
      uint32_t block = work.back();
      work.pop_back();
      // Climb to the outermost loop found so far around the block.
      if (loop_header[block] == kNone) {
        loop_header[block] = header;
      } else {
        block = loop_header[block];
        while (block != header && outer_header[block] != kNone) block = outer_header[block];
        if (block == header) continue;
        outer_header[block] = header;
      }
      for (const uint32_t pred : preds[block])
        if (pred != header) work.push_back(pred);
    }
  }
  for (const uint32_t block : order)
    for (uint32_t h = loop_header[block]; h != kNone; h = outer_header[h]) loop_depth[block]++;
}

bool Flow::dominates(uint32_t a, uint32_t b) const {
  while (b != kNone && number[b] > number[a]) b = idom[b];
  return a == b;
}

uint32_t Flow::common_dominator(uint32_t a, uint32_t b) const {
  while (a != b) {
    while (number[a] > number[b]) a = idom[a];
    while (number[b] > number[a]) b = idom[b];
  }
  return a;
}

Flow flow_of(const Function &function) {
  std::vector<std::vector<uint32_t>> successors(function.blocks.size());
  for (size_t b = 0; b < successors.size(); b++)
    for_each_successor(function.blocks[b], [&](BlockId to) { successors[b].push_back(to.index); });
  return Flow(std::move(successors));
}

uint32_t before_terminators(const Block &block) {
  auto at = static_cast<uint32_t>(block.insts.size());
  while (at > 0 && block.insts[at - 1].is_terminator()) at--;
  if (at < block.insts.size() && block.insts[at].form == Form::AsmTarget && at > 0) at--;
  return at;
}

}  // namespace spile::mir
