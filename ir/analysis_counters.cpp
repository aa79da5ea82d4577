#include "ir/analysis_counters.h"

#include <algorithm>

#include "ir/analysis_bits.h"
#include "ir/fold.h"

namespace spile::ir {

namespace {

// Blocks between the end of a loop and the test of its counter.
constexpr int kMaxBlocks = 64;

}  // namespace

Counters::Counters(const Function &function, const Cfg &cfg, const Dominators &dominators)
    : f_(function), cfg_(cfg), dominators_(dominators) {
  for (const BlockId b : cfg.rpo) {
    if (!cfg.is_loop_head(b)) continue;
    for (const ValueId v : f_[b].insts) {
      if (f_[v].op != Op::Phi) break;
      if (!is_integer(f_[v].type) || f_[v].type == Type::I1) continue;
      if (const auto max = max_of_phi(v)) max_.emplace(v.index, *max);
    }
  }
}

std::optional<uint64_t> Counters::max_of(ValueId v, int depth) const {
  const Inst &inst = f_[v];
  const uint64_t most = all_bits(inst.type) / 2;
  if (inst.op == Op::Const) return inst.imm >= 0 ? std::optional(static_cast<uint64_t>(inst.imm)) : std::nullopt;
  if (inst.op == Op::Phi) {
    const auto found = max_.find(v.index);
    return found == max_.end() ? std::nullopt : std::optional(found->second);
  }
  if (max_.empty() || depth == kMaxDepth) return std::nullopt;
  if (inst.op == Op::Zext || inst.op == Op::Sext) return max_of(f_.operand(v, 0), depth + 1);
  if (inst.op != Op::Add && inst.op != Op::Mul && inst.op != Op::Shl) return std::nullopt;
  const auto a = max_of(f_.operand(v, 0), depth + 1), b = max_of(f_.operand(v, 1), depth + 1);
  if (!a || !b) return std::nullopt;
  uint64_t result = 0;
  if (inst.op == Op::Add) {
    if (*a > most - std::min(*b, most)) return std::nullopt;
    result = *a + *b;
  } else {
    if (inst.op == Op::Shl && *b >= bits_of(inst.type)) return std::nullopt;
    const uint64_t by = inst.op == Op::Mul ? *b : uint64_t{1} << *b;
    if (by != 0 && *a > most / by) return std::nullopt;
    result = *a * by;
  }
  return result <= most ? std::optional(result) : std::nullopt;
}

// The largest of what comes on the ways into the loop and, behind the test, on the ways back.
std::optional<uint64_t> Counters::max_of_phi(ValueId phi) const {
  const BlockId head = f_[phi].block;
  uint64_t max = 0, largest_step = 0;
  for (size_t i = 0; i < f_[phi].operand_count; i++) {
    const ValueId value = f_.operand(phi, i);
    const BlockId from = f_.targets(phi)[i];
    if (value == phi) continue;
    const bool is_entry = cfg_.order[from.index] < cfg_.order[head.index];
    const auto most = is_entry ? max_of(value) : passed(phi, value, head, from, largest_step);
    if (!most) return std::nullopt;
    max = std::max(max, *most);
  }
  return max <= all_bits(f_[phi].type) / 2 - largest_step ? std::optional(max) : std::nullopt;
}

// The largest [next] that [latch] brings back to [head]: [phi] and a constant, one of which was tested. Where it is the
// sum, it must not have gone past the end: [step_before_test].
std::optional<uint64_t> Counters::passed(ValueId phi, ValueId next, BlockId head, BlockId latch,
                                         uint64_t &step_before_test) const {
  if (f_[next].op != Op::Add || f_.operand(next, 0) != phi || !cfg_.reachable(latch)) return std::nullopt;
  const auto constant = constant_of(f_, f_.operand(next, 1));
  const uint64_t most = all_bits(f_[phi].type) / 2;
  if (!constant || *constant < 0) return std::nullopt;
  const auto step = static_cast<uint64_t>(*constant);
  const auto stepped = [&](uint64_t max) { return max <= most - step ? std::optional(max + step) : std::nullopt; };
  if (const auto max = bound(f_.terminator(latch), head, next)) {
    step_before_test = std::max(step_before_test, step);
    return max;
  }
  if (const auto max = bound(f_.terminator(latch), head, phi)) return stepped(*max);
  BlockId to = latch;
  for (int i = 0; i < kMaxBlocks && to != head; i++) {
    const BlockId from = dominators_.idom(to);
    if (!from) return std::nullopt;
    if (cfg_.preds(to).size() == 1)
      if (const auto max = bound(f_.terminator(from), to, phi)) return stepped(*max);
    to = from;
  }
  return std::nullopt;
}

// The largest that [tested] can be where [branch] went [to]: if it is not negative.
std::optional<uint64_t> Counters::bound(ValueId branch, BlockId to, ValueId tested) const {
  if (f_[branch].op != Op::Branch || f_.targets(branch)[0] == f_.targets(branch)[1]) return std::nullopt;
  const ValueId test = f_.operand(branch, 0);
  if (f_[test].op != Op::ICmp) return std::nullopt;
  Pred pred = f_[test].pred;
  ValueId with = f_.operand(test, 1);
  const uint64_t most = all_bits(f_[tested].type) / 2;
  // An extension is the same number.
  if (const Inst &left = f_[f_.operand(test, 0)];
      left.op == Op::Zext && f_.operand(f_.operand(test, 0), 0) == tested && constant_of(f_, with))
    tested = f_.operand(test, 0);
  if (f_.operand(test, 0) != tested) {
    if (with != tested) return std::nullopt;
    with = f_.operand(test, 0);
    pred = swapped(pred);
  }
  if (f_.targets(branch)[0] != to) pred = inverted(pred);
  const auto within = [&](int64_t max) {
    return max >= 0 && static_cast<uint64_t>(max) <= most ? std::optional(static_cast<uint64_t>(max)) : std::nullopt;
  };
  if (pred == Pred::Slt || pred == Pred::Ult) {
    const auto c = constant_of(f_, with);
    if (!c) return pred == Pred::Slt ? std::optional(most - 1) : std::nullopt;
    return *c > 0 ? within(*c - 1) : std::nullopt;
  }
  if (pred != Pred::Sle && pred != Pred::Ule) return std::nullopt;
  const auto c = constant_of(f_, with);
  return c ? within(*c) : std::nullopt;
}

}  // namespace spile::ir
