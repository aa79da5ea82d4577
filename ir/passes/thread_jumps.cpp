// Jump threading: past a branch that a predecessor has already decided.
//
// Idea: && and || leave blocks that join constants and branch on them. Where the condition, computed with the operands
// that a predecessor gives to the phis, is constant, that predecessor jumps to the target that the branch would take.
// Only blocks that hold nothing but phis, foldable operations and the branch, all unused elsewhere: then nothing has to
// be copied. Loop headers are left alone, so that loops keep one entry.
//
//     a: branch %0, b, join                                  a: branch %0, b, no
//     b: jump join                                           b: branch %1, yes, no
//     join: %2 = phi.i1 [i1 0, a], [%1, b]            ->
//           branch %2, yes, no
//
// Requires: mem2reg. Breaks: leaves phis with one operand and empty blocks (simplify_cfg).
#include <algorithm>

#include "ir/analysis_cfg.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// Operations between the phis and the branch: what a condition in C takes (casts, a comparison, a negation).
constexpr size_t kMaxOperations = 6;

class Threader {
 public:
  explicit Threader(Function &f) : f_(f) {}

  bool run() {
    const Cfg cfg(f_);
    preds_.assign(f_.blocks.size(), {});
    for (const BlockId b : cfg.rpo) preds_[b.index].assign(cfg.preds(b).begin(), cfg.preds(b).end());
    mark_values_used_elsewhere(cfg);
    bool changed = false;
    for (const BlockId b : cfg.rpo) {
      if (!is_decider(b, cfg)) continue;
      const std::vector<BlockId> from = preds_[b.index];
      for (const BlockId p : from) changed |= thread(p, b);
    }
    return changed;
  }

 private:
  // A value is at home when all its uses are in its block, or in phis behind an edge from its block.
  void mark_values_used_elsewhere(const Cfg &cfg) {
    used_elsewhere_.assign(f_.insts.size(), false);
    for (const BlockId b : cfg.rpo)
      for (const ValueId v : f_[b].insts)
        for (size_t i = 0; i < f_[v].operand_count; i++) {
          const ValueId use = f_.operand(v, i);
          const BlockId at = f_[v].op == Op::Phi ? f_.targets(v)[i] : b;
          if (f_[use].block && f_[use].block != at) used_elsewhere_[use.index] = true;
        }
  }

  bool is_decider(BlockId b, const Cfg &cfg) const {
    const auto &insts = f_[b].insts;
    const Op last = f_[insts.back()].op;
    if (f_[insts.front()].op != Op::Phi || (last != Op::Branch && last != Op::Switch)) return false;
    size_t operations = 0;
    for (const ValueId v : insts) {
      if (used_elsewhere_[v.index]) return false;
      if (f_[v].op == Op::Phi || v == insts.back()) continue;
      if (info_of(f_[v].op).effects != Effects::Pure || f_[v].operand_count > 2 || ++operations > kMaxOperations)
        return false;
    }
    for (const BlockId p : cfg.preds(b))
      if (cfg.order[p.index] >= cfg.order[b.index] || !cfg.reachable(p)) return false;
    return true;
  }

  // What [v] is when [b] is entered from [p]: itself when it is not of [b]; none when it would have to be computed.
  ValueId value_from(BlockId p, BlockId b, ValueId v) {
    if (f_[v].block != b) return v;
    if (f_[v].op == Op::Phi) return f_.phi_operand(v, p);
    const ValueId a = value_from(p, b, f_.operand(v, 0));
    const ValueId c = f_[v].operand_count > 1 ? value_from(p, b, f_.operand(v, 1)) : a;
    if (!a || !c || f_[a].op != Op::Const || f_[c].op != Op::Const) return {};
    const auto value = fold(f_[v].op, f_[v].pred, f_[v].type, f_[a].type, f_[a].imm, f_[c].imm);
    return value ? f_.constant(f_[v].type, *value) : ValueId{};
  }

  bool thread(BlockId p, BlockId b) {
    const ValueId branch = f_.terminator(b);
    const ValueId condition = value_from(p, b, f_.operand(branch, 0));
    if (!condition || f_[condition].op != Op::Const) return false;
    const auto to = f_.targets(branch);
    BlockId target;
    if (f_[branch].op == Op::Branch) {
      target = to[f_[condition].imm != 0 ? 0 : 1];
    } else {
      const auto cases = f_.cases(branch);
      const auto at = std::ranges::find(cases, f_[condition].imm);
      target = at == cases.end() ? to[0] : to[static_cast<size_t>(at - cases.begin()) + 1];
    }
    if (target == b) return false;

    // The values that the phis of the target get on the new edge.
    auto &target_preds = preds_[target.index];
    const bool is_pred = std::ranges::find(target_preds, p) != target_preds.end();
    std::vector<ValueId> values;
    for (const ValueId phi : f_[target].insts) {
      if (f_[phi].op != Op::Phi) break;
      const ValueId value = value_from(p, b, f_.phi_operand(phi, b));
      if (!value || (is_pred && value != f_.phi_operand(phi, p))) return false;
      values.push_back(value);
    }
    if (!is_pred) {
      for (size_t i = 0; i < values.size(); i++) f_.add_phi_operand(f_[target].insts[i], values[i], p);
      target_preds.push_back(p);
    }
    std::ranges::replace(f_.targets(f_.terminator(p)), b, target);
    std::erase(preds_[b.index], p);
    f_.remove_phi_operands(b, p);
    return true;
  }

  Function &f_;
  std::vector<std::vector<BlockId>> preds_;
  std::vector<bool> used_elsewhere_;  // by value
};

}  // namespace

bool thread_jumps(const PassContext &context) { return Threader(context.function).run(); }

}  // namespace spile::ir::passes
