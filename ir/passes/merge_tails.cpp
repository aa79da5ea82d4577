// Equal blocks become one, and so do edges that bring the same constants to a join.
//
// Idea: two blocks with the same instructions and the same ways out do the same, so the predecessors of one can go to
// the other. Where several predecessors give a block the same constants, they share one block that jumps there: the
// constants are made once, and conditional branches need no block of their own to make them in. Both make the code
// smaller than it runs: they come last.
//
//     a: branch %0, b, out                                   a: branch %0, b, out.shared
//     b: branch %1, c, out                            ->     b: branch %1, c, out.shared
//     c: ... jump out                                        c: ... jump out
//     out: %2 = phi.i32 [i32 0, a], [i32 0, b], [%3, c]      out.shared: jump out
//          ret %2                                            out: %2 = phi.i32 [i32 0, out.shared], [%3, c]
//                                                                 ret %2
//
// Requires: simplify_cfg before it. Breaks: simplify_cfg, which removes the blocks that only jump.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "ir/analysis_cfg.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// Blocks with one hash that are compared with each other; the hash covers everything that must be equal.
constexpr size_t kMaxCandidates = 8;

class Merger {
 public:
  explicit Merger(Function &f) : f_(f) {}

  bool run() {
    const Cfg cfg(f_);
    preds_.assign(f_.blocks.size(), {});
    for (const BlockId b : cfg.rpo) preds_[b.index].assign(cfg.preds(b).begin(), cfg.preds(b).end());
    bool changed = merge_equal_blocks(cfg);
    // Only blocks that were there: the shared ones have no phis.
    for (const BlockId b : cfg.rpo)
      if (!f_[b].insts.empty()) changed |= share_constants(b);
    return changed;
  }

 private:
  // ---------------------------------------------------------------- equal blocks

  bool merge_equal_blocks(const Cfg &cfg) {
    std::vector<bool> used_elsewhere(f_.insts.size());
    for (const BlockId b : cfg.rpo)
      for (const ValueId v : f_[b].insts)
        for (const ValueId use : f_.operands(v))
          if (f_[use].block && (f_[use].block != b || f_[v].op == Op::Phi)) used_elsewhere[use.index] = true;
    std::unordered_map<uint64_t, std::vector<BlockId>> by_hash;
    bool changed = false;
    // From the end to the beginning: blocks whose successors were merged become equal themselves.
    for (auto at = cfg.rpo.rbegin(); at != cfg.rpo.rend(); ++at) {
      const BlockId b = *at;
      if (b.index == 0 || std::ranges::any_of(f_[b].insts, [&](ValueId v) { return used_elsewhere[v.index]; })) continue;
      if (f_[f_[b].insts.front()].op == Op::Phi || std::ranges::find(preds_[b.index], b) != preds_[b.index].end()) continue;
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

  uint64_t hash(BlockId b) const {
    uint64_t h = f_[b].insts.size();
    auto mix = [&h](uint64_t word) { h = (h ^ word) * 0x9e37'79b9'7f4a'7c15ull, h ^= h >> 29; };
    for (const ValueId v : f_[b].insts) {
      const Inst &inst = f_[v];
      mix(static_cast<uint64_t>(inst.op) | static_cast<uint64_t>(inst.type) << 8 | static_cast<uint64_t>(inst.pred) << 16);
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
        if (phi_operand(phi, a) != phi_operand(phi, b)) return false;
      }
    return true;
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

  void replace_block(BlockId b, BlockId by) {
    for (const BlockId to : f_.successors(b)) {
      drop_phi_operands(to, b);
      std::erase(preds_[to.index], b);
    }
    for (const BlockId p : preds_[b.index]) {
      std::ranges::replace(f_.targets(f_.terminator(p)), b, by);
      if (std::ranges::find(preds_[by.index], p) == preds_[by.index].end()) preds_[by.index].push_back(p);
    }
    preds_[b.index].clear();
    for (const ValueId v : f_[b].insts) {
      f_[v].block = {};
      f_[v].op = Op::Undef;
      f_[v].operand_count = f_[v].target_count = 0;
    }
    f_[b].insts.clear();
  }

  // ---------------------------------------------------------------- shared constants

  bool share_constants(BlockId b) {
    const auto &insts = f_[b].insts;
    if (f_[insts.front()].op != Op::Phi || preds_[b.index].size() < 3) return false;
    std::map<std::vector<uint32_t>, std::vector<BlockId>> groups;
    for (const BlockId p : preds_[b.index]) {
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
      if (from.size() < 2 || from.size() == preds_[b.index].size()) continue;
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
      std::erase(preds_[b.index], p);
      std::ranges::replace(f_.targets(f_.terminator(p)), b, shared);
    }
    preds_.push_back(from);
    preds_[b.index].push_back(shared);
    for (size_t i = 0; i < incoming.size(); i++) f_.add_phi_operand(f_[b].insts[i], ValueId(incoming[i]), shared);
  }

  Function &f_;
  std::vector<std::vector<BlockId>> preds_;
};

}  // namespace

bool merge_tails(PassContext &context) { return Merger(context.function).run(); }

}  // namespace spile::ir::passes
