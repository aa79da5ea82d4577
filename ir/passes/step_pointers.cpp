// Addresses that a loop counts become pointers that step, and masks that its counter never exceeds go.
//
// Idea: where a counter goes from a constant by a constant to a constant bound, base + scale * counter is a pointer
// that starts at the first element and moves by scale * step. Addresses of one base and scale share that pointer;
// constant distances between them go into the loads and stores. The counter stays for the test. In `i & 15`, where i
// goes from 0 to 15, the mask changes nothing.
//
//     loop: %0 = phi.i32 [i32 0, entry], [%5, loop]         entry: jump loop
//           %1 = zext.i64 %0                                loop: %0 = phi.i32 [i32 0, entry], [%5, loop]
//           %2 = shl.i64 %1, i64 3                     ->         %6 = phi.ptr [@a, entry], [%7, loop]
//           %3 = ptradd @a, %2                                    %4 = load.i64 %6
//           %4 = load.i64 %3                                      %5 = add.i32 %0, i32 1
//           %5 = add.i32 %0, i32 1                                %7 = ptradd %6, i64 8
//           %8 = icmp.ult %5, i32 16                              %8 = icmp.ult %5, i32 16
//           branch %8, loop, out                                  branch %8, loop, out
//
// Requires: mem2reg, rotate_loops. Breaks: leaves unused arithmetic (dce) and additions of 0 (simplify).
//
// For the kernel's verifier: the counter starts at a constant, so it is a constant in every round that the verifier
// walks, and the pointer's offset is as well. Loops that it may not walk round by round are left alone: those with an
// iterator, a may_goto (assembly), a callback, or a function that may contain one.
#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "ir/analysis_loops.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Deeper expressions are not taken apart.
constexpr int kMaxDepth = 8;
// What a loop counts stays far from where sums of any width that is extended would wrap.
constexpr int64_t kMaxValue = INT32_MAX;
// Pointers that step cost a register each for the whole loop.
constexpr size_t kMaxPointers = 4;
constexpr size_t kMaxPointersOverCalls = 1;  // which keep four registers

class Stepper {
 public:
  explicit Stepper(const PassContext &context)
      : context_(context), f_(context.function), cfg_(context.analyses.cfg()) {}

  bool run() {
    std::vector<SimpleLoop> loops;
    for (Loop &loop : find_loops(cfg_))
      if (auto found = simple(std::move(loop))) loops.push_back(std::move(*found));
    if (loops.empty()) return false;
    ranges_.resize(f_.insts.size());
    for (const SimpleLoop &loop : loops)
      if (loop.is_walked) find_counters(loop);
    const size_t masks = counters_.empty() ? 0 : drop_masks();
    for (const SimpleLoop &loop : loops)
      if (!loop.is_walked) find_counters(loop);
    // Inner loops have later headers: an outer one then sees what the inner one starts from.
    Rewrite rewrite(f_);
    for (size_t i = loops.size(); i-- > 0;) step(loops[i], rewrite);
    rewrite.apply();
    context_.did("masks", masks);
    context_.did("pointers", made_);
    return masks + made_ != 0;
  }

 private:
  struct SimpleLoop : Loop {
    BlockId latch;
    bool is_walked = true;  // round by round, by the kernel's verifier
    bool has_calls = false;
  };
  struct Range {
    int64_t min, max;
  };
  struct Counter {
    ValueId phi;
    int64_t start, step;
    BlockId head;
  };
  // scale * counter + factor * rest + offset, in 64 bits and without wrapping.
  struct Linear {
    int64_t scale = 0, offset = 0, factor = 0;
    ValueId rest;
  };
  // A pointer that steps: base + the constant of its first round.
  struct Group {
    ValueId base, rest;
    int64_t scale, factor;
    struct Use {
      ValueId address;
      int64_t offset;
    };
    std::vector<Use> uses;
  };

  // One way in, one way back.
  std::optional<SimpleLoop> simple(Loop loop) const {
    const Op way_in = f_[f_.terminator(loop.before)].op;
    if (loop.latches.size() != 1 || (way_in != Op::Jump && way_in != Op::Branch)) return std::nullopt;
    SimpleLoop found{std::move(loop)};
    found.latch = found.latches[0];
    for (const BlockId b : found.blocks)
      for (const ValueId v : f_[b].insts) {
        const Op op = f_[v].op;
        found.has_calls |= op == Op::Call || op == Op::CallHelper;
        found.is_walked &= op != Op::Call && op != Op::Asm && op != Op::AsmGoto;
        if (op == Op::CallHelper)
          for (const ValueId operand : f_.operands(v)) found.is_walked &= f_[operand].op != Op::FuncAddr;
      }
    return found;
  }

  // Phis of the header that count from a constant to one that the latch, or the header itself, tests.
  void find_counters(const SimpleLoop &loop) {
    for (const ValueId phi : f_[loop.head].insts) {
      if (f_[phi].op != Op::Phi) break;
      if (!is_integer(f_[phi].type) || bits_of(f_[phi].type) < 32) continue;
      const auto start = constant_of(f_, f_.phi_operand(phi, loop.before));
      const ValueId next = f_.phi_operand(phi, loop.latch);
      if (!start || *start < 0 || f_[next].op != Op::Add || f_.operand(next, 0) != phi) continue;
      const auto by = constant_of(f_, f_.operand(next, 1));
      if (!by || *by <= 0 || *by > kMaxValue) continue;
      auto bound = bound_of(loop, loop.latch, next, *start, *by);
      const bool tested_last = bound.has_value();
      if (!bound && loop.latch != loop.head) bound = bound_of(loop, loop.head, phi, *start, *by);
      if (!bound || *start >= *bound) continue;
      // In a header that tests it, the counter is once beyond the bound.
      remember(phi, {*start, tested_last ? *bound - 1 : *bound - 1 + *by});
      remember(next, {*start + *by, *bound - 1 + 2 * *by});
      counters_.push_back({phi, *start, *by, loop.head});
    }
  }

  // The constant below which [tested] is where the branch of [block] stays in the loop.
  std::optional<int64_t> bound_of(const SimpleLoop &loop, BlockId block, ValueId tested, int64_t start,
                                  int64_t by) const {
    const ValueId branch = f_.terminator(block);
    if (f_[branch].op != Op::Branch) return std::nullopt;
    const ValueId test = f_.operand(branch, 0);
    if (f_[test].op != Op::ICmp || f_.operand(test, 0) != tested) return std::nullopt;
    const auto bound = constant_of(f_, f_.operand(test, 1));
    if (!bound || *bound <= 0 || *bound > kMaxValue) return std::nullopt;
    const bool stays_when_true = loop.contains(cfg_, f_.targets(branch)[0]);
    if (stays_when_true == loop.contains(cfg_, f_.targets(branch)[1])) return std::nullopt;
    const Pred stays = stays_when_true ? f_[test].pred : inverted(f_[test].pred);
    const bool meets = stays == Pred::Ne && (*bound - start) % by == 0;
    return stays == Pred::Ult || stays == Pred::Slt || meets ? bound : std::nullopt;
  }

  void remember(ValueId v, Range range) {
    if (v.index >= ranges_.size()) ranges_.resize(f_.insts.size());
    ranges_[v.index] = range;
  }

  // What [v] is between, when nothing in it can wrap.
  std::optional<Range> range_of(ValueId v, int depth = 0) const {
    if (const auto c = constant_of(f_, v))
      return *c >= 0 && *c <= kMaxValue ? std::optional(Range{*c, *c}) : std::nullopt;
    if (v.index < ranges_.size() && ranges_[v.index]) return ranges_[v.index];
    if (depth == kMaxDepth || f_[v].operand_count == 0) return std::nullopt;
    const Op op = f_[v].op;
    if (op == Op::Zext || op == Op::Sext) return range_of(f_.operand(v, 0), depth + 1);
    if (op == Op::And) {
      const auto a = range_of(f_.operand(v, 0), depth + 1);
      const auto mask = constant_of(f_, f_.operand(v, 1));
      return a && mask && *mask >= 0 ? std::optional(Range{0, std::min(a->max, *mask)}) : std::nullopt;
    }
    if (op != Op::Add && op != Op::Mul && op != Op::Shl) return std::nullopt;
    const auto a = range_of(f_.operand(v, 0), depth + 1), b = range_of(f_.operand(v, 1), depth + 1);
    if (!a || !b || bits_of(f_[v].type) < 32 || (op == Op::Shl && b->max > 31)) return std::nullopt;
    const auto apply = [&](int64_t x, int64_t y) { return op == Op::Add ? x + y : op == Op::Mul ? x * y : x << y; };
    const Range range{apply(a->min, b->min), apply(a->max, b->max)};
    return range.max <= kMaxValue ? std::optional(range) : std::nullopt;
  }

  // `x & mask` where every x that there is lies within the mask.
  size_t drop_masks() {
    Rewrite rewrite(f_);
    size_t dropped = 0;
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts) {
        if (f_[v].op != Op::And) continue;
        const ValueId x = f_.operand(v, 0);
        const auto mask = constant_of(f_, f_.operand(v, 1));
        const auto range = mask ? range_of(x) : std::nullopt;
        if (!range || f_[x].op == Op::Const) continue;
        const auto bits = static_cast<unsigned>(std::bit_width(static_cast<uint64_t>(range->max)));
        const int64_t possible = (int64_t{1} << bits) - 1;
        if ((*mask & possible) != possible) continue;
        rewrite.replace(v, x);
        dropped++;
      }
    rewrite.apply();
    return dropped;
  }

  bool is_invariant(const SimpleLoop &loop, ValueId v) const {
    return !f_[v].block || !loop.contains(cfg_, f_[v].block);
  }

  // [v] taken apart by the counter [phi] of [loop]. Sound because: every part has a range that does not wrap, so sums
  // and products of 32 bits are those of 64.
  std::optional<Linear> linear(const SimpleLoop &loop, ValueId phi, ValueId v, int depth = 0) const {
    if (const auto c = constant_of(f_, v))
      return *c >= 0 && *c <= kMaxValue ? std::optional(Linear{0, *c, 0, {}}) : std::nullopt;
    if (v == phi) return Linear{1, 0, 0, {}};
    if (depth == kMaxDepth || !range_of(v)) return std::nullopt;
    if (is_invariant(loop, v)) return Linear{0, 0, 1, v};
    const Op op = f_[v].op;
    if (op == Op::Zext || op == Op::Sext) return linear(loop, phi, f_.operand(v, 0), depth + 1);
    if (op != Op::Add && op != Op::Mul && op != Op::Shl) return std::nullopt;
    const auto a = linear(loop, phi, f_.operand(v, 0), depth + 1), b = linear(loop, phi, f_.operand(v, 1), depth + 1);
    if (!a || !b) return std::nullopt;
    if (op == Op::Add) {
      if (a->rest && b->rest) return std::nullopt;
      return within({a->scale + b->scale, a->offset + b->offset, a->factor + b->factor, a->rest ? a->rest : b->rest});
    }
    if (b->scale != 0 || b->rest) return std::nullopt;
    const int64_t by = op == Op::Mul ? b->offset : int64_t{1} << b->offset;
    return within({a->scale * by, a->offset * by, a->factor * by, a->rest});
  }
  // Of a counter that is only ever 0, no range says that its factors are small.
  static std::optional<Linear> within(const Linear &x) {
    return std::max({x.scale, x.offset, x.factor}) <= kMaxValue ? std::optional(x) : std::nullopt;
  }

  void step(const SimpleLoop &loop, Rewrite &rewrite) {
    if (!loop.is_walked) return;
    for (const Counter &counter : counters_)
      if (counter.head == loop.head) step(loop, counter, rewrite);
  }

  void step(const SimpleLoop &loop, const Counter &counter, Rewrite &rewrite) {
    std::vector<Group> groups;
    for (const BlockId b : loop.blocks) {
      for (const ValueId v : f_[b].insts) {
        if (f_[v].op != Op::PtrAdd || rewrite.replaced(v)) continue;
        ValueId base = f_.operand(v, 0);
        const auto x = linear(loop, counter.phi, f_.operand(v, 1));
        if (!x || x->scale == 0 || !is_invariant(loop, base)) continue;
        int64_t offset = x->offset;
        while (f_[base].op == Op::PtrAdd) {
          const auto c = constant_of(f_, f_.operand(base, 1));
          if (!c || *c > kMaxValue || *c < -kMaxValue) break;
          offset += *c;
          base = f_.operand(base, 0);
        }
        const auto same = [&](const Group &g) {
          return g.base == base && g.rest == x->rest && g.scale == x->scale && g.factor == x->factor;
        };
        auto group = std::ranges::find_if(groups, same);
        if (group == groups.end()) group = groups.insert(groups.end(), Group{base, x->rest, x->scale, x->factor, {}});
        group->uses.push_back({v, offset});
      }
    }
    // One address without a scale is two instructions as it is.
    std::erase_if(groups, [](const Group &g) { return g.scale == 1 && g.uses.size() == 1 && !g.rest; });
    if (groups.size() > (loop.has_calls ? kMaxPointersOverCalls : kMaxPointers)) return;
    for (const Group &group : groups) make(loop, counter, group, rewrite);
  }

  ValueId insert(BlockId block, size_t at, Op op, Type type, std::array<ValueId, 2> operands, Loc loc) {
    const ValueId v =
        f_.make(op, type, op == Op::Zext ? std::span(operands).first(1) : std::span(operands), {}, 0, loc);
    f_.insert(block, at, v);
    return v;
  }

  void make(const SimpleLoop &loop, const Counter &counter, const Group &group, Rewrite &rewrite) {
    const Loc loc = f_[group.uses.front().address].loc;
    const auto at_end = [&](BlockId b) { return f_[b].insts.size() - 1; };
    const auto number = [&](int64_t n) { return f_.constant(Type::I64, n); };
    const auto before = [&](Op op, Type type, ValueId a, ValueId b) {
      return insert(loop.before, at_end(loop.before), op, type, {a, b}, loc);
    };
    // What all its addresses have in common is in the pointer.
    const int64_t offset = std::ranges::min_element(group.uses, {}, &Group::Use::offset)->offset;
    ValueId first = group.base;
    if (group.rest) {
      ValueId rest = group.rest;
      if (f_[rest].type != Type::I64) rest = before(Op::Zext, Type::I64, rest, rest);
      if (group.factor != 1) rest = before(Op::Mul, Type::I64, rest, number(group.factor));
      first = before(Op::PtrAdd, Type::Ptr, first, rest);
    }
    if (const int64_t start = offset + group.scale * counter.start; start != 0)
      first = before(Op::PtrAdd, Type::Ptr, first, number(start));
    const ValueId phi = f_.make(Op::Phi, Type::Ptr, {}, {}, 0, loc);
    f_.insert(loop.head, 0, phi);
    const ValueId next = insert(loop.latch, at_end(loop.latch), Op::PtrAdd, Type::Ptr,
                                {phi, number(group.scale * counter.step)}, f_[counter.phi].loc);
    f_.add_phi_operand(phi, first, loop.before);
    f_.add_phi_operand(phi, next, loop.latch);
    for (const Group::Use &use : group.uses) {
      if (use.offset == offset) {
        rewrite.replace(use.address, phi);
      } else {
        const std::array<ValueId, 2> operands = {phi, number(use.offset - offset)};
        f_.set_operands(use.address, operands);
      }
    }
    made_++;
  }

  const PassContext &context_;
  Function &f_;
  const Cfg &cfg_;
  std::vector<std::optional<Range>> ranges_;  // by value
  std::vector<Counter> counters_;
  size_t made_ = 0;
};

}  // namespace

bool step_pointers(const PassContext &context) { return Stepper(context).run(); }

}  // namespace spile::ir::passes
