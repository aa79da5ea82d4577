// Control-flow clean-up.
//
// Idea: a branch on a constant, or with one target, is a jump; a block that nobody reaches goes; a phi whose operands
// are one value is that value; a block with one way in joins the block before it when that has one way out; a block
// that only jumps is skipped, and one that only joins values hands them to the phis of its target. Each step removes
// an edge, a block or a phi, so it ends. Predecessors are kept up to date while it works.
//
//     entry: branch i1 1, a, b        entry: ret i32 1
//     a: jump out               ->
//     b: jump out
//     out: %0 = phi.i32 [i32 1, a], [i32 2, b]
//          ret %0
//
// Requires: nothing. Breaks: nothing; it may make edges from a block with two exits to one with two entries.
#include <algorithm>

#include "ir/analysis_cfg.h"
#include "ir/analysis_uses.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/pred_lists.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

class Cleaner {
 public:
  explicit Cleaner(const PassContext &context) : f_(context.function), analyses_(context.analyses), rewrite_(f_) {}

  bool run() {
    bool any = false;
    do {
      changed_ = false;
      remove_unreachable();
      for (size_t b = 0; b < f_.blocks.size(); b++)
        if (!f_.blocks[b].insts.empty()) clean(BlockId(b));
      rewrite_.apply();
      rewrite_.clear();
      merge_phi_blocks();
      any = any || changed_;
    } while (changed_);
    return any;
  }

 private:
  void remove_unreachable() {
    const Cfg &cfg = analyses_.cfg();
    preds_.assign(cfg);
    for (size_t i = 0; i < f_.blocks.size(); i++) {
      const BlockId b(i);
      if (f_[b].insts.empty() || cfg.reachable(b)) continue;
      for (const BlockId to : f_.successors(b))
        if (cfg.reachable(to)) remove_pred(to, b);
      clear(b);
    }
  }

  void clear(BlockId b) {
    std::vector<ValueId> insts;
    std::swap(insts, f_[b].insts);
    for (const ValueId v : insts) {
      f_[v].block = {};
      f_.remove(v);
    }
    preds_.clear(b);
    changed_ = true;
  }

  // [from] is no longer a predecessor of [to].
  void remove_pred(BlockId to, BlockId from) {
    preds_.remove(to, from);
    f_.remove_phi_operands(to, from);
  }

  void clean(BlockId b) {
    if (b.index != 0 && preds_[b].empty()) return;  // the next round removes it
    fold_terminator(b);
    fold_phis(b);
    while (absorb_successor(b)) fold_terminator(b);
    skip_empty(b);
  }

  void fold_terminator(BlockId b) {
    const ValueId v = f_.terminator(b);
    const Op op = f_[v].op;
    if (op != Op::Branch && op != Op::Switch) return;
    const auto to = f_.targets(v);
    const auto value = constant_of(f_, rewrite_.resolve(f_.operand(v, 0)));
    size_t taken = 0;
    if (value) {
      taken = f_.taken(v, *value);
    } else if (std::ranges::adjacent_find(to, std::not_equal_to<>{}) != to.end()) {
      return;
    }
    const BlockId kept = to[taken];
    std::vector<BlockId> dropped(to.begin(), to.end());
    std::ranges::sort(dropped);
    const auto repeated = std::ranges::unique(dropped);
    dropped.erase(repeated.begin(), repeated.end());
    for (const BlockId t : dropped)
      if (t != kept) remove_pred(t, b);
    make_jump(v, kept);
  }

  void make_jump(ValueId v, BlockId to) {
    f_[v].op = Op::Jump;
    f_[v].weight = 0;
    f_.set_operands(v, {});
    f_.set_targets(v, std::array{to});
    changed_ = true;
  }

  // A phi of one value is that value; operands that are the phi itself say nothing.
  void fold_phis(BlockId b) {
    auto &insts = f_[b].insts;
    size_t phis = 0, kept = 0;
    for (; f_[insts[phis]].op == Op::Phi; phis++) {
      const ValueId v = insts[phis];
      ValueId same;
      bool is_one = true;
      for (const ValueId raw : f_.operands(v)) {
        const ValueId operand = rewrite_.resolve(raw);
        if (operand == v || operand == same) continue;
        is_one = !same.valid();
        same = operand;
        if (!is_one) break;
      }
      // An operand that is another phi of this block would be read one iteration too late.
      if (!is_one || !same || (f_[same].block == b && f_.operands(v).size() > 1)) {
        insts[kept++] = v;
        continue;
      }
      f_[v].block = {};
      f_.remove(v);
      rewrite_.replace(v, same);
      changed_ = true;
    }
    insts.erase(insts.begin() + static_cast<ptrdiff_t>(kept), insts.begin() + static_cast<ptrdiff_t>(phis));
  }

  bool absorb_successor(BlockId b) {
    const ValueId jump = f_.terminator(b);
    if (f_[jump].op != Op::Jump) return false;
    const BlockId next = f_.targets(jump)[0];
    if (next == b || preds_[next].size() != 1) return false;
    fold_phis(next);
    if (f_[f_[next].insts.front()].op == Op::Phi) return false;
    f_.remove(jump);
    for (const ValueId v : f_[next].insts) {
      f_[v].block = b;
      f_[b].insts.push_back(v);
    }
    f_[next].insts.clear();
    preds_.clear(next);
    for (const BlockId to : f_.successors(b)) {
      preds_.replace(to, next, b);
      for (const ValueId phi : f_[to].insts) {
        if (f_[phi].op != Op::Phi) break;
        std::ranges::replace(f_.targets(phi), next, b);
      }
    }
    changed_ = true;
    return true;
  }

  ValueId phi_operand_from(ValueId phi, BlockId from) { return rewrite_.resolve(f_.phi_operand(phi, from)); }

  // Whether every phi of [to] has the same value on the edges from [a] and [b].
  bool phis_agree(BlockId to, BlockId a, BlockId b) {
    for (const ValueId phi : f_[to].insts) {
      if (f_[phi].op != Op::Phi) break;
      if (phi_operand_from(phi, a) != phi_operand_from(phi, b)) return false;
    }
    return true;
  }

  // Predecessors of a block that only jumps go straight to its target.
  void skip_empty(BlockId b) {
    const ValueId jump = f_[b].insts.front();
    if (b.index == 0 || f_[jump].op != Op::Jump) return;
    const BlockId to = f_.targets(jump)[0];
    if (to == b) return;
    from_.assign(preds_[b].begin(), preds_[b].end());
    for (const BlockId p : from_) {
      const bool is_pred = preds_.has(to, p);
      if (is_pred && !phis_agree(to, p, b)) continue;
      std::ranges::replace(f_.targets(f_.terminator(p)), b, to);
      if (f_[jump].unroll != 0) f_[f_.terminator(p)].unroll = f_[jump].unroll;
      preds_.remove(b, p);
      changed_ = true;
      if (is_pred) continue;
      preds_.add(to, p);
      for (const ValueId phi : f_[to].insts) {
        if (f_[phi].op != Op::Phi) break;
        f_.add_phi_operand(phi, phi_operand_from(phi, b), p);
      }
    }
    if (!preds_[b].empty()) return;
    remove_pred(to, b);
    clear(b);
  }

  // Blocks of phis and a jump, whose phis only the phis of the target read.
  void merge_phi_blocks() {
    std::vector<uint32_t> uses;  // counted when somebody asks
    for (size_t i = 1; i < f_.blocks.size(); i++) {
      const BlockId b(i);
      if (f_[b].insts.empty() || preds_[b].empty() || f_[f_[b].insts.front()].op != Op::Phi) continue;
      const size_t phi_count = f_[b].insts.size() - 1;
      const ValueId jump = f_.terminator(b);
      if (f_[jump].op != Op::Jump || f_[f_[b].insts[phi_count - 1]].op != Op::Phi) continue;
      const BlockId to = f_.targets(jump)[0];
      if (to == b) continue;
      if (uses.empty()) uses = count_uses(f_);
      if (!phis_only_feed(b, to, uses)) continue;
      from_.assign(preds_[b].begin(), preds_[b].end());
      if (std::ranges::any_of(from_, [&](BlockId p) { return preds_.has(to, p); })) continue;
      for (const ValueId phi : f_[to].insts) {
        if (f_[phi].op != Op::Phi) break;
        const ValueId through = phi_operand_from(phi, b);
        for (const BlockId p : from_) {
          const ValueId value = f_[through].block == b ? phi_operand_from(through, p) : through;
          f_.add_phi_operand(phi, value, p);
          uses[value.index]++;
        }
        uses[through.index]--;
      }
      remove_pred(to, b);
      for (const BlockId p : from_) {
        std::ranges::replace(f_.targets(f_.terminator(p)), b, to);
        preds_.add(to, p);
      }
      for (const ValueId phi : f_[b].insts)
        for (const ValueId operand : f_.operands(phi)) uses[operand.index]--;
      clear(b);
    }
  }

  bool phis_only_feed(BlockId b, BlockId to, const std::vector<uint32_t> &uses) {
    for (const ValueId v : f_[b].insts) {
      if (f_[v].op != Op::Phi) break;
      uint32_t fed = 0;
      for (const ValueId phi : f_[to].insts) {
        if (f_[phi].op != Op::Phi) break;
        if (phi_operand_from(phi, b) == v) fed++;
      }
      if (fed != uses[v.index]) return false;
    }
    return true;
  }

  Function &f_;
  Analyses &analyses_;
  Rewrite rewrite_;
  PredLists preds_;
  std::vector<BlockId> from_;  // the predecessors of the block that is worked on, as they were
  bool changed_ = false;
};

}  // namespace

bool simplify_cfg(const PassContext &context) { return Cleaner(context).run(); }

}  // namespace spile::ir::passes
