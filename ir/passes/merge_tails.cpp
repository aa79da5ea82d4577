// Equal blocks become one.
//
// Idea: two blocks with the same instructions and the same ways out do the same, so the predecessors of one can go to
// the other. Blocks are compared from the end of the function to its beginning: where successors were merged, the
// blocks before them become equal too. What a block computes must not be used outside of it.
//
//     entry: branch %p0, a, b                 entry: branch %p0, a, a
//     a: store i32 1, %p1                     a: store i32 1, %p1
//        ret i32 0                     ->        ret i32 0
//     b: store i32 1, %p1
//        ret i32 0
//
// Requires: simplify_cfg before it. Breaks: leaves branches with two equal targets (simplify_cfg).
#include <algorithm>
#include <unordered_map>

#include "ir/analysis_cfg.h"
#include "ir/pass.h"
#include "ir/pred_lists.h"

namespace spile::ir::passes {

namespace {

// Blocks with one hash that are compared with each other; the hash covers everything that must be equal.
constexpr size_t kMaxCandidates = 8;

class Merger {
 public:
  explicit Merger(const PassContext &context) : f_(context.function), analyses_(context.analyses) {}

  bool run() {
    const Cfg &cfg = analyses_.cfg();
    preds_.assign(cfg);
    std::vector<bool> used_elsewhere(f_.insts.size());
    for (const BlockId b : cfg.rpo)
      for (const ValueId v : f_[b].insts)
        for (const ValueId use : f_.operands(v))
          if (f_[use].block && (f_[use].block != b || f_[v].op == Op::Phi)) used_elsewhere[use.index] = true;
    std::unordered_map<uint64_t, std::vector<BlockId>> by_hash;
    bool changed = false;
    for (auto at = cfg.rpo.rbegin(); at != cfg.rpo.rend(); ++at) {
      const BlockId b = *at;
      if (b.index == 0 || std::ranges::any_of(f_[b].insts, [&](ValueId v) { return used_elsewhere[v.index]; }))
        continue;
      if (f_[f_[b].insts.front()].op == Op::Phi || preds_.has(b, b)) continue;
      auto &candidates = by_hash[hash(b)];
      const auto same = std::ranges::find_if(candidates, [&](BlockId c) { return equal(b, c); });
      if (same != candidates.end()) {
        replace_block(b, *same);
        changed = true;
      } else if (candidates.size() < kMaxCandidates) {
        candidates.push_back(b);
      }
    }
    return changed;
  }

 private:
  uint64_t hash(BlockId b) const {
    uint64_t h = f_[b].insts.size();
    auto mix = [&h](uint64_t word) { h = (h ^ word) * 0x9e37'79b9'7f4a'7c15ull, h ^= h >> 29; };
    for (const ValueId v : f_[b].insts) {
      const Inst &inst = f_[v];
      mix(static_cast<uint64_t>(inst.op) | static_cast<uint64_t>(inst.type) << 8 |
          static_cast<uint64_t>(inst.pred) << 16);
      mix(static_cast<uint64_t>(inst.imm));
      for (const ValueId use : f_.operands(v)) mix(f_[use].block == b ? 0 : use.index);
      for (const BlockId to : f_.targets(v)) mix(to.index);
    }
    return h;
  }

  bool equal(BlockId a, BlockId b) const {
    const auto &left = f_[a].insts, &right = f_[b].insts;
    if (left.size() != right.size()) return false;
    std::unordered_map<uint32_t, uint32_t> same;  // value of a: value of b
    for (size_t i = 0; i < left.size(); i++) {
      const Inst &x = f_[left[i]], &y = f_[right[i]];
      if (x.op != y.op || x.type != y.type || x.pred != y.pred || x.imm != y.imm || x.align != y.align ||
          x.is_volatile != y.is_volatile || x.operand_count != y.operand_count)
        return false;
      for (size_t o = 0; o < x.operand_count; o++) {
        const ValueId p = f_.operand(left[i], o), q = f_.operand(right[i], o);
        const auto mapped = same.find(p.index);
        if (mapped == same.end() ? p != q || f_[p].block == a : mapped->second != q.index) return false;
      }
      if (!std::ranges::equal(f_.targets(left[i]), f_.targets(right[i]))) return false;
      if (x.op == Op::Switch && !std::ranges::equal(f_.cases(left[i]), f_.cases(right[i]))) return false;
      same[left[i].index] = right[i].index;
    }
    for (const BlockId to : f_.successors(a))
      for (const ValueId phi : f_[to].insts) {
        if (f_[phi].op != Op::Phi) break;
        if (f_.phi_operand(phi, a) != f_.phi_operand(phi, b)) return false;
      }
    return true;
  }

  void replace_block(BlockId b, BlockId by) {
    for (const BlockId to : f_.successors(b)) {
      f_.remove_phi_operands(to, b);
      preds_.remove(to, b);
    }
    for (size_t i = 0; i < preds_[b].size(); i++) {
      const BlockId p = preds_[b][i];
      std::ranges::replace(f_.targets(f_.terminator(p)), b, by);
      if (!preds_.has(by, p)) preds_.add(by, p);
    }
    preds_.clear(b);
    for (const ValueId v : f_[b].insts) {
      f_[v].block = {};
      f_[v].op = Op::Undef;
      f_[v].operand_count = f_[v].target_count = 0;
    }
    f_[b].insts.clear();
  }

  Function &f_;
  Analyses &analyses_;
  PredLists preds_;
};

}  // namespace

bool merge_tails(const PassContext &context) { return Merger(context).run(); }

}  // namespace spile::ir::passes
