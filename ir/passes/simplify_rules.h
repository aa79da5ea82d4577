// What the rules of `simplify` read and write: the block at hand, the values of this round, what is known of their
// bits.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <vector>

#include "ir/analysis_bits.h"
#include "ir/analysis_uses.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

class Rules {
 protected:
  explicit Rules(const PassContext &context)
      : module_(context.module), f_(context.function), analyses_(context.analyses), rewrite_(f_) {}

  // ---------------------------------------------------------------- reading

  Op op(ValueId v) const { return f_[v].op; }
  Type type(ValueId v) const { return f_[v].type; }
  std::optional<int64_t> constant(ValueId v) const { return constant_of(f_, v); }
  bool is_constant(ValueId v, int64_t value) const { return f_[v].op == Op::Const && f_[v].imm == value; }
  bool has_one_use(ValueId v) const { return v.index < uses_.size() && uses_[v.index] <= 1; }

  // What is known of [v]: of what was walked over in this round, and of what rules have just made from it.
  KnownBits bits_in(ValueId v, int depth = 0) const {
    if (v.index < bits_at_.size() && bits_at_[v.index] != kUnknown) return bits_[bits_at_[v.index]];
    if (op(v) == Op::Const) return exactly(type(v), f_[v].imm);
    constexpr int kMaxDepth = 3;
    const bool is_new = v.index >= bits_at_.size() && op(v) != Op::Phi;
    if (is_new && depth < kMaxDepth)
      return known_bits(f_, v, [&](ValueId operand) { return bits_in(operand, depth + 1); });
    return is_integer(type(v)) ? anything(type(v)) : KnownBits{};
  }
  KnownBits remember_bits(ValueId v) {
    if (v.index >= bits_at_.size()) bits_at_.resize(f_.insts.size(), kUnknown);
    const KnownBits bits = known_bits(f_, v, [&](ValueId operand) { return bits_in(operand); });
    bits_at_[v.index] = static_cast<uint32_t>(bits_.size());
    return bits_.emplace_back(bits);
  }
  uint64_t unsigned_max(ValueId v) const { return bits_in(v).max; }
  bool is_not_negative(ValueId v) const { return unsigned_max(v) <= all_bits(type(v)) / 2; }

  // ---------------------------------------------------------------- writing

  ValueId make(Op new_op, Type new_type, std::initializer_list<ValueId> operands, ValueId origin) {
    const ValueId v = f_.make(new_op, new_type, std::span(operands.begin(), operands.size()), {}, 0, f_[origin].loc);
    f_[v].block = block_;
    out_.push_back(v);
    is_same_ = false;
    return v;
  }
  ValueId make_compare(Pred pred, ValueId a, ValueId b, ValueId origin) {
    const ValueId v = make(Op::ICmp, Type::I1, {a, b}, origin);
    f_[v].pred = pred;
    return v;
  }
  // [v] becomes new_op(a, b), in place.
  ValueId become(ValueId v, Op new_op, ValueId a, ValueId b) {
    f_[v].op = new_op;
    f_.set_operands(v, std::array{a, b});
    changed_ = true;
    return v;
  }
  ValueId become(ValueId v, Op new_op, ValueId a) {
    f_[v].op = new_op;
    f_.set_operands(v, std::array{a});
    changed_ = true;
    return v;
  }
  ValueId become_compare(ValueId v, Pred pred, ValueId a, ValueId b) {
    f_[v].pred = pred;
    return become(v, Op::ICmp, a, b);
  }
  ValueId folded(ValueId v, int64_t a, int64_t b) {
    const auto value = fold(op(v), f_[v].pred, type(v), type(f_.operand(v, 0)), a, b);
    SPILE_CHECK(value, "a rule folds an operation that has no constant result");
    return f_.constant(type(v), *value);
  }
  ValueId bit_not(ValueId condition, ValueId origin) {
    if (op(condition) == Op::ICmp)
      return make_compare(inverted(f_[condition].pred), f_.operand(condition, 0), f_.operand(condition, 1), origin);
    return make(Op::Xor, Type::I1, {condition, f_.constant(Type::I1, 1)}, origin);
  }

  // ---------------------------------------------------------------- comparisons: simplify_compare.cpp

  ValueId compare(ValueId v);
  ValueId compare_range(ValueId v, ValueId a, int64_t c);
  ValueId compare_extended(ValueId v, ValueId a, int64_t c);
  ValueId compare_equal(ValueId v, ValueId a, int64_t c);

  // ---------------------------------------------------------------- pointers: simplify_pointers.cpp

  ValueId pointer_add(ValueId v);
  ValueId constant_apart(ValueId v, ValueId p, ValueId by);
  ValueId int_to_pointer(ValueId v);
  ValueId fold_offset(ValueId v, size_t pointer);
  ValueId phi_of_moved(ValueId v);

  Module &module_;
  Function &f_;
  Analyses &analyses_;
  Rewrite rewrite_;
  std::vector<uint32_t> uses_;
  // What is known of values in the round at hand, and by value where it stands.
  std::vector<KnownBits> bits_;
  std::vector<uint32_t> bits_at_;
  static constexpr uint32_t kUnknown = 0xffff'ffff;
  const Cfg *cfg_ = nullptr;  // as it was before the first block was worked on
  BlockId block_;
  std::vector<ValueId> before_, phis_, out_;  // what the block that is worked on held, and what it will
  bool is_same_ = true;                       // both are the same
  bool changed_ = false;
};

}  // namespace spile::ir::passes
