// The predecessors of each block, for passes that change the graph and keep them up to date.
//
// A list is a slice of one pool, and moves to its end when it has to grow: most lists never do. So a span of one is
// good until the next add().
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "ir/analysis_cfg.h"

namespace spile::ir {

class PredLists {
 public:
  // Those of the blocks that are reached.
  void assign(const Cfg &cfg) {
    pool_ = cfg.pred_pool;
    lists_.assign(cfg.order.size(), {});
    for (const BlockId b : cfg.rpo) {
      const auto count = static_cast<uint32_t>(cfg.preds(b).size());
      lists_[b.index] = {cfg.pred_begin[b.index], count, count};
    }
  }

  std::span<const BlockId> operator[](BlockId b) const {
    return {pool_.data() + lists_[b.index].begin, lists_[b.index].count};
  }
  bool has(BlockId b, BlockId pred) const { return std::ranges::find((*this)[b], pred) != (*this)[b].end(); }

  // A block that is new in the function has no predecessors.
  void resize(size_t blocks) { lists_.resize(blocks); }
  void add(BlockId b, BlockId pred) {
    List &list = lists_[b.index];
    if (list.count == list.room) {
      const auto begin = static_cast<uint32_t>(pool_.size());
      list.room = 2 * list.room + 2;
      pool_.resize(begin + list.room);
      std::copy_n(pool_.begin() + list.begin, list.count, pool_.begin() + begin);
      list.begin = begin;
    }
    pool_[list.begin + list.count++] = pred;
  }
  void remove(BlockId b, BlockId pred) {
    remove_if(b, [&](BlockId p) { return p == pred; });
  }
  template <class Condition>
  void remove_if(BlockId b, Condition condition) {
    const auto removed = std::ranges::remove_if(slice(b), condition);
    lists_[b.index].count -= static_cast<uint32_t>(removed.size());
  }
  void replace(BlockId b, BlockId pred, BlockId by) { std::ranges::replace(slice(b), pred, by); }
  void clear(BlockId b) { lists_[b.index].count = 0; }

 private:
  struct List {
    uint32_t begin = 0, count = 0, room = 0;
  };
  std::span<BlockId> slice(BlockId b) { return {pool_.data() + lists_[b.index].begin, lists_[b.index].count}; }

  std::vector<BlockId> pool_;
  std::vector<List> lists_;  // by block
};

}  // namespace spile::ir
