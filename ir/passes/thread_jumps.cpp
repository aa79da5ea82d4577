// Jump threading: past a branch that the way to it has already decided.
//
// Idea: && and || leave blocks that join constants and branch on them, and inlined functions give back what the caller
// then tests. Where the condition of a block is known on the edge from a predecessor, from the operands of its phis or
// from a branch before, that predecessor goes to the target that the branch would take, through a block that computes
// again what of the skipped block is used behind it. Such values then have several definitions: they go through slots,
// which mem2reg makes values again. Loop headers are left alone, so that loops keep one entry.
//
//     a: branch %0, b, join                                  a: branch %0, b, no
//     b: jump join                                           b: branch %1, yes, no
//     join: %2 = phi.i1 [i1 0, a], [%1, b]            ->
//           branch %2, yes, no
//
// Requires: mem2reg. Breaks: leaves phis with one operand and empty blocks (simplify_cfg).
//
// For the kernel's verifier: a check that is skipped was made before on the same value, on every path that skips it.
#include <algorithm>
#include <optional>
#include <utility>

#include "ir/analysis_cfg.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/pred_lists.h"

namespace spile::ir::passes {

namespace {

// Operations between the phis and the branch that are looked at, and how many of them are made again for one edge.
constexpr size_t kMaxOperations = 12;
constexpr size_t kMaxCopies = 3;
// Branches before an edge that are asked for what they have decided.
constexpr int kMaxBranchesBefore = 8;
// A value whose definition moved in a round waits for the next one.
constexpr int kMaxRounds = 4;

class Threader {
 public:
  explicit Threader(const PassContext &context) : context_(context), f_(context.function) {}

  bool run() {
    bool changed = false;
    for (int round = 0; round < kMaxRounds && run_round(); round++) changed = true;
    return changed;
  }

 private:
  bool run_round() {
    const Cfg &cfg = context_.analyses.cfg();
    preds_.assign(cfg);
    for (const BlockId b : cfg.rpo) preds_.remove_if(b, [&](BlockId p) { return !cfg.reachable(p); });
    is_demoted_.assign(f_.blocks.size(), false);
    is_frozen_.assign(f_.blocks.size(), false);
    slots_.assign(f_.insts.size(), kNoSlot);
    is_indexed_ = false;
    const size_t slots_before = f_.slots.size();
    size_t threaded = 0;
    bool has_slots = false;
    for (const BlockId b : cfg.rpo) {
      if (!is_decider(b, cfg)) continue;
      const std::vector<BlockId> from(preds_[b].begin(), preds_[b].end());
      for (const BlockId p : from) threaded += thread(p, b, cfg) ? 1 : 0;
      has_slots = has_slots || is_demoted_[b.index];
    }
    context_.did("jumps", threaded);
    if (has_slots) passes::mem2reg(context_);
    // They have served; all of them were stored and loaded whole.
    while (f_.slots.size() > slots_before && f_.slots.back().size == 0) f_.slots.pop_back();
    return threaded != 0;
  }

  // Uses of a value outside of its block, or in phis that are not behind an edge from its block.
  struct Use {
    ValueId user;
    uint32_t operand;
  };
  void index_outside_uses(const Cfg &cfg) {
    if (std::exchange(is_indexed_, true)) return;
    const auto for_each = [&](auto found) {
      for (const BlockId b : cfg.rpo)
        for (const ValueId v : f_[b].insts)
          for (uint32_t i = 0; i < f_[v].operand_count; i++) {
            const ValueId use = f_.operand(v, i);
            const BlockId at = f_[v].op == Op::Phi ? f_.targets(v)[i] : b;
            if (f_[use].block && f_[use].block != at) found(use, Use{v, i});
          }
    };
    use_begin_.assign(f_.insts.size() + 1, 0);
    for_each([&](ValueId v, Use) { use_begin_[v.index + 1]++; });
    for (size_t i = 0; i + 1 < use_begin_.size(); i++) use_begin_[i + 1] += use_begin_[i];
    uses_.resize(use_begin_.back());
    std::vector<uint32_t> next(use_begin_.begin(), use_begin_.end() - 1);
    for_each([&](ValueId v, Use use) { uses_[next[v.index]++] = use; });
  }
  std::span<const Use> outside_uses(ValueId v) const {
    if (v.index + 1 >= use_begin_.size()) return {};
    return std::span(uses_).subspan(use_begin_[v.index], use_begin_[v.index + 1] - use_begin_[v.index]);
  }

  bool is_decider(BlockId b, const Cfg &cfg) const {
    if (b.index == 0 || f_[b].insts.empty()) return false;
    const auto &insts = f_[b].insts;
    const Op last = f_[insts.back()].op;
    if ((last != Op::Branch && last != Op::Switch) || preds_[b].size() < 2) return false;
    size_t operations = 0;
    for (const ValueId v : insts) {
      if (f_[v].op == Op::Phi || v == insts.back()) continue;
      const Effects effects = info_of(f_[v].op).effects;
      if ((effects != Effects::Pure && effects != Effects::Read) || f_[v].is_volatile || f_[v].op == Op::AsmOutput ||
          ++operations > kMaxOperations)
        return false;
    }
    // Blocks that this round has made go where a block that is skipped went, so that they close no loop.
    return !cfg.is_loop_head(b);
  }

  // ---------------------------------------------------------------- what is known on an edge

  // What [v] is when [b] is entered from [p]: itself when it is not of [b]; none when it would have to be computed.
  ValueId value_from(BlockId p, BlockId b, ValueId v) {
    if (f_[v].block != b) return v;
    if (f_[v].op == Op::Phi) return f_.phi_operand(v, p);
    if (f_[v].operand_count == 0 || f_[v].operand_count > 2 || info_of(f_[v].op).effects != Effects::Pure) return {};
    const ValueId a = value_from(p, b, f_.operand(v, 0));
    const ValueId c = f_[v].operand_count > 1 ? value_from(p, b, f_.operand(v, 1)) : a;
    if (!a || !c) return {};
    if (f_[v].op == Op::ICmp)
      if (const auto truth = known_compare(p, b, f_[v].pred, a, c)) return f_.constant(Type::I1, *truth ? 1 : 0);
    if (f_[a].op != Op::Const || f_[c].op != Op::Const) return {};
    const auto value = fold(f_[v].op, f_[v].pred, f_[v].type, f_[a].type, f_[a].imm, f_[c].imm);
    return value ? f_.constant(f_[v].type, *value) : ValueId{};
  }

  // A pointer that C lets nobody make from null: into the frame, or some way behind another pointer.
  bool is_not_null(ValueId v) const {
    if (f_[v].op == Op::SlotAddr) return true;
    if (f_[v].op != Op::PtrAdd) return false;
    const ValueId by = f_.operand(v, 1), from = f_.operand(v, 0);
    return f_[by].op == Op::Const && f_[by].imm != 0 && f_[from].op != Op::Const;
  }

  std::optional<bool> known_compare(BlockId p, BlockId b, Pred pred, ValueId a, ValueId c) const {
    const bool is_equality = pred == Pred::Eq || pred == Pred::Ne;
    if (is_equality && f_[c].op == Op::Const && f_[c].imm == 0 && is_not_null(a)) return pred == Pred::Ne;
    return from_branches_before(p, b, [&](ValueId branch, BlockId to) -> std::optional<bool> {
      const auto targets = f_.targets(branch);
      if (f_[branch].op == Op::Branch && targets[0] != targets[1])
        return implied(f_.operand(branch, 0), targets[0] == to, pred, a, c);
      if (f_[branch].op == Op::Switch && is_equality && f_.operand(branch, 0) == a && f_[c].op == Op::Const)
        if (const auto value = switched(branch, to)) return (*value == f_[c].imm) == (pred == Pred::Eq);
      return std::nullopt;
    });
  }
  // The first answer of the branches that lead from [p] to [b], nearest first: ask(branch, the target that was taken).
  template <class Ask>
  auto from_branches_before(BlockId p, BlockId b, Ask ask) const -> decltype(ask(ValueId{}, b)) {
    for (int i = 0; i < kMaxBranchesBefore; i++) {
      if (const auto answer = ask(f_.terminator(p), b)) return answer;
      if (preds_[p].size() != 1) break;
      b = p;
      p = preds_[p].front();
    }
    return std::nullopt;
  }
  // What [condition] being [holds] says of (a pred c).
  std::optional<bool> implied(ValueId condition, bool holds, Pred pred, ValueId a, ValueId c) const {
    if (f_[condition].op != Op::ICmp || f_.operand(condition, 0) != a) return std::nullopt;
    const ValueId other = f_.operand(condition, 1);
    const Pred known = holds ? f_[condition].pred : inverted(f_[condition].pred);
    if (other == c) {
      if (known == pred) return true;
      if (known == inverted(pred)) return false;
    }
    if (known == Pred::Eq && f_[other].op == Op::Const && f_[c].op == Op::Const)
      return fold_compare(pred, f_[a].type, f_[other].imm, f_[c].imm);
    return std::nullopt;
  }
  // The value of the switch on the way to [to], when it is one.
  std::optional<int64_t> switched(ValueId v, BlockId to) const {
    const auto targets = f_.targets(v);
    if (targets[0] == to || std::ranges::count(targets, to) != 1) return std::nullopt;
    return f_.cases(v)[static_cast<size_t>(std::ranges::find(targets, to) - targets.begin()) - 1];
  }

  // What the condition of [b]'s branch is when it is entered from [p].
  std::optional<int64_t> decided(BlockId p, BlockId b) {
    const ValueId condition = f_.operand(f_.terminator(b), 0);
    if (const ValueId known = value_from(p, b, condition); known && f_[known].op == Op::Const) return f_[known].imm;
    const ValueId now =
        f_[condition].block == b && f_[condition].op == Op::Phi ? f_.phi_operand(condition, p) : condition;
    if (f_[now].op == Op::ICmp && f_[now].block != b)
      if (const auto truth = known_compare(p, b, f_[now].pred, f_.operand(now, 0), f_.operand(now, 1)))
        return *truth ? 1 : 0;
    return from_branches_before(p, b, [&](ValueId branch, BlockId to) -> std::optional<int64_t> {
      if (f_[branch].operand_count != 1 || f_.operand(branch, 0) != now) return std::nullopt;
      const auto targets = f_.targets(branch);
      if (f_[branch].op == Op::Branch && targets[0] != targets[1]) return targets[0] == to ? 1 : 0;
      return f_[branch].op == Op::Switch ? switched(branch, to) : std::nullopt;
    });
  }

  // ---------------------------------------------------------------- the new edge

  bool thread(BlockId p, BlockId b, const Cfg &cfg) {
    const ValueId branch = f_.terminator(b);
    if (f_[f_.terminator(p)].op == Op::AsmGoto) return false;
    const auto value = decided(p, b);
    if (!value) return false;
    const BlockId target = f_.targets(branch)[f_.taken(branch, *value)];
    if (target == b || target.index == 0) return false;
    index_outside_uses(cfg);
    if (!plan(p, b, target)) return false;

    const bool is_new = !preds_.has(target, p);
    const BlockId edge = is_new && copied_.empty() && demoted_.empty() ? p : add_edge_block(p, b);
    copy_.clear();
    for (const ValueId v : copied_) make_copy(p, b, edge, v);
    for (const ValueId v : demoted_) {
      const ValueId now = value_at(p, b, v);
      freeze(now);
      f_.append(edge, f_.make(Op::Store, Type::Void, std::array{now, slot_of(b, v)}, {}, 0, f_[v].loc));
    }
    for (const ValueId phi : f_[target].insts) {
      if (f_[phi].op != Op::Phi) break;
      const ValueId now = value_at(p, b, f_.phi_operand(phi, b));
      freeze(now);
      f_.add_phi_operand(phi, now, edge);
    }
    if (edge != p) f_.append(edge, f_.make(Op::Jump, Type::Void, {}, std::array{target}, 0, f_[branch].loc));
    if (f_[branch].unroll != 0) f_[f_.terminator(edge)].unroll = f_[branch].unroll;
    preds_.add(target, edge);
    std::ranges::replace(f_.targets(f_.terminator(p)), b, edge == p ? target : edge);
    preds_.remove(b, p);
    f_.remove_phi_operands(b, p);
    return true;
  }

  BlockId add_edge_block(BlockId p, BlockId b) {
    const BlockId edge = f_.add_block(f_[b].name + ".thread");
    preds_.resize(f_.blocks.size());
    is_demoted_.resize(f_.blocks.size());
    is_frozen_.resize(f_.blocks.size());
    preds_.add(edge, p);
    return edge;
  }

  // Finds what the new edge must compute: [demoted_] is used behind [b], [copied_] is needed for it or for the phis of
  // the target, operands first. False when that is too much, or waits for the next round.
  bool plan(BlockId p, BlockId b, BlockId target) {
    copied_.clear();
    demoted_.clear();
    for (const ValueId v : f_[b].insts)
      if (slots_of(v) != kNoSlot || !outside_uses(v).empty()) demoted_.push_back(v);
    if (!demoted_.empty() && is_frozen_[b.index]) return false;
    for (const ValueId v : demoted_)
      if (!need(p, b, v)) return false;
    for (const ValueId phi : f_[target].insts) {
      if (f_[phi].op != Op::Phi) break;
      if (!need(p, b, f_.phi_operand(phi, b))) return false;
    }
    return true;
  }
  bool need(BlockId p, BlockId b, ValueId v) {
    if (f_[v].block != b || f_[v].op == Op::Phi) return may_use(f_[v].block != b ? v : f_.phi_operand(v, p), b);
    if (std::ranges::find(copied_, v) != copied_.end() || value_from(p, b, v)) return true;
    if (copied_.size() >= kMaxCopies) return false;
    for (const ValueId operand : f_.operands(v))
      if (!need(p, b, operand)) return false;
    if (copied_.size() >= kMaxCopies) return false;
    copied_.push_back(v);
    return true;
  }
  // A value that has got several definitions in this round is not to be used anew.
  bool may_use(ValueId v, BlockId b) const {
    const BlockId at = f_[v].block;
    return !at || at == b || at.index >= is_demoted_.size() || !is_demoted_[at.index];
  }
  void freeze(ValueId v) {
    if (f_[v].block) is_frozen_[f_[v].block.index] = true;
  }

  // What [v] is on the new edge, once the copies are made.
  ValueId value_at(BlockId p, BlockId b, ValueId v) {
    for (const auto &[from, to] : copy_)
      if (from == v) return to;
    return value_from(p, b, v);
  }
  void make_copy(BlockId p, BlockId b, BlockId edge, ValueId v) {
    std::vector<ValueId> operands;
    for (const ValueId operand : f_.operands(v)) operands.push_back(value_at(p, b, operand));
    for (const ValueId operand : operands) freeze(operand);
    const ValueId made = f_.make(f_[v].op, f_[v].type, operands, {}, f_[v].imm, f_[v].loc);
    f_[made].copy_flags(f_[v]);
    f_.append(edge, made);
    copy_.emplace_back(v, made);
  }

  // ---------------------------------------------------------------- values with several definitions

  static constexpr uint32_t kNoSlot = 0xffff'ffff;
  uint32_t slots_of(ValueId v) const { return v.index < slots_.size() ? slots_[v.index] : kNoSlot; }

  // The slot that [v] of [b] goes through; the first time, its definition stores and its uses load.
  ValueId slot_of(BlockId b, ValueId v) {
    if (slots_of(v) != kNoSlot) return f_.slot_addr(slots_of(v));
    const auto slot = static_cast<uint32_t>(f_.slots.size());
    const uint32_t size = bytes_of(f_[v].type);
    f_.slots.push_back({.size = size, .align = size, .name = {}, .loc = f_[v].loc});
    slots_[v.index] = slot;
    is_demoted_[b.index] = true;
    const ValueId address = f_.slot_addr(slot);
    for (const Use &use : outside_uses(v)) {
      const bool is_phi = f_[use.user].op == Op::Phi;
      // The user may have lost that operand, or its place, to an edge that was threaded before.
      if (!f_[use.user].block) continue;
      if (is_phi) {
        for (size_t i = 0; i < f_[use.user].operand_count; i++)
          if (f_.operand(use.user, i) == v && f_.targets(use.user)[i] != b)
            load_before_end(f_.targets(use.user)[i], use.user, i, address);
        continue;
      }
      for (size_t i = 0; i < f_[use.user].operand_count; i++)
        if (f_.operand(use.user, i) == v) load_before(use.user, i, address);
    }
    auto &insts = f_[b].insts;
    size_t at = static_cast<size_t>(std::ranges::find(insts, v) - insts.begin()) + 1;
    while (f_[insts[at]].op == Op::Phi) at++;
    f_.insert(b, at, f_.make(Op::Store, Type::Void, std::array{v, address}, {}, 0, f_[v].loc));
    return address;
  }
  void load_before_end(BlockId at, ValueId user, size_t operand, ValueId address) {
    const ValueId load =
        f_.make(Op::Load, f_[f_.operand(user, operand)].type, std::array{address}, {}, 0, f_[user].loc);
    f_.insert(at, f_[at].insts.size() - 1, load);
    f_.operands(user)[operand] = load;
  }
  void load_before(ValueId user, size_t operand, ValueId address) {
    const BlockId at = f_[user].block;
    const ValueId load =
        f_.make(Op::Load, f_[f_.operand(user, operand)].type, std::array{address}, {}, 0, f_[user].loc);
    const auto &insts = f_[at].insts;
    f_.insert(at, static_cast<size_t>(std::ranges::find(insts, user) - insts.begin()), load);
    f_.operands(user)[operand] = load;
  }

  const PassContext &context_;
  Function &f_;
  PredLists preds_;
  bool is_indexed_ = false;          // in this round; only where a jump may be threaded
  std::vector<uint32_t> use_begin_;  // by value, and one more
  std::vector<Use> uses_;
  // By block, in this round: whether values of it go through slots; whether values of it were used anew.
  std::vector<bool> is_demoted_, is_frozen_;
  std::vector<uint32_t> slots_;  // by value
  // Of the edge at hand.
  std::vector<ValueId> copied_, demoted_;
  std::vector<std::pair<ValueId, ValueId>> copy_;
};

}  // namespace

bool thread_jumps(const PassContext &context) { return Threader(context).run(); }

}  // namespace spile::ir::passes
