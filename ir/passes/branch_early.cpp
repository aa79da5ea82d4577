// Truth values that are only joined to be asked for: each way branches for itself.
//
// Idea: a function that is inlined leaves a block that joins what its returns compare, and a branch on it. A way whose
// truth is a comparison of its own takes the branch there, so that no 0 or 1 is made and asked for. Ways with constants
// are thread_jumps's.
//
//     a: %0 = icmp.eq %p0, i32 5                    a: %0 = icmp.eq %p0, i32 5
//        %1 = zext.i8 %0                               branch %0, yes, no
//        jump join                         ->       join: %2 = phi.i8 [%p1, b]
//     join: %2 = phi.i8 [%1, a], [%p1, b]                 %3 = icmp.ne %2, i8 0
//           %3 = icmp.ne %2, i8 0                         branch %3, yes, no
//           branch %3, yes, no
//
// Requires: simplify before it. Breaks: leaves phis with one operand, and blocks that nobody reaches (simplify_cfg).
//
// For the kernel's verifier: the same comparisons in the same order; it learns from them what it never does from a 0 or
// 1 that they have become.
#include <algorithm>

#include "ir/analysis_cfg.h"
#include "ir/analysis_uses.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

class Brancher {
 public:
  explicit Brancher(const PassContext &context)
      : f_(context.function), cfg_(context.analyses.cfg()), uses_(count_uses(f_)) {}

  size_t run() {
    size_t branched = 0;
    for (const BlockId b : cfg_.rpo) branched += branch_before(b);
    return branched;
  }

 private:
  // What the ways to a block join, and which target is taken when that is not 0.
  struct Question {
    ValueId phi;
    size_t yes = 0;
  };

  size_t branch_before(BlockId b) {
    const auto question = question_of(b);
    if (!question || cfg_.is_loop_head(b)) return 0;
    size_t branched = 0;
    const std::vector<BlockId> from(f_.targets(question->phi).begin(), f_.targets(question->phi).end());
    for (const BlockId p : from) {
      const ValueId truth = truth_of(f_.phi_operand(question->phi, p));
      if (!truth || f_[truth].block != p || f_[f_.terminator(p)].op != Op::Jump || !may_branch(p, b)) continue;
      branch(p, b, truth, question->yes);
      branched++;
    }
    return branched;
  }

  // Of a block that does nothing but ask for one phi, which nobody else uses.
  std::optional<Question> question_of(BlockId b) const {
    const auto &insts = f_[b].insts;
    if (b.index == 0 || insts.size() < 2 || insts.size() > 3 || f_[insts[0]].op != Op::Phi) return {};
    const ValueId branch = insts.back();
    if (f_[branch].op != Op::Branch || f_.targets(branch)[0] == f_.targets(branch)[1]) return {};
    if (std::ranges::find(f_.targets(branch), b) != f_.targets(branch).end() || uses_[insts[0].index] != 1) return {};
    if (insts.size() == 2) return f_.operand(branch, 0) == insts[0] ? std::optional(Question{insts[0]}) : std::nullopt;
    const ValueId test = insts[1];
    if (f_[test].op != Op::ICmp || f_.operand(test, 0) != insts[0] || constant_of(f_, f_.operand(test, 1)) != 0)
      return {};
    if (f_.operand(branch, 0) != test || uses_[test.index] != 1) return {};
    if (f_[test].pred != Pred::Eq && f_[test].pred != Pred::Ne) return {};
    return Question{insts[0], f_[test].pred == Pred::Ne ? 0u : 1u};
  }

  // The comparison whose result [v] is, for nobody but the join.
  ValueId truth_of(ValueId v) const {
    while (f_[v].op == Op::Zext && uses_[v.index] == 1) v = f_.operand(v, 0);
    return f_[v].op == Op::ICmp && uses_[v.index] == 1 ? v : ValueId{};
  }

  // A block is in the phis of another once.
  bool may_branch(BlockId p, BlockId b) const {
    return std::ranges::none_of(f_.successors(b), [&](BlockId to) {
      return std::ranges::any_of(f_[to].insts, [&](ValueId v) {
        return f_[v].op == Op::Phi && std::ranges::find(f_.targets(v), p) != f_.targets(v).end();
      });
    });
  }

  void branch(BlockId p, BlockId b, ValueId truth, size_t yes) {
    for (const BlockId to : f_.successors(b))
      for (const ValueId phi : f_[to].insts) {
        if (f_[phi].op != Op::Phi) break;
        f_.add_phi_operand(phi, f_.phi_operand(phi, b), p);
      }
    const std::array targets = {f_.successors(b)[yes], f_.successors(b)[1 - yes]};
    const ValueId jump = f_.terminator(p);
    f_[jump].op = Op::Branch;
    f_.set_operands(jump, std::array{truth});
    f_.set_targets(jump, targets);
    f_.remove_phi_operands(b, p);
  }

  Function &f_;
  const Cfg &cfg_;
  const std::vector<uint32_t> uses_;
};

}  // namespace

bool branch_early(const PassContext &context) { return context.did("ways", Brancher(context).run()); }

}  // namespace spile::ir::passes
