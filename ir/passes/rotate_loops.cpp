// Loops whose first test is known to hold test at their end.
//
// Idea: `for (i = 0; i < 8; i++)` asks 0 < 8 before the first round. Where the condition of a loop's header is constant
// for the edge that enters the loop, that edge can go to the body; the header is then only reached from the end of the
// body and joins it, which saves a jump. Inside the body, the phis of the header get phis of their own; behind the
// exit the values of the header stay.
//
//     entry: jump head                                  entry: jump body
//     head: %0 = phi.i32 [i32 0, entry], [%2, body]     body: %0 = phi.i32 [i32 0, entry], [%1, body]
//           %1 = icmp.ult %0, i32 8                           ... %1 = add.i32 %0, i32 1
//           branch %1, body, out                  ->          %2 = icmp.ult %1, i32 8
//     body: ... %2 = add.i32 %0, i32 1                        branch %2, body, out
//           jump head
//
// Requires: simplify_cfg. Breaks: gvn no longer sees the condition of the loop hold in its body: it comes before.
//
// For the kernel's verifier: the first round has constants where the test would have been, later rounds have the test.
#include <algorithm>
#include <optional>

#include "ir/analysis_dominators.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// The graph is analysed anew for each loop that is rotated.
constexpr int kMaxLoops = 64;
// Operations of the header between phis and branch: what a condition takes.
constexpr size_t kMaxOperations = 6;

class Rotator {
 public:
  explicit Rotator(const PassContext &context)
      : f_(context.function), analyses_(context.analyses), is_tried_(f_.blocks.size()) {}

  bool run() {
    int rotated = 0;
    while (rotated < kMaxLoops && rotate_one()) rotated++;
    return rotated != 0;
  }

 private:
  struct Loop {
    BlockId head, before, latch, body, exit;
  };

  bool rotate_one() {
    const Cfg &cfg = analyses_.cfg();
    const Dominators &dominators = analyses_.dominators();
    for (const BlockId head : cfg.rpo) {
      if (is_tried_[head.index]) continue;
      is_tried_[head.index] = true;
      Loop loop{head};
      if (!has_shape(cfg, loop) || !enters_body(loop) || !collect_uses(cfg, dominators, loop)) continue;
      rotate(loop);
      return true;
    }
    return false;
  }

  // A header with phis and a branch, one way in from outside, one from the end of the body.
  bool has_shape(const Cfg &cfg, Loop &loop) const {
    const auto &insts = f_[loop.head].insts;
    const auto preds = cfg.preds(loop.head);
    if (f_[insts.front()].op != Op::Phi || f_[insts.back()].op != Op::Branch || preds.size() != 2) return false;
    loop.before = preds[0];
    loop.latch = preds[1];
    if (!cfg.reachable(loop.before) || !cfg.reachable(loop.latch)) return false;
    if (cfg.order[loop.before.index] >= cfg.order[loop.head.index]) std::swap(loop.before, loop.latch);
    if (cfg.order[loop.before.index] >= cfg.order[loop.head.index]) return false;
    if (cfg.order[loop.latch.index] <= cfg.order[loop.head.index]) return false;
    size_t operations = 0;
    for (const ValueId v : insts) {
      if (f_[v].op == Op::Phi || v == insts.back()) continue;
      if (info_of(f_[v].op).effects != Effects::Pure || f_[v].operand_count > 2 || ++operations > kMaxOperations)
        return false;
    }
    return true;
  }

  // What [v] is when the header is entered from [from], when that is constant.
  std::optional<int64_t> constant_from(BlockId head, BlockId from, ValueId v) const {
    if (f_[v].block != head) return constant_of(f_, v);
    if (f_[v].op == Op::Phi) return constant_of(f_, f_.phi_operand(v, from));
    const auto a = constant_from(head, from, f_.operand(v, 0));
    const auto b = f_[v].operand_count > 1 ? constant_from(head, from, f_.operand(v, 1)) : a;
    if (!a || !b) return std::nullopt;
    return fold(f_[v].op, f_[v].pred, f_[v].type, f_[f_.operand(v, 0)].type, *a, *b);
  }

  bool enters_body(Loop &loop) const {
    const ValueId branch = f_.terminator(loop.head);
    const auto condition = constant_from(loop.head, loop.before, f_.operand(branch, 0));
    if (!condition) return false;
    loop.body = f_.targets(branch)[*condition != 0 ? 0 : 1];
    loop.exit = f_.targets(branch)[*condition != 0 ? 1 : 0];
    return loop.body != loop.head && loop.exit != loop.head && loop.body != loop.exit;
  }

  // Finds the uses of the header's phis inside the body, which get new phis. False when a value of the header is used
  // where neither the new phi nor the header's value is the right one.
  bool collect_uses(const Cfg &cfg, const Dominators &dominators, const Loop &loop) {
    if (cfg.preds(loop.body).size() != 1 || f_[f_[loop.body].insts.front()].op == Op::Phi) return false;
    if (!dominators.dominates(loop.body, loop.latch)) return false;
    const bool exit_is_ours = cfg.preds(loop.exit).size() == 1;
    uses_.clear();
    for (const BlockId b : cfg.rpo)
      for (const ValueId v : f_[b].insts)
        for (size_t i = 0; i < f_[v].operand_count; i++) {
          const ValueId use = f_.operand(v, i);
          if (f_[use].block != loop.head) continue;
          const BlockId at = f_[v].op == Op::Phi ? f_.targets(v)[i] : b;
          if (at == loop.head) continue;
          if (f_[use].op != Op::Phi) return false;
          if (dominators.dominates(loop.body, at))
            uses_.push_back({v, i});
          else if (!exit_is_ours || !dominators.dominates(loop.exit, at))
            return false;
        }
    return true;
  }

  void rotate(const Loop &loop) {
    std::vector<ValueId> old_phis, new_phis;
    for (const ValueId phi : f_[loop.head].insts) {
      if (f_[phi].op != Op::Phi) break;
      const std::array values{f_.phi_operand(phi, loop.before), phi};
      const std::array blocks{loop.before, loop.head};
      const ValueId made = f_.make(Op::Phi, f_[phi].type, values, blocks, 0, f_[phi].loc);
      f_[made].block = loop.body;
      old_phis.push_back(phi);
      new_phis.push_back(made);
    }
    for (const auto &[user, operand] : uses_) {
      const auto at = std::ranges::find(old_phis, f_.operand(user, operand)) - old_phis.begin();
      f_.operands(user)[operand] = new_phis[static_cast<size_t>(at)];
    }
    auto &body = f_[loop.body].insts;
    body.insert(body.begin(), new_phis.begin(), new_phis.end());
    f_.remove_phi_operands(loop.head, loop.before);
    std::ranges::replace(f_.targets(f_.terminator(loop.before)), loop.head, loop.body);
  }

  struct OperandUse {
    ValueId user;
    size_t operand;
  };

  Function &f_;
  Analyses &analyses_;
  std::vector<bool> is_tried_;  // by block
  std::vector<OperandUse> uses_;
};

}  // namespace

bool rotate_loops(const PassContext &context) { return Rotator(context).run(); }

}  // namespace spile::ir::passes
