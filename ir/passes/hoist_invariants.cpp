// Addresses that are the same in every round are computed before the loop.
//
// Idea: a ptradd whose operands come from outside of a loop, with the arithmetic that only leads to it, moves to a
// block before the loop. Inner loops come first, so that what has left one may leave the next. What a branch of the
// loop tests stays, and so does all that is computed from it.
//
//     before: jump loop                          before: %0 = mul.i64 %p1, i64 20
//     loop: %0 = mul.i64 %p1, i64 20                     %1 = ptradd @rows, %0
//           %1 = ptradd @rows, %0                        jump loop
//           %2 = ptradd %1, ...           ->     loop: %2 = ptradd %1, ...
//           ...                                        ...
//           branch %9, loop, out                       branch %9, loop, out
//
// Requires: rotate_loops. Breaks: nothing. Only addresses: a number costs its instruction either way, and a register
// for the whole loop when it moves.
//
// For the kernel's verifier: no address moves past the check that guards it, since no branch of the loop is about it.
// Numbers that a loop does not change are forgotten at its header by the kernel (it widens what it has not yet found to
// matter), pointers are kept: rows[i][j] over an open-coded iterator is only accepted with the row's address outside.
#include <algorithm>

#include "ir/analysis_loops.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

class Hoister {
 public:
  explicit Hoister(const PassContext &context) : f_(context.function), cfg_(context.analyses.cfg()) {}

  size_t run() {
    size_t hoisted = 0;
    const std::vector<Loop> loops = find_loops(cfg_);
    for (auto loop = loops.rbegin(); loop != loops.rend(); ++loop) hoisted += hoist(*loop);
    return hoisted;
  }

 private:
  size_t hoist(const Loop &loop) {
    is_tested_.assign(f_.insts.size(), false);
    for (const BlockId b : loop.blocks)
      if (const ValueId v = f_.terminator(b); info_of(f_[v].op).effects == Effects::Term)
        for (const ValueId operand : f_.operands(v)) mark_tested(operand);
    moved_.clear();
    is_moved_.assign(f_.insts.size(), false);
    for (const BlockId b : loop.blocks)
      for (const ValueId v : f_[b].insts)
        if (f_[v].op == Op::PtrAdd && f_[f_.operand(v, 1)].op != Op::Const) collect(loop, v);
    if (moved_.empty()) return 0;
    const BlockId to = block_before(loop);
    for (const BlockId b : loop.blocks) std::erase_if(f_[b].insts, [&](ValueId v) { return is_moved_[v.index]; });
    for (const ValueId v : moved_) f_.insert(to, f_[to].insts.size() - 1, v);
    return moved_.size();
  }

  // What a condition is computed from.
  void mark_tested(ValueId v) {
    std::vector<ValueId> work{v};
    while (!work.empty()) {
      const ValueId at = work.back();
      work.pop_back();
      if (is_tested_[at.index] || is_fixed(at)) continue;
      is_tested_[at.index] = true;
      if (f_[at].op != Op::Phi && info_of(f_[at].op).effects == Effects::Pure)
        for (const ValueId operand : f_.operands(at)) work.push_back(operand);
    }
  }
  bool is_fixed(ValueId v) const {
    return f_[v].op == Op::Const || f_[v].op == Op::GlobalAddr || f_[v].op == Op::SlotAddr;
  }

  bool is_outside(const Loop &loop, ValueId v) const {
    const BlockId b = f_[v].block;
    return !b || (b.index < cfg_.order.size() && !loop.contains(cfg_, b)) || is_moved_[v.index];
  }

  // Notes [v] of the loop and what it needs, operands first, or nothing when that cannot leave the loop.
  void collect(const Loop &loop, ValueId v) {
    const size_t before = moved_.size();
    if (can_move(loop, v, 0)) return;
    for (; moved_.size() > before; moved_.pop_back()) is_moved_[moved_.back().index] = false;
  }
  bool can_move(const Loop &loop, ValueId v, int depth) {
    constexpr int kMaxDepth = 6;
    if (is_outside(loop, v)) return !depends_on_test(v, 0);
    const Op op = f_[v].op;
    if (f_[v].block.index >= cfg_.order.size()) return false;  // it has left an inner loop for a block that is new
    if (info_of(op).effects != Effects::Pure || op == Op::Phi || op == Op::AsmOutput || op == Op::IsConstant ||
        depth == kMaxDepth || is_tested_[v.index])
      return false;
    for (const ValueId operand : f_.operands(v))
      if (!can_move(loop, operand, depth + 1)) return false;
    moved_.push_back(v);
    is_moved_[v.index] = true;
    return true;
  }
  // Whether a branch of the loop is about [v] or what it is computed from.
  bool depends_on_test(ValueId v, int depth) const {
    constexpr int kMaxDepth = 6;
    if (is_fixed(v)) return false;
    if (v.index >= is_tested_.size() || is_tested_[v.index] || depth == kMaxDepth) return true;
    if (f_[v].op == Op::Phi || info_of(f_[v].op).effects != Effects::Pure) return false;
    return std::ranges::any_of(f_.operands(v), [&](ValueId operand) { return depends_on_test(operand, depth + 1); });
  }

  // A block that only leads into the loop.
  BlockId block_before(const Loop &loop) {
    const ValueId way_in = f_.terminator(loop.before);
    if (f_[way_in].op == Op::Jump) return loop.before;
    const BlockId made = f_.add_block(f_[loop.head].name + ".before");
    f_.append(made, f_.make(Op::Jump, Type::Void, {}, std::array{loop.head}, 0, f_[way_in].loc));
    std::ranges::replace(f_.targets(way_in), loop.head, made);
    for (const ValueId phi : f_[loop.head].insts) {
      if (f_[phi].op != Op::Phi) break;
      std::ranges::replace(f_.targets(phi), loop.before, made);
    }
    return made;
  }

  Function &f_;
  const Cfg &cfg_;
  // Of the loop at hand.
  std::vector<bool> is_tested_, is_moved_;  // by value
  std::vector<ValueId> moved_;
};

}  // namespace

bool hoist_invariants(const PassContext &context) { return context.did("instructions", Hoister(context).run()); }

}  // namespace spile::ir::passes
