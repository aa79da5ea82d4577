// The dominator tree of the reachable blocks (Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm, 2001).
// A snapshot of the Cfg that it is made from.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/analysis_cfg.h"

namespace spile::ir {

class Dominators {
 public:
  // Blocks that are looked through before a join; with more it costs more than it finds.
  static constexpr size_t kMaxBetween = 24;

  explicit Dominators(const Cfg &cfg);

  // The immediate dominator; none for the entry and for unreachable blocks.
  BlockId idom(BlockId b) const { return idom_[b.index]; }
  // Reflexive. False when either block is unreachable.
  bool dominates(BlockId a, BlockId b) const {
    return last_[a.index] != 0 && first_[a.index] <= first_[b.index] && last_[b.index] <= last_[a.index] &&
           last_[b.index] != 0;
  }
  std::span<const BlockId> children(BlockId b) const {
    return {child_pool_.data() + child_begin_[b.index], child_begin_[b.index + 1] - child_begin_[b.index]};
  }
  // Reachable blocks, each before the blocks that it dominates.
  const std::vector<BlockId> &preorder() const { return preorder_; }

  // The blocks on the ways from the immediate dominator of [b] to [b]: [b] too, when a loop within these ways goes back
  // to it. None when there are more than kMaxBetween.
  std::optional<std::vector<BlockId>> between(const Cfg &cfg, BlockId b) const;

  // By block: the blocks where its dominance ends (Cytron et al., 1991).
  std::vector<std::vector<BlockId>> frontiers(const Cfg &cfg) const;

 private:
  std::vector<BlockId> idom_;
  std::vector<uint32_t> child_begin_;
  std::vector<BlockId> child_pool_;
  std::vector<BlockId> preorder_;
  std::vector<uint32_t> first_, last_;  // times of entering and leaving in a walk of the tree; last 0: unreachable
};

}  // namespace spile::ir
