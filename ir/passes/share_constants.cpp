// Edges that bring the same constants to a join share one block, and equal constants are returned in one place.
//
// Idea: a phi operand that is a constant has to be made somewhere on its edge. Where several predecessors give all phis
// of a block the same values, some of them constants, they go through one new block that jumps there: the constants
// are made once, and a conditional branch needs no block of its own to make them in. Where the block only returns its
// phi, they go to a block that returns the constant, one for the whole function.
//
//     a: branch %0, b, out                                   a: branch %0, b, out.shared
//     b: branch %1, c, out                            ->     b: branch %1, c, out.shared
//     c: ... jump out                                        c: ... jump out
//     out: %2 = phi.i32 [i32 0, a], [i32 0, b], [%3, c]      out.shared: ret i32 0
//          ret %2                                            out: %2 = phi.i32 [%3, c]
//                                                                 ret %2
//
// Requires: to be behind the last simplify_cfg, which would remove the new blocks. Breaks: leaves branches whose
// condition no longer matters as jumps, and the condition dead (dce).
#include <algorithm>
#include <map>
#include <optional>

#include "ir/analysis_cfg.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

class Sharer {
 public:
  explicit Sharer(const PassContext &context) : f_(context.function), analyses_(context.analyses) {}

  bool run() {
    const Cfg &cfg = analyses_.cfg();
    bool changed = false;
    for (const BlockId b : cfg.rpo)
      if (const auto value = returned_constant(b)) returns_.try_emplace(*value, b);
    for (const BlockId b : cfg.rpo) {
      if (f_[b].insts.empty() || f_[f_[b].insts.front()].op != Op::Phi) continue;
      const auto preds = cfg.preds(b);
      preds_.assign(preds.begin(), preds.end());
      changed |= returns_its_phi(b) ? return_constants(b, cfg) : share_constants(b, cfg);
    }
    return changed;
  }

 private:
  // ---- returns

  std::optional<int64_t> returned_constant(BlockId b) const {
    const ValueId ret = f_[b].insts.front();
    if (b.index == 0 || f_[ret].op != Op::Ret || f_[ret].operand_count == 0) return std::nullopt;
    return constant_of(f_, f_.operand(ret, 0));
  }
  bool returns_its_phi(BlockId b) const {
    const auto &insts = f_[b].insts;
    return insts.size() == 2 && f_[insts[1]].op == Op::Ret && f_[insts[1]].operand_count == 1 &&
           f_.operand(insts[1], 0) == insts[0];
  }

  bool return_constants(BlockId b, const Cfg &cfg) {
    const ValueId phi = f_[b].insts[0];
    bool changed = false;
    for (const BlockId p : preds_) {
      const ValueId value = f_.phi_operand(phi, p);
      if (f_[value].op != Op::Const) continue;
      f_.remove_phi_operands(b, p);
      const BlockId to = block_returning(value, f_[f_[b].insts[1]].loc);
      redirect(p, b, to);
      skip_if_empty(p, to, cfg);
      changed = true;
    }
    if (f_[phi].operand_count == 0) clear(b);
    return changed;
  }

  BlockId block_returning(ValueId value, Loc loc) {
    const auto [at, is_new] = returns_.try_emplace(f_[value].imm, BlockId{});
    if (is_new) {
      at->second = f_.add_block("return");
      f_.append(at->second, f_.make(Op::Ret, Type::Void, std::array{value}, {}, 0, loc));
    }
    return at->second;
  }

  // The edge from [p] to [from] goes to [to], which has no phis.
  void redirect(BlockId p, BlockId from, BlockId to) {
    const ValueId branch = f_.terminator(p);
    std::ranges::replace(f_.targets(branch), from, to);
    if (f_[branch].op != Op::Branch || f_.targets(branch)[0] != f_.targets(branch)[1]) return;
    f_[branch].op = Op::Jump;
    f_[branch].weight = 0;
    f_.set_operands(branch, {});
    f_.set_targets(branch, std::array{to});
  }

  void clear(BlockId b) {
    for (const ValueId v : f_[b].insts) {
      f_[v].block = {};
      f_[v].op = Op::Undef;
      f_[v].operand_count = f_[v].target_count = 0;
    }
    f_[b].insts.clear();
  }

  // ---- joins

  bool share_constants(BlockId b, const Cfg &cfg) {
    const auto &insts = f_[b].insts;
    if (preds_.size() < 3) return false;
    std::map<std::vector<uint32_t>, std::vector<BlockId>> groups;
    for (const BlockId p : preds_) {
      std::vector<uint32_t> incoming;
      bool has_constant = false;
      for (const ValueId phi : insts) {
        if (f_[phi].op != Op::Phi) break;
        const ValueId value = f_.phi_operand(phi, p);
        has_constant = has_constant || f_[value].op == Op::Const;
        incoming.push_back(value.index);
      }
      if (has_constant) groups[incoming].push_back(p);
    }
    bool changed = false;
    for (const auto &[incoming, from] : groups) {
      if (from.size() < 2 || from.size() == preds_.size()) continue;
      share(b, incoming, from, cfg);
      changed = true;
    }
    return changed;
  }

  void share(BlockId b, const std::vector<uint32_t> &incoming, const std::vector<BlockId> &from, const Cfg &cfg) {
    const BlockId shared = f_.add_block(f_[b].name + ".shared");
    f_.append(shared, f_.make(Op::Jump, Type::Void, {}, std::array{b}, 0, f_[f_.terminator(b)].loc));
    for (const BlockId p : from) {
      f_.remove_phi_operands(b, p);
      redirect(p, b, shared);
      skip_if_empty(p, shared, cfg);
    }
    for (size_t i = 0; i < incoming.size(); i++) f_.add_phi_operand(f_[b].insts[i], ValueId(incoming[i]), shared);
  }

  // A block that only jumped, to keep two values of one branch apart, is not needed when [to] does that.
  void skip_if_empty(BlockId p, BlockId to, const Cfg &cfg) {
    if (p.index == 0 || f_[p].insts.size() != 1 || f_[f_[p].insts[0]].op != Op::Jump) return;
    for (const BlockId before : cfg.preds(p))
      if (!f_[before].insts.empty()) redirect(before, p, to);
    clear(p);
  }

  Function &f_;
  Analyses &analyses_;
  std::vector<BlockId> preds_;          // of the block that is worked on
  std::map<int64_t, BlockId> returns_;  // by constant: the block that only returns it
};

}  // namespace

bool share_constants(const PassContext &context) { return Sharer(context).run(); }

}  // namespace spile::ir::passes
