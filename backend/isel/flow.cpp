#include "backend/isel/flow.h"

#include <algorithm>
#include <ranges>

#include "backend/isel/mir.h"

namespace spile::mir {

std::vector<uint32_t> reverse_post_order(const BlockLists &successors) {
  std::vector<uint32_t> order;
  order.reserve(successors.size());
  std::vector<bool> seen(successors.size(), false);
  struct Frame {
    uint32_t block, next;
  };
  std::vector<Frame> stack{{0, 0}};
  seen[0] = true;
  while (!stack.empty()) {
    Frame &top = stack.back();
    if (top.next == successors[top.block].size()) {
      order.push_back(top.block);
      stack.pop_back();
      continue;
    }
    const uint32_t to = successors[top.block][top.next++];
    if (seen[to]) continue;
    seen[to] = true;
    stack.push_back({to, 0});
  }
  std::ranges::reverse(order);
  return order;
}

BlockLists predecessors_of(const BlockLists &successors, std::span<const uint32_t> from) {
  BlockLists preds;
  preds.begin.assign(successors.size() + 1, 0);
  for (const uint32_t block : from)
    for (const uint32_t to : successors[block]) preds.begin[to]++;
  uint32_t end = 0;
  for (uint32_t &begin : preds.begin) begin = end += begin;  // where each list ends: it is filled from there
  preds.pool.resize(end);
  for (const uint32_t block : std::views::reverse(from))
    for (const uint32_t to : std::views::reverse(successors[block])) preds.pool[--preds.begin[to]] = block;
  return preds;
}

Flow::Flow(const BlockLists &successors) : order(reverse_post_order(successors)) {
  const size_t n = successors.size();
  number.assign(n, kNone);
  idom.assign(n, kNone);
  loop_depth.assign(n, 0);
  loop_header.assign(n, kNone);
  outer_header.assign(n, kNone);
  for (uint32_t i = 0; i < order.size(); i++) number[order[i]] = i;
  const BlockLists preds = predecessors_of(successors, order);
  find_dominators(preds);
  find_loops(preds);
}

// Cooper, Harvey, Kennedy: "A simple, fast dominance algorithm". Without ways back one round sees all there is.
void Flow::find_dominators(const BlockLists &preds) {
  idom[0] = 0;
  bool has_way_back = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (const uint32_t block : order) {
      if (block == 0) continue;
      uint32_t best = kNone;
      for (const uint32_t pred : preds[block]) {
        has_way_back |= number[pred] >= number[block];
        if (idom[pred] != kNone) best = best == kNone ? pred : common_dominator(pred, best);
      }
      if (best != idom[block]) {
        idom[block] = best;
        changed = has_way_back;
      }
    }
  }
  idom[0] = kNone;
}

// Natural loops, inner headers first (they come later in the order): a block belongs to the first that claims it.
void Flow::find_loops(const BlockLists &preds) {
  std::vector<uint32_t> work;
  for (size_t i = order.size(); i-- > 0;) {
    const uint32_t header = order[i];
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

BlockLists successors_of(const Function &function) {
  BlockLists successors;
  for (const Block &block : function.blocks) {
    for_each_successor(block, [&](BlockId to) { successors.pool.push_back(to.index); });
    successors.end_list();
  }
  return successors;
}

uint32_t before_terminators(const Block &block) {
  auto at = static_cast<uint32_t>(block.insts.size());
  while (at > 0 && block.insts[at - 1].is_terminator()) at--;
  if (at < block.insts.size() && block.insts[at].form == Form::AsmTarget && at > 0) at--;
  return at;
}

}  // namespace spile::mir
