// Branches that arithmetic does for less.
//
// Idea: BPF has no conditional move, but what a branch gives or adds for one bit is that bit, moved to its place. A
// branch on a bit whose two ways meet at once, with a power of two on one and nothing on the other, becomes a shift of
// the bit; one on a sign with -1 or 1, a shift of the sign.
//
//     entry: %0 = and.i32 %p0, i32 4              entry: %0 = and.i32 %p0, i32 4
//            %1 = icmp.ne %0, i32 0                      %1 = shl.i32 %0, i32 1
//            branch %1, set, out                         %2 = or.i32 %p1, %1
//     set: %2 = or.i32 %p1, i32 8         ->             jump out
//          jump out                                out: ret %2
//     out: %3 = phi.i32 [%p1, entry], [%2, set]
//          ret %3
//
// Likewise the cases of a switch that each give their own value, or always so much more, are one case that gives the
// sum.
//
// Not where something is decided by the result: then the branch is threaded to that decision. Not where the ways do
// more, or where it would take more instructions than the branch.
//
// Requires: jumps threaded. Breaks: leaves blocks that nobody reaches and chains of jumps (simplify_cfg), conditions
// that nobody uses (dce).
//
// For the kernel's verifier: it follows one way where it followed two, and knows of the result that its other bits are
// as before.
#include <algorithm>
#include <bit>

#include "ir/analysis_bits.h"
#include "ir/analysis_cfg.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// How far into operands the bits of a condition are looked for.
constexpr int kMaxDepth = 4;
// Fewer cases that give a constant are as short as they are.
constexpr size_t kLeastCases = 3;
constexpr size_t kNoStep = SIZE_MAX;

class Converter {
 public:
  explicit Converter(const PassContext &context)
      : f_(context.function), cfg_(context.analyses.cfg()), uses_(f_.insts.size()), decides_(f_.insts.size()) {
    std::vector<ValueId> deciding;
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts) {
        for (const ValueId use : f_.operands(v)) uses_[use.index]++;
        if (f_[v].op == Op::ICmp || f_[v].op == Op::Branch || f_[v].op == Op::Switch) deciding.push_back(v);
      }
    // A join decides what the joins that it goes into decide.
    while (!deciding.empty()) {
      const ValueId v = deciding.back();
      deciding.pop_back();
      for (const ValueId use : f_.operands(v)) {
        if (f_[use].op == Op::Phi && !decides_[use.index]) deciding.push_back(use);
        decides_[use.index] = true;
      }
    }
  }

  size_t run() {
    size_t converted = 0;
    for (const BlockId b : cfg_.rpo) {
      const bool is_switch = f_[f_.terminator(b)].op == Op::Switch;
      converted += (is_switch ? convert_switch(b) : convert(b)) ? 1 : 0;
    }
    return converted;
  }

 private:
  // A way from the branch to the join: the block that goes on to it, with at most one instruction.
  struct Way {
    BlockId last;
    ValueId inst;
  };

  bool convert(BlockId b) {
    const ValueId branch = f_.terminator(b);
    if (f_[branch].op != Op::Branch || f_.targets(branch)[0] == f_.targets(branch)[1]) return false;
    const BlockId join = join_of(b);
    if (!join) return false;
    const Way yes = way(b, f_.targets(branch)[0], join), no = way(b, f_.targets(branch)[1], join);
    ValueId phi;
    for (const ValueId v : f_[join].insts) {
      if (f_[v].op != Op::Phi) break;
      if (f_.phi_operand(v, yes.last) == f_.phi_operand(v, no.last)) continue;
      if (phi) return false;
      phi = v;
    }
    if (!phi || decides_[phi.index] || !is_integer(f_[phi].type) || f_[phi].type == Type::I1) return false;
    const ValueId condition = f_.operand(branch, 0);
    if (f_[condition].op != Op::ICmp) return false;
    at_ = b;
    const ValueId value = without_branch(condition, phi, yes, no);
    if (!value) return false;
    leave(b, join, phi, value, yes);
    return true;
  }

  // Cases that do nothing but give a constant, which is their value and always the same more, are one: it gives the
  // sum.
  bool convert_switch(BlockId b) {
    const ValueId v = f_.terminator(b), x = f_.operand(v, 0);
    struct Step {
      ValueId phi;
      int64_t more = 0;
      BlockId arm;
      size_t count = 0;
    };
    std::vector<Step> steps;
    std::vector<size_t> step_of(f_.cases(v).size(), kNoStep);  // by case
    for (size_t i = 0; i < step_of.size(); i++) {
      const BlockId arm = f_.targets(v)[i + 1];
      const auto [phi, more] = step_of_arm(arm, f_.cases(v)[i]);
      if (!phi || std::ranges::count(f_.targets(v), arm) != 1) continue;
      const auto known = std::ranges::find_if(
          steps, [&](const Step &s) { return s.phi == phi && s.more == more && gives_same(s.arm, arm, phi); });
      step_of[i] = static_cast<size_t>(known - steps.begin());
      if (known == steps.end()) steps.push_back({phi, more, arm});
      steps[step_of[i]].count++;
    }
    bool converted = false;
    for (size_t n = 0; n < steps.size(); n++) {
      const auto &[phi, more, arm, count] = steps[n];
      if (count < kLeastCases) continue;
      const Type type = f_[phi].type;
      at_ = arm;
      ValueId sum = x;
      if (bits_of(type) > bits_of(f_[x].type)) sum = make(Op::Zext, type, {sum});
      if (bits_of(type) < bits_of(f_[x].type)) sum = make(Op::Trunc, type, {sum});
      if (more != 0) sum = make(Op::Add, type, {sum, f_.constant(type, more)});
      const auto from = std::ranges::find(f_.targets(phi), arm) - f_.targets(phi).begin();
      f_.operands(phi)[static_cast<size_t>(from)] = sum;
      for (size_t i = 0; i < step_of.size(); i++)
        if (step_of[i] == n) f_.targets(v)[i + 1] = arm;
      converted = true;
    }
    uses_.resize(f_.insts.size());
    decides_.resize(f_.insts.size());
    return converted;
  }
  // The phi to which [arm], taken for [value] only, gives a constant, and how much more that is.
  std::pair<ValueId, int64_t> step_of_arm(BlockId arm, int64_t value) const {
    if (value < 0 || f_[arm].insts.size() != 1 || f_[f_.terminator(arm)].op != Op::Jump || cfg_.preds(arm).size() != 1)
      return {};
    for (const ValueId phi : f_[f_.targets(f_.terminator(arm))[0]].insts) {
      if (f_[phi].op != Op::Phi) break;
      const Type type = f_[phi].type;
      const auto given = constant_of(f_, f_.phi_operand(phi, arm));
      if (!given || !is_integer(type) || type == Type::I1 || decides_[phi.index]) continue;
      return {phi, *fold(Op::Sub, Pred::Eq, type, type, *given, value)};
    }
    return {};
  }
  // Whether both arms go to the same place and give it the same, but for [phi].
  bool gives_same(BlockId a, BlockId b, ValueId phi) const {
    const BlockId join = f_.targets(f_.terminator(a))[0];
    if (f_.targets(f_.terminator(b))[0] != join) return false;
    return std::ranges::all_of(f_[join].insts, [&](ValueId v) {
      return f_[v].op != Op::Phi || v == phi || f_.phi_operand(v, a) == f_.phi_operand(v, b);
    });
  }

  // Where both ways of [b] lead at once; none when they do not.
  BlockId join_of(BlockId b) const {
    const auto targets = f_.targets(f_.terminator(b));
    for (const BlockId to : {next(targets[0]), targets[0]})
      if (to && cfg_.order[to.index] > cfg_.order[b.index] && (to == targets[1] || to == next(targets[1])))
        if (to == targets[0] || cfg_.preds(targets[0]).size() == 1)
          if (to == targets[1] || cfg_.preds(targets[1]).size() == 1) return to;
    return {};
  }
  // What a block that holds at most one instruction, and no phi, goes on to.
  BlockId next(BlockId b) const {
    const auto &insts = f_[b].insts;
    const bool is_short = insts.size() <= 2 && f_[insts.back()].op == Op::Jump;
    return is_short && f_[insts.front()].op != Op::Phi ? f_.targets(insts.back())[0] : BlockId{};
  }
  Way way(BlockId b, BlockId to, BlockId join) const {
    if (to == join) return {b, {}};
    return {to, f_[to].insts.size() == 2 ? f_[to].insts.front() : ValueId{}};
  }

  // What [phi] is, computed from the operands of [condition]; none where that takes more than the branch.
  ValueId without_branch(ValueId condition, ValueId phi, Way yes, Way no) {
    const Pred pred = f_[condition].pred;
    const bool is_inverse = pred == Pred::Eq || pred == Pred::Sge || pred == Pred::Sgt;
    if (is_inverse) std::swap(yes, no);
    if (no.inst) return {};
    const ValueId set = f_.phi_operand(phi, yes.last), clear = f_.phi_operand(phi, no.last);
    if (pred == Pred::Eq || pred == Pred::Ne) return from_bit(condition, phi, yes.inst, set, clear);
    return from_sign(condition, phi, yes.inst, set, clear);
  }

  ValueId from_bit(ValueId condition, ValueId phi, ValueId inst, ValueId set, ValueId clear) {
    const auto with = constant_of(f_, f_.operand(condition, 1));
    const ValueId bit = f_.operand(condition, 0);
    if (with != 0 || !is_integer(f_[bit].type)) return {};
    const uint64_t may_be = ~bits(bit, 0).zeros & all_bits(f_[bit].type);
    if (!std::has_single_bit(may_be)) return {};
    const int from = std::countr_zero(may_be);
    if (inst) {
      // x op 2^n on one way, x on the other; where the bit is not at its place that is a shift more
      const Op op = f_[inst].op;
      if (set != inst || uses_[inst.index] != 1 || (op != Op::Or && op != Op::Xor && op != Op::Add)) return {};
      const auto c = constant_of(f_, f_.operand(inst, 1));
      if (!c || f_.operand(inst, 0) != clear || !is_power(*c, f_[phi].type) || to_place(*c, f_[phi].type) != from)
        return {};
      return make(op, f_[phi].type, {clear, moved(bit, from, from, f_[phi].type)});
    }
    const auto c = constant_of(f_, set);
    if (!c || constant_of(f_, clear) != 0 || !is_power(*c, f_[phi].type)) return {};
    return moved(bit, from, to_place(*c, f_[phi].type), f_[phi].type);
  }

  // x < 0 ? -1 : 0 = x >>s w - 1, x < 0 ? 1 : 0 = x >>u w - 1
  ValueId from_sign(ValueId condition, ValueId phi, ValueId inst, ValueId set, ValueId clear) {
    const Pred pred = f_[condition].pred;
    const ValueId x = f_.operand(condition, 0);
    const auto with = constant_of(f_, f_.operand(condition, 1)), c = constant_of(f_, set);
    const bool is_sign = pred == Pred::Slt || pred == Pred::Sge ? with == 0 : pred == Pred::Sgt && with == -1;
    const Type type = f_[phi].type;
    if (!is_sign || inst || f_[x].type != type || bits_of(type) < 32) return {};
    if (constant_of(f_, clear) != 0 || (c != -1 && c != 1)) return {};
    return make(c == 1 ? Op::LShr : Op::AShr, type, {x, f_.constant(type, int64_t{bits_of(type)} - 1)});
  }

  static bool is_power(int64_t c, Type type) { return std::has_single_bit(static_cast<uint64_t>(c) & all_bits(type)); }
  static int to_place(int64_t c, Type type) { return std::countr_zero(static_cast<uint64_t>(c) & all_bits(type)); }

  // [bit], of which only bit [from] may be set, with that as bit [to] of a [type].
  ValueId moved(ValueId bit, int from, int to, Type type) {
    const bool is_widened_first = bits_of(type) > bits_of(f_[bit].type);
    if (is_widened_first) bit = make(Op::Zext, type, {bit});
    const Type wide = f_[bit].type;
    if (from != to) bit = make(from < to ? Op::Shl : Op::LShr, wide, {bit, f_.constant(wide, std::abs(to - from))});
    return wide == type ? bit : make(Op::Trunc, type, {bit});
  }

  KnownBits bits(ValueId v, int depth) const {
    if (depth > kMaxDepth || f_[v].op == Op::Phi) return is_integer(f_[v].type) ? anything(f_[v].type) : KnownBits{};
    return known_bits(f_, v, [&](ValueId operand) { return bits(operand, depth + 1); });
  }

  ValueId make(Op op, Type type, std::initializer_list<ValueId> operands) {
    const ValueId v =
        f_.make(op, type, std::span(operands.begin(), operands.size()), {}, 0, f_[f_.terminator(at_)].loc);
    f_.insert(at_, f_[at_].insts.size() - 1, v);
    return v;
  }

  // [b] jumps to [join], where [phi] is [value] and the others are what both ways agreed on.
  void leave(BlockId b, BlockId join, ValueId phi, ValueId value, Way yes) {
    for (const ValueId v : f_[join].insts) {
      if (f_[v].op != Op::Phi) break;
      const ValueId now = v == phi ? value : f_.phi_operand(v, yes.last);
      const auto from = f_.targets(v);
      const auto own = std::ranges::find(from, b);
      if (own == from.end())
        f_.add_phi_operand(v, now, b);
      else
        f_.operands(v)[static_cast<size_t>(own - from.begin())] = now;
    }
    const ValueId branch = f_.terminator(b);
    f_[branch].op = Op::Jump;
    f_[branch].weight = 0;
    f_.set_operands(branch, {});
    f_.set_targets(branch, std::array{join});
    uses_.resize(f_.insts.size());
    decides_.resize(f_.insts.size());
  }

  Function &f_;
  const Cfg &cfg_;              // as it was: what is left behind goes on where it did
  std::vector<uint32_t> uses_;  // by value
  std::vector<bool> decides_;   // by value: whether a comparison or a branch uses it, itself or in a join
  BlockId at_;                  // where the branch is
};

}  // namespace

bool convert_ifs(const PassContext &context) { return context.did("branches", Converter(context).run()); }

}  // namespace spile::ir::passes
