// The loops of a function: their blocks, the way in and the ways back.
//
// In: the graph and its dominators. Out: the natural loop of a header. A snapshot, as the graph is.
// Called by unroll_loops, hoist_invariants and step_pointers.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "ir/analysis_dominators.h"

namespace spile::ir {

struct Loop {
  BlockId head, before;          // where it begins, and the one block outside that goes there; none: there are several
  std::vector<BlockId> entries;  // the blocks outside that go there
  std::vector<BlockId> latches;  // the blocks that go back
  std::vector<BlockId> blocks;   // in reverse post-order, so the header is the first

  bool contains(const Cfg &cfg, BlockId b) const {
    const auto order = [&](BlockId x) { return cfg.order[x.index]; };
    return std::ranges::binary_search(blocks, order(b), {}, order);
  }
};

// None when no block goes back to [head], or blocks that nobody reaches go into the loop.
std::optional<Loop> find_loop(const Cfg &cfg, const Dominators &dominators, BlockId head);

// All that have one way in, each before those that it contains.
std::vector<Loop> find_loops(const Cfg &cfg);

}  // namespace spile::ir
