// Numbers that are asked for one by one are asked for as ranges.
//
// Idea: a chain of tests of one value for constants, of which several lead to the same place with the same effect, asks
// for each of them in any order. Those of a row of numbers are one range. Where the place joins the number that was
// asked for, as in `if (x == 2) r = 2; else if (x == 3) r = 3; ...`, it is the value itself.
//
//     entry: %0 = icmp.eq %p0, i32 1              entry: %0 = icmp.ult %p0, i32 1
//            branch %0, out, b2                          branch %0, rest, upper
//     b2: %1 = icmp.eq %p0, i32 2                 upper: %1 = icmp.ule %p0, i32 3
//         branch %1, out, b3              ->             branch %1, out, rest
//     b3: %2 = icmp.eq %p0, i32 3                 rest: ...
//         branch %2, out, rest                    out: %2 = phi.i32 [%p0, upper], ...
//     out: %3 = phi.i32 [i32 1, entry], [i32 2, b2], [i32 3, b3], ...
//
// Requires: simplify_cfg. Breaks: leaves blocks that nobody reaches and that only jump (simplify_cfg).
//
// For the kernel's verifier: the value itself is compared, not a copy from which the lowest number was subtracted. It
// goes on with one state, in which the value is in a range, instead of one for each number.
#include <algorithm>
#include <optional>

#include "ir/analysis_bits.h"
#include "ir/analysis_uses.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

constexpr size_t kMinTests = 2;
// Where a number is what comes of it, as in a function that says 0 or 1, whoever asks for that is better off with
// constants, unless there are more.
constexpr size_t kMinNumbers = 3;
constexpr size_t kMinGainOfNumbers = 3;

class Joiner {
 public:
  explicit Joiner(const PassContext &context) : f_(context.function), analyses_(context.analyses) {}

  size_t run() {
    size_t joined = 0;
    while (join_one()) joined++;
    return joined;
  }

 private:
  struct Test {
    BlockId block, target;  // where it is, and where it leads when it holds
    uint64_t number = 0;
    // The edge that joins: of the test itself, or of a block behind it that only jumps.
    BlockId from, to;
  };
  struct Chain {
    ValueId value;
    std::vector<Test> tests;
    BlockId rest;
  };

  bool join_one() {
    const Cfg &cfg = analyses_.cfg();
    is_done_.resize(f_.blocks.size());
    for (const BlockId b : cfg.rpo) {
      if (is_done_[b.index]) continue;
      is_done_[b.index] = true;
      Chain chain = chain_from(cfg, b);
      if (chain.tests.size() >= kMinTests) cut_where_used(chain);
      for (const Test &test : chain.tests) is_done_[test.block.index] = true;
      if (chain.tests.size() >= kMinTests && join(chain)) return true;
    }
    return false;
  }

  // ---------------------------------------------------------------- the chain

  // What the branch of [b] asks, if it is for a constant.
  struct Question {
    ValueId value;
    uint64_t number = 0;
    BlockId yes, no;
  };
  std::optional<Question> question(BlockId b) const {
    const ValueId branch = f_.terminator(b);
    if (f_[branch].op != Op::Branch || f_.targets(branch)[0] == f_.targets(branch)[1]) return std::nullopt;
    const ValueId condition = f_.operand(branch, 0);
    const Inst &asked = f_[condition];
    if (asked.op != Op::ICmp || (asked.pred != Pred::Eq && asked.pred != Pred::Ne)) return std::nullopt;
    const ValueId value = f_.operand(condition, 0), number = f_.operand(condition, 1);
    if (f_[number].op != Op::Const || !is_integer(f_[value].type) || f_[value].type == Type::I1) return std::nullopt;
    const size_t yes = asked.pred == Pred::Eq ? 0 : 1;
    return Question{value, static_cast<uint64_t>(f_[number].imm) & all_bits(f_[value].type), f_.targets(branch)[yes],
                    f_.targets(branch)[1 - yes]};
  }

  Chain chain_from(const Cfg &cfg, BlockId head) const {
    Chain chain;
    for (BlockId b = head;;) {
      const auto asked = question(b);
      if (!asked || (chain.value && asked->value != chain.value)) break;
      const bool is_repeated = std::ranges::find(chain.tests, asked->number, &Test::number) != chain.tests.end();
      if (is_repeated || (b != head && is_done_[b.index])) break;
      chain.value = asked->value;
      Test test{b, asked->yes, asked->number, b, asked->yes};
      if (const auto &insts = f_[asked->yes].insts;
          insts.size() == 1 && f_[insts[0]].op == Op::Jump && cfg.preds(asked->yes).size() == 1) {
        test.from = asked->yes;
        test.to = f_.targets(insts[0])[0];
      }
      chain.tests.push_back(test);
      chain.rest = b = asked->no;
      // The next one does nothing but ask.
      const auto &insts = f_[b].insts;
      if (cfg.preds(b).size() != 1 || insts.size() != 2 || f_[insts[1]].op != Op::Branch ||
          f_.operand(insts[1], 0) != insts[0])
        break;
    }
    return chain;
  }

  // What a test behind the first has found is not there where it is not asked any more: whatever needs it ends the
  // chain.
  void cut_where_used(Chain &chain) {
    if (!uses_) uses_ = count_uses(f_);
    for (size_t i = 1; i < chain.tests.size(); i++) {
      const BlockId b = chain.tests[i].block;
      if ((*uses_)[f_[b].insts[0].index] == 1) continue;
      chain.tests.resize(i);
      chain.rest = b;
      return;
    }
  }

  // ---------------------------------------------------------------- those with the same effect

  // The phis of [to] and what they are for the tests that are joined: one value, or none, the number that was asked
  // for.
  struct Effect {
    BlockId to;
    std::vector<std::pair<ValueId, ValueId>> phis;
    std::vector<size_t> tests;
  };

  bool is_number(ValueId v, Type type, const Test &test, Type asked) const {
    return f_[v].op == Op::Const && bits_of(type) <= bits_of(asked) &&
           f_[v].imm == normalized(type, static_cast<int64_t>(test.number));
  }

  Effect effect_on(const Chain &chain, BlockId to) const {
    Effect effect{to, {}, {}};
    const Type asked = f_[chain.value].type;
    for (size_t i = 0; i < chain.tests.size(); i++)
      if (chain.tests[i].to == to) effect.tests.push_back(i);
    for (const ValueId phi : f_[to].insts) {
      if (f_[phi].op != Op::Phi || effect.tests.size() < kMinTests) break;
      const auto value_of = [&](size_t i) { return f_.phi_operand(phi, chain.tests[i].from); };
      const ValueId first = value_of(effect.tests.front());
      const auto same = std::ranges::count_if(effect.tests, [&](size_t i) { return value_of(i) == first; });
      const auto numbers = std::ranges::count_if(
          effect.tests, [&](size_t i) { return is_number(value_of(i), f_[phi].type, chain.tests[i], asked); });
      const bool is_of_number = is_integer(f_[phi].type) && f_[phi].type != Type::I1 && numbers > same;
      std::erase_if(effect.tests, [&](size_t i) {
        return is_of_number ? !is_number(value_of(i), f_[phi].type, chain.tests[i], asked) : value_of(i) != first;
      });
      effect.phis.emplace_back(phi, is_of_number ? ValueId{} : first);
    }
    return effect;
  }

  // Of numbers, both ends in.
  struct Row {
    uint64_t low = 0, high = 0;
  };
  std::vector<Row> rows(const Chain &chain, const Effect &effect) const {
    std::vector<uint64_t> numbers;
    numbers.reserve(effect.tests.size());
    for (const size_t i : effect.tests) numbers.push_back(chain.tests[i].number);
    std::ranges::sort(numbers);
    std::vector<Row> rows;
    for (const uint64_t number : numbers)
      if (!rows.empty() && rows.back().high + 1 == number)
        rows.back().high = number;
      else
        rows.push_back({number, number});
    return rows;
  }

  bool join(const Chain &chain) {
    const uint64_t all = all_bits(f_[chain.value].type);
    std::vector<BlockId> looked_at;
    for (const Test &test : chain.tests) {
      if (std::ranges::find(looked_at, test.to) != looked_at.end()) continue;
      looked_at.push_back(test.to);
      const Effect effect = effect_on(chain, test.to);
      if (effect.tests.size() < kMinTests) continue;
      const std::vector<Row> found = rows(chain, effect);
      size_t after = 0;
      for (const Row &row : found) after += row.low == row.high || row.low == 0 || row.high == all ? 1 : 2;
      const bool has_numbers = std::ranges::any_of(effect.phis, [](const auto &phi) { return !phi.second; });
      const size_t before = effect.tests.size() * (has_numbers ? 2 : 1);
      if (before <= after) continue;
      if (has_numbers && (effect.tests.size() < kMinNumbers || before < after + kMinGainOfNumbers)) continue;
      rewrite(chain, effect, found);
      return true;
    }
    return false;
  }

  // ---------------------------------------------------------------- the ranges

  void rewrite(const Chain &chain, const Effect &effect, const std::vector<Row> &found) {
    uses_.reset();
    const BlockId head = chain.tests.front().block, last = chain.tests.back().block;
    const Loc loc = f_[f_.terminator(head)].loc;
    // Whoever goes on to the rest does so from one place.
    const BlockId rest = f_.add_block("rest");
    for (const ValueId phi : f_[chain.rest].insts) {
      if (f_[phi].op != Op::Phi) break;
      std::ranges::replace(f_.targets(phi), last, rest);
    }
    f_.append(rest, f_.make(Op::Jump, Type::Void, {}, std::array{chain.rest}, 0, loc));
    std::ranges::replace(f_.targets(f_.terminator(last)), chain.rest, rest);
    const BlockId others = keep_others(chain, effect, rest);
    const BlockId in = f_.add_block("in");
    lead_to(chain, effect, in);
    // The head asks for the first range instead.
    const bool is_joined = effect.tests.front() == 0;
    if (is_joined && chain.tests.front().from == head) f_.remove_phi_operands(effect.to, head);
    const ValueId old = f_.terminator(head);
    f_[head].insts.pop_back();
    f_[old].block = {};
    f_.remove(old);
    ask(chain.value, found, head, in, others, loc);
  }

  // The tests that are not joined stay as they are, one behind the other. Where they begin.
  BlockId keep_others(const Chain &chain, const Effect &effect, BlockId rest) {
    BlockId next = rest;
    for (size_t i = chain.tests.size(); i-- > 0;) {
      if (std::ranges::find(effect.tests, i) != effect.tests.end()) continue;
      const Test &test = chain.tests[i];
      if (i != 0) {
        const auto targets = f_.targets(f_.terminator(test.block));
        targets[targets[0] == test.target ? 1 : 0] = next;
        next = test.block;
        continue;
      }
      // The head has more to do: its question moves to a block of its own.
      const BlockId moved = f_.add_block("other");
      const ValueId condition = compare(moved, Pred::Eq, chain.value, test.number);
      for (const ValueId phi : f_[test.target].insts) {
        if (f_[phi].op != Op::Phi) break;
        std::ranges::replace(f_.targets(phi), test.block, moved);
      }
      f_.append(moved, f_.make(Op::Branch, Type::Void, std::array{condition}, std::array{test.target, next}));
      next = moved;
    }
    return next;
  }

  void lead_to(const Chain &chain, const Effect &effect, BlockId in) {
    for (const auto &[phi, same] : effect.phis) {
      ValueId value = same ? same : chain.value;
      if (!same && f_[value].op == Op::Zext && f_[f_.operand(value, 0)].type == f_[phi].type)
        value = f_.operand(value, 0);
      if (f_[value].type != f_[phi].type) {
        value = f_.make(Op::Trunc, f_[phi].type, std::array{value}, {}, 0, f_[phi].loc);
        f_.append(in, value);
      }
      f_.add_phi_operand(phi, value, in);
    }
    f_.append(in, f_.make(Op::Jump, Type::Void, {}, std::array{effect.to}));
  }

  ValueId compare(BlockId b, Pred pred, ValueId value, uint64_t number) {
    const ValueId constant = f_.constant(f_[value].type, static_cast<int64_t>(number));
    const ValueId v = f_.make(Op::ICmp, Type::I1, std::array{value, constant});
    f_[v].pred = pred;
    f_.append(b, v);
    return v;
  }

  // From the lowest to the highest, so what is below one is in none behind it.
  void ask(ValueId value, const std::vector<Row> &found, BlockId at, BlockId in, BlockId others, Loc loc) {
    const uint64_t all = all_bits(f_[value].type);
    const auto branch = [&](Pred pred, uint64_t number, BlockId yes, BlockId no) {
      const ValueId condition = compare(at, pred, value, number);
      f_.append(at, f_.make(Op::Branch, Type::Void, std::array{condition}, std::array{yes, no}, 0, loc));
    };
    for (size_t i = 0; i < found.size(); i++) {
      const auto &[low, high] = found[i];
      const BlockId next = i + 1 == found.size() ? others : f_.add_block("range");
      if (low == high) {
        branch(Pred::Eq, low, in, next);
      } else if (high == all) {
        branch(Pred::Uge, low, in, next);
      } else {
        if (low != 0) {
          const BlockId upper = f_.add_block("upper");
          branch(Pred::Ult, low, others, upper);
          at = upper;
        }
        branch(Pred::Ule, high, in, next);
      }
      at = next;
    }
  }

  Function &f_;
  Analyses &analyses_;
  std::vector<bool> is_done_;                  // by block
  std::optional<std::vector<uint32_t>> uses_;  // by value
};

}  // namespace

bool join_tests(const PassContext &context) { return context.did("chains", Joiner(context).run()); }

}  // namespace spile::ir::passes
