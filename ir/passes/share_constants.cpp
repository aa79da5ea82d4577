// Edges that bring the same constants to a join share one block.
//
// Idea: a phi operand that is a constant has to be made somewhere on its edge. Where several predecessors give all phis
// of a block the same values, some of them constants, they go through one new block that jumps there: the constants
// are made once, and a conditional branch needs no block of its own to make them in.
//
//     a: branch %0, b, out                                   a: branch %0, b, out.shared
//     b: branch %1, c, out                            ->     b: branch %1, c, out.shared
//     c: ... jump out                                        c: ... jump out
//     out: %2 = phi.i32 [i32 0, a], [i32 0, b], [%3, c]      out.shared: jump out
//          ret %2                                            out: %2 = phi.i32 [%3, c], [i32 0, out.shared]
//                                                                 ret %2
//
// Requires: to be the last pass. Breaks: simplify_cfg's result; simplify_cfg would remove the new blocks.
#include <algorithm>
#include <map>

#include "ir/analysis_cfg.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

class Sharer {
 public:
  explicit Sharer(Function &f) : f_(f) {}

  bool run() {
    const Cfg cfg(f_);
    bool changed = false;
    for (const BlockId b : cfg.rpo) {
      const auto preds = cfg.preds(b);
      preds_.assign(preds.begin(), preds.end());
      changed |= share_constants(b);
    }
    return changed;
  }

 private:
  bool share_constants(BlockId b) {
    const auto &insts = f_[b].insts;
    if (f_[insts.front()].op != Op::Phi || preds_.size() < 3) return false;
    std::map<std::vector<uint32_t>, std::vector<BlockId>> groups;
    for (const BlockId p : preds_) {
      std::vector<uint32_t> incoming;
      bool has_constant = false;
      for (const ValueId phi : insts) {
        if (f_[phi].op != Op::Phi) break;
        const ValueId value = phi_operand(phi, p);
        has_constant = has_constant || f_[value].op == Op::Const;
        incoming.push_back(value.index);
      }
      if (has_constant) groups[incoming].push_back(p);
    }
    bool changed = false;
    for (const auto &[incoming, from] : groups) {
      if (from.size() < 2 || from.size() == preds_.size()) continue;
      share(b, incoming, from);
      changed = true;
    }
    return changed;
  }

  void share(BlockId b, const std::vector<uint32_t> &incoming, const std::vector<BlockId> &from) {
    const BlockId shared = f_.add_block(f_[b].name + ".shared");
    f_.append(shared, f_.make(Op::Jump, Type::Void, {}, std::array{b}, 0, f_[f_.terminator(b)].loc));
    for (const BlockId p : from) {
      drop_phi_operands(b, p);
      std::ranges::replace(f_.targets(f_.terminator(p)), b, shared);
    }
    for (size_t i = 0; i < incoming.size(); i++) f_.add_phi_operand(f_[b].insts[i], ValueId(incoming[i]), shared);
  }

  ValueId phi_operand(ValueId phi, BlockId from) const {
    const auto blocks = f_.targets(phi);
    return f_.operand(phi, static_cast<size_t>(std::ranges::find(blocks, from) - blocks.begin()));
  }

  void drop_phi_operands(BlockId to, BlockId from) {
    for (const ValueId phi : f_[to].insts) {
      if (f_[phi].op != Op::Phi) break;
      const auto blocks = f_.targets(phi);
      const auto at = std::ranges::find(blocks, from);
      if (at != blocks.end()) f_.remove_phi_operand(phi, static_cast<size_t>(at - blocks.begin()));
    }
  }

  Function &f_;
  std::vector<BlockId> preds_;  // of the block that is worked on
};

}  // namespace

bool share_constants(PassContext &context) { return Sharer(context.function).run(); }

}  // namespace spile::ir::passes
