// Truth values: comparisons fused into jumps, selections, switches.
#include <algorithm>
#include <utility>

#include "backend/isel/selector.h"

namespace spile::isel {

using ir::Op;
using ir::Pred;

namespace {

// Switches of so many cases are compared one by one; larger ones are halved.
constexpr size_t kLinearCases = 3;

isa::JumpOp jump_op(Pred pred) {
  switch (pred) {
    case Pred::Eq:
      return isa::JEQ;
    case Pred::Ne:
      return isa::JNE;
    case Pred::Ult:
      return isa::JLT;
    case Pred::Ule:
      return isa::JLE;
    case Pred::Ugt:
      return isa::JGT;
    case Pred::Uge:
      return isa::JGE;
    case Pred::Slt:
      return isa::JSLT;
    case Pred::Sle:
      return isa::JSLE;
    case Pred::Sgt:
      return isa::JSGT;
    case Pred::Sge:
      return isa::JSGE;
  }
  SPILE_UNREACHABLE("a predicate that is not in Pred");
}

bool is_less(Pred pred) { return pred == Pred::Ult || pred == Pred::Ule || pred == Pred::Slt || pred == Pred::Sle; }
bool is_equality(Pred pred) { return pred == Pred::Eq || pred == Pred::Ne; }

bool fits_immediate(int64_t value, unsigned width) { return width == 32 || value == static_cast<int32_t>(value); }

}  // namespace

void Selector::branch_on(ValueId condition, mir::BlockId yes, mir::BlockId no, int8_t weight) {
  const ir::Inst &i = inst(condition);
  const auto opposite = static_cast<int8_t>(-weight);
  if (i.op == Op::Const) return jump((i.imm & 1) != 0 ? yes : no);
  if (i.op == Op::ICmp && is_lazy(condition)) {
    const ValueId a = fn_.operand(condition, 0), b = fn_.operand(condition, 1);
    // (x == false), (x != false) of a truth value.
    if (bits(a) == 1 && is_equality(i.pred) && is_constant(b)) {
      const bool same = (i.pred == Pred::Ne) == ((inst(b).imm & 1) == 0);
      return same ? branch_on(a, yes, no, weight) : branch_on(a, no, yes, opposite);
    }
    return compare(condition, yes, no, weight);
  }
  if (is_lazy(condition)) {
    const ValueId a = fn_.operand(condition, 0), b = fn_.operand(condition, 1);
    if (i.op == Op::Xor && is_constant(b))
      return (inst(b).imm & 1) != 0 ? branch_on(a, no, yes, opposite) : branch_on(a, yes, no, weight);
    if (i.op != Op::Xor) {
      const mir::BlockId then = new_block();
      if (i.op == Op::Select) {
        const mir::BlockId otherwise = new_block();
        branch_on(a, then, otherwise, 0);
        on_spine_ = false;
        begin_block(otherwise);
        branch_on(fn_.operand(condition, 2), yes, no, weight);
      } else if (i.op == Op::And) {
        branch_on(a, then, no, weight > 0 ? weight : int8_t{0});
      } else {
        branch_on(a, yes, then, weight < 0 ? weight : int8_t{0});
      }
      on_spine_ = false;
      begin_block(then);
      return branch_on(b, yes, no, weight);
    }
  }
  const Reg value = reg(condition);
  if (widths_[condition.index] == 1) return compare_registers(Pred::Ne, native(1), value, {}, 0, yes, no, weight);
  cond_jump(isa::JSET, native(1), value, {}, 1, yes, weight);
  jump(no);
}

void Selector::compare(ValueId icmp, mir::BlockId yes, mir::BlockId no, int8_t weight) {
  Pred pred = inst(icmp).pred;
  ValueId a = fn_.operand(icmp, 0), b = fn_.operand(icmp, 1);
  if (is_constant(a)) {
    std::swap(a, b);
    pred = ir::swapped(pred);
  }
  const unsigned n = bits(a), width = native(n);
  if (is_equality(pred) && is_constant(b) && inst(b).imm == 0 && test_bits(pred, a, width, yes, no, weight)) return;

  // What is above the type's bits must not count: extended as the comparison is.
  const bool extend_sign = is_signed(pred);
  const auto prepared = [&](ValueId v) {
    if (n == width) return reg(v);
    return extend_sign ? sign_extended(v, n, width) : zero_extended(v, n);
  };
  const Reg left = prepared(a);
  if (is_constant(b)) {
    int64_t value = inst(b).imm;
    if (!extend_sign && n < 64) value = static_cast<int64_t>(static_cast<uint64_t>(value) & ((uint64_t{1} << n) - 1));
    if (fits_immediate(value, width)) return compare_registers(pred, width, left, {}, value, yes, no, weight);
    return compare_registers(pred, width, left, shared_constant(value), 0, yes, no, weight);
  }
  compare_registers(pred, width, left, prepared(b), 0, yes, no, weight);
}

// (x & mask) ==/!= 0 as JSET, when [masked] is that and has no other use.
bool Selector::test_bits(Pred pred, ValueId masked, unsigned width, mir::BlockId yes, mir::BlockId no, int8_t weight) {
  const ir::Inst &i = inst(masked);
  if (i.op != Op::And || uses_[masked.index] != 1 || i.type == ir::Type::I1) return false;
  ValueId x = fn_.operand(masked, 0), mask = fn_.operand(masked, 1);
  if (is_constant(x)) std::swap(x, mask);
  const unsigned n = bits(masked);
  Reg by;
  int64_t imm = 0;
  if (is_constant(mask)) {
    imm = inst(mask).imm;
    if (n < 64) imm = static_cast<int64_t>(static_cast<uint64_t>(imm) & ((uint64_t{1} << n) - 1));
    if (!fits_immediate(imm, width)) {
      // A 64-bit immediate is sign-extended: it would test the upper half too.
      by = shared_constant(imm);
      imm = 0;
    }
  } else {
    by = n < width ? zero_extended(mask, n) : reg(mask);
  }
  const Reg value = reg(x);
  if (pred == Pred::Eq) {
    std::swap(yes, no);
    weight = static_cast<int8_t>(-weight);
  }
  cond_jump(isa::JSET, width, value, by, imm, yes, weight);
  jump(no);
  return true;
}

void Selector::compare_registers(Pred pred, unsigned width, Reg a, Reg b, int64_t imm, mir::BlockId yes,
                                 mir::BlockId no, int8_t weight) {
  if (is_less(pred) && !target_.has_less_jumps()) {
    pred = ir::inverted(pred);
    std::swap(yes, no);
    weight = static_cast<int8_t>(-weight);
  }
  cond_jump(jump_op(pred), width, a, b, imm, yes, weight);
  jump(no);
}

mir::Reg Selector::truth_value(ValueId v) {
  if (auto at = truths_.find(v.index); at != truths_.end()) return at->second;
  const ir::Inst &i = inst(v);
  // (x != 0) of an x that is 0 or 1 is x.
  if (i.op == Op::ICmp && i.pred == Pred::Ne && is_constant(fn_.operand(v, 1)) && inst(fn_.operand(v, 1)).imm == 0 &&
      widths_[fn_.operand(v, 0).index] <= 1 && !is_unplaced(fn_.operand(v, 0)))
    return reg(fn_.operand(v, 0));
  const Reg dst = out_.new_register();
  const bool was_on_spine = on_spine_;
  const auto remember = [&] {
    on_spine_ = was_on_spine;
    if (on_spine_) truths_.emplace(v.index, dst);
    return dst;
  };
  if (i.op == Op::ICmp && i.pred == Pred::Slt && is_constant(fn_.operand(v, 1)) && inst(fn_.operand(v, 1)).imm == 0) {
    const ValueId a = fn_.operand(v, 0);  // the sign bit
    const unsigned n = bits(a);
    const Reg from = n < native(n) ? zero_extended(a, n) : reg(a);
    copy(dst, from);
    alu_imm(isa::RSH, native(n), dst, n - 1);
    return remember();
  }
  if (i.op == Op::And || i.op == Op::Or || i.op == Op::Xor) {
    const ValueId a = fn_.operand(v, 0), b = fn_.operand(v, 1);
    const isa::AluOp op = i.op == Op::And ? isa::AND : i.op == Op::Or ? isa::OR : isa::XOR;
    // Not a jump for each when both are 0 or 1 already.
    const bool by_bits = !is_lazy(a) && (is_constant(b) || !is_lazy(b));
    if (by_bits || i.op == Op::Xor) {
      const Reg right = is_constant(b) ? Reg{} : reg(b);
      const Reg left = reg(a);
      copy(dst, left);
      if (is_constant(b))
        alu_imm(op, native(1), dst, inst(b).imm & 1);
      else
        alu(op, native(1), dst, right);
      return remember();
    }
  }
  emit({.form = mir::Form::Mov,
        .opcode = isa::opcode(target_.has_alu32() ? isa::ALU : isa::ALU64, isa::MOV, isa::K),
        .dst = dst,
        .imm = 1});
  const mir::BlockId clear = new_block(), after = new_block();
  // It is taken apart here, be it for several users.
  const uint8_t laziness = std::exchange(laziness_[v.index], uint8_t{1});
  branch_on(v, after, clear, 0);
  laziness_[v.index] = laziness;
  begin_block(clear);
  emit({.form = mir::Form::Mov,
        .opcode = isa::opcode(target_.has_alu32() ? isa::ALU : isa::ALU64, isa::MOV, isa::K),
        .dst = dst,
        .imm = 0});
  jump(after);
  begin_block(after);
  return remember();
}

void Selector::select_select(ValueId v) {
  const ValueId condition = fn_.operand(v, 0);
  ValueId first = fn_.operand(v, 1), second = fn_.operand(v, 2);
  const Reg dst = result(v);
  // The first is moved before the jump, the second after it. When the first is compared by the condition, the copy is
  // compared in its place, so that both can share a register.
  bool keep_first = true;
  const auto is_compared = [&](ValueId x) {
    return !is_unplaced(x) && !is_lazy(x) && inst(condition).op == Op::ICmp &&
           (fn_.operand(condition, 0) == x || fn_.operand(condition, 1) == x);
  };
  if (!is_compared(first) && is_compared(second)) {
    std::swap(first, second);
    keep_first = false;
  }
  move_value(dst, first);
  const Reg original = regs_[first.index];
  if (is_compared(first)) regs_[first.index] = dst;
  const mir::BlockId other = new_block(), after = new_block();
  branch_on(condition, keep_first ? after : other, keep_first ? other : after, 0);
  regs_[first.index] = original;
  on_spine_ = false;
  begin_block(other);
  move_value(dst, second);
  jump(after);
  begin_block(after);
  on_spine_ = true;
}

void Selector::select_switch(ValueId v) {
  const ValueId value = fn_.operand(v, 0);
  const unsigned n = bits(value), width = native(n);
  const Reg key = n < width ? zero_extended(value, n) : reg(value);
  struct Case {
    uint64_t value;
    mir::BlockId to;
  };
  // Neighbours that go to the same place.
  struct Cluster {
    uint64_t first, last;
    mir::BlockId to;
  };
  const auto targets = fn_.targets(v);
  const auto values = fn_.cases(v);
  const mir::BlockId otherwise = edge_to(targets[0]);
  std::vector<Case> cases;
  for (size_t i = 0; i < values.size(); i++) {
    const auto raw = static_cast<uint64_t>(values[i]);
    const mir::BlockId to = edge_to(targets[i + 1]);
    if (to != otherwise) cases.push_back({n < 64 ? raw & ((uint64_t{1} << n) - 1) : raw, to});
  }
  std::sort(cases.begin(), cases.end(), [](const Case &a, const Case &b) { return a.value < b.value; });
  std::vector<Cluster> clusters;
  for (const Case &c : cases)
    if (!clusters.empty() && clusters.back().to == c.to && clusters.back().last + 1 == c.value)
      clusters.back().last = c.value;
    else
      clusters.push_back({c.value, c.value, c.to});

  const auto compare_case = [&](Pred pred, uint64_t with, mir::BlockId yes, mir::BlockId no) {
    const auto imm = static_cast<int64_t>(with);
    if (fits_immediate(imm, width)) return compare_registers(pred, width, key, {}, imm, yes, no, 0);
    compare_registers(pred, width, key, shared_constant(imm), 0, yes, no, 0);
  };
  struct Part {
    size_t begin, end;
    uint64_t least;  // that the key can be here
    mir::BlockId block;
  };
  on_spine_ = false;
  std::vector<Part> parts{{0, clusters.size(), 0, current_}};
  while (!parts.empty()) {
    const Part part = parts.back();
    parts.pop_back();
    begin_block(part.block);
    if (part.end - part.begin > kLinearCases) {
      const size_t middle = part.begin + (part.end - part.begin) / 2;
      const mir::BlockId low = new_block(), high = new_block();
      compare_case(Pred::Uge, clusters[middle].first, high, low);
      parts.push_back({part.begin, middle, part.least, low});
      parts.push_back({middle, part.end, clusters[middle].first, high});
      continue;
    }
    uint64_t least = part.least;
    for (size_t i = part.begin; i < part.end; i++) {
      const Cluster &cluster = clusters[i];
      const mir::BlockId next = i + 1 < part.end ? new_block() : otherwise;
      // What is below is none of the clusters that are left. Two cases are two comparisons either way.
      const bool is_range = cluster.last - cluster.first > (cluster.first == least ? 0 : 1);
      if (is_range && cluster.first != least) {
        const mir::BlockId inside = new_block();
        compare_case(Pred::Ult, cluster.first, otherwise, inside);
        begin_block(inside);
      }
      if (is_range) {
        compare_case(Pred::Ule, cluster.last, cluster.to, next);
        least = cluster.last + 1;
      }
      for (uint64_t with = cluster.first; !is_range; with++) {
        const bool is_last = with == cluster.last;
        const mir::BlockId after = is_last ? next : new_block();
        compare_case(Pred::Eq, with, cluster.to, after);
        if (is_last) break;
        begin_block(after);
      }
      if (i + 1 < part.end) begin_block(next);
    }
    if (part.begin == part.end) jump(otherwise);
  }
}

}  // namespace spile::isel
