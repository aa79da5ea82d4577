// The control-flow graph of one function: predecessors and orders. A snapshot: it does not follow changes.
//
// Predecessors are distinct, and in the order of their numbers: a block whose switch names a target three times is one
// predecessor of it, and phis have one operand for it.
#pragma once

#include <span>
#include <vector>

#include "ir/ir.h"

namespace spile::ir {

struct Cfg {
  explicit Cfg(const Function &function);

  static constexpr uint32_t kUnreachable = 0xffff'ffff;

  // Whether it still is what would be made of [function] now. Costs a small part of making it.
  bool is_of(const Function &function) const;

  std::span<const BlockId> preds(BlockId b) const {
    return {pred_pool.data() + pred_begin[b.index], pred_begin[b.index + 1] - pred_begin[b.index]};
  }
  bool reachable(BlockId b) const { return order[b.index] != kUnreachable; }
  // Whether a way to [b] comes from [b] itself or from behind it in the order: each loop has such a block.
  bool is_loop_head(BlockId b) const;
  bool has_loop() const;

  std::vector<BlockId> rpo;          // reachable blocks in reverse post-order; rpo[0] is the entry
  std::vector<uint32_t> order;       // by block: its place in rpo, or kUnreachable
  std::vector<uint32_t> pred_begin;  // by block, and one more
  std::vector<BlockId> pred_pool;

 private:
  static std::span<const BlockId> targets_of(const Function &function, size_t block) {
    if (function.blocks[block].insts.empty()) return {};
    return function.successors(BlockId(block));
  }
  std::span<const BlockId> successors(BlockId b) const {
    return {succ_pool_.data() + succ_begin_[b.index], succ_begin_[b.index + 1] - succ_begin_[b.index]};
  }

  std::vector<uint32_t> succ_begin_;  // by block, and one more
  std::vector<BlockId> succ_pool_;    // the targets of terminators, as they stand there
};

}  // namespace spile::ir
