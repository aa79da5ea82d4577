// Branches that decide nothing: whichever way they go, nothing happens until both ways meet.
//
// Idea: a block is idle when it only computes and reads, for nobody but itself, and then goes on to one place, or to
// one of two that lead to the same place through idle blocks. Walking the blocks from the end to the beginning, the
// place where each idle block leads to is known when a branch to it is seen; a branch whose ways lead to one place,
// with one value for each phi there, jumps to it. A comparison of memory whose result nobody asks for goes as a whole,
// where folding one branch at a time would need a round for each of its chunks.
//
//     entry: %0 = load.i8 %p0                 entry: %0 = load.i8 %p0
//            branch %p1, a, out                      jump out
//     a: %1 = load.i8 %p0, 1           ->     out: ret i32 1
//        %2 = icmp.eq %0, %1
//        branch %2, b, out
//     b: jump out
//     out: ret i32 1
//
// Likewise a comparison with one number, when the comparison behind it sends that number to the same place:
// `x != -1 && x > 2`.
//
// Requires: dse and gvn before it, which leave reads that nobody uses. Breaks: leaves conditions that nobody uses
// (dce), blocks that nobody reaches and chains of jumps (simplify_cfg). Loops stay: a way back is never followed.
#include <algorithm>

#include "ir/analysis_cfg.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// Blocks that return, each another value, that are compared with a new one.
constexpr size_t kMaxReturns = 8;

class Dropper {
 public:
  explicit Dropper(const PassContext &context)
      : f_(context.function), cfg_(context.analyses.cfg()), used_elsewhere_(f_.insts.size()), ways_(f_.blocks.size()) {}

  size_t run() {
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts)
        for (const ValueId use : f_.operands(v))
          if (f_[use].block && (f_[use].block != b || f_[v].op == Op::Phi)) used_elsewhere_[use.index] = true;
    size_t dropped = 0;
    for (auto at = cfg_.rpo.rbegin(); at != cfg_.rpo.rend(); ++at) {
      const BlockId b = *at;
      const ValueId v = f_.terminator(b);
      ways_[b.index] = {v == f_[b].insts.front() && f_[v].op == Op::Ret ? equal_return(b) : b, b};
      if (f_[v].op != Op::Branch && f_[v].op != Op::Jump) continue;
      Way way = way_of(b, f_.targets(v)[0]);
      if (f_[v].op == Op::Branch) {
        const Way other = way_of(b, f_.targets(v)[1]);
        if (f_.targets(v)[0] == f_.targets(v)[1] || way.to != other.to || !phis_agree(way, other)) continue;
        jump(b, way);
        way.last = b;
        dropped++;
      }
      if (is_idle(b)) ways_[b.index] = way;
    }
    for (const BlockId b : cfg_.rpo) dropped += drop_equality(b) ? 1 : 0;
    return dropped;
  }

 private:
  // Where one gets to without anything happening, and the block before it.
  struct Way {
    BlockId to, last;
  };

  Way way_of(BlockId from, BlockId to) const {
    if (cfg_.order[to.index] <= cfg_.order[from.index]) return {to, from};
    const Way &way = ways_[to.index];
    return {way.to, way.to == to ? from : way.last};
  }

  // The first block seen that gives back what [b] does.
  BlockId equal_return(BlockId b) {
    for (const BlockId other : returns_)
      if (std::ranges::equal(f_.operands(f_.terminator(other)), f_.operands(f_.terminator(b)))) return other;
    if (returns_.size() < kMaxReturns) returns_.push_back(b);
    return b;
  }

  bool is_idle(BlockId b) const {
    for (const ValueId v : f_[b].insts) {
      if (used_elsewhere_[v.index] || f_[v].is_volatile) return false;
      const Effects effects = info_of(f_[v].op).effects;
      if (effects == Effects::Write || f_[v].op == Op::AsmOutput) return false;
    }
    return b.index != 0;
  }

  bool phis_agree(const Way &a, const Way &b) const {
    for (const ValueId phi : f_[a.to].insts) {
      if (f_[phi].op != Op::Phi) break;
      if (f_.phi_operand(phi, a.last) != f_.phi_operand(phi, b.last)) return false;
    }
    return true;
  }

  // A branch away for one number, which the next branch would send to where this one does.
  bool drop_equality(BlockId b) {
    const ValueId v = f_.terminator(b);
    if (f_[v].op != Op::Branch || f_.targets(v)[0] == f_.targets(v)[1]) return false;
    const ValueId test = f_.operand(v, 0);
    if (f_[test].op != Op::ICmp || (f_[test].pred != Pred::Eq && f_[test].pred != Pred::Ne)) return false;
    const ValueId x = f_.operand(test, 0);
    const auto number = constant_of(f_, f_.operand(test, 1));
    if (!number || !is_integer(f_[x].type)) return false;
    const size_t equal = f_[test].pred == Pred::Eq ? 0 : 1;
    const BlockId away = f_.targets(v)[equal], next = f_.targets(v)[1 - equal];
    if (cfg_.preds(next).size() != 1 || next == b) return false;
    // Nothing else stands there.
    const ValueId then = f_.terminator(next), asked = f_[then].op == Op::Branch ? f_.operand(then, 0) : ValueId{};
    if (!asked || f_[asked].op != Op::ICmp || f_.operand(asked, 0) != x) return false;
    if (std::ranges::any_of(f_[next].insts, [&](ValueId i) { return i != then && i != asked; })) return false;
    const auto with = constant_of(f_, f_.operand(asked, 1));
    if (!with) return false;
    const bool holds = fold_compare(f_[asked].pred, f_[x].type, *number, *with);
    if (f_.targets(then)[holds ? 0 : 1] != away || f_.targets(then)[0] == f_.targets(then)[1]) return false;
    for (const ValueId phi : f_[away].insts) {
      if (f_[phi].op != Op::Phi) break;
      const ValueId now = f_.phi_operand(phi, b), later = f_.phi_operand(phi, next);
      if (now != later && !(later == x && constant_of(f_, now) == number)) return false;
    }
    jump(b, {next, b});
    return true;
  }

  void jump(BlockId b, const Way &way) {
    const ValueId v = f_.terminator(b);
    for (const BlockId t : {f_.targets(v)[0], f_.targets(v)[1]})
      if (t != way.to) f_.remove_phi_operands(t, b);
    if (way.last != b && f_.targets(v)[0] != way.to && f_.targets(v)[1] != way.to)
      for (const ValueId phi : f_[way.to].insts) {
        if (f_[phi].op != Op::Phi) break;
        f_.add_phi_operand(phi, f_.phi_operand(phi, way.last), b);
      }
    f_[v].op = Op::Jump;
    f_[v].weight = 0;
    f_.set_operands(v, {});
    f_.set_targets(v, std::array{way.to});
  }

  Function &f_;
  const Cfg &cfg_;
  std::vector<bool> used_elsewhere_;  // by value: whether another block, or a phi, uses it
  std::vector<Way> ways_;             // by block
  std::vector<BlockId> returns_;      // blocks of nothing but a return, each of another value
};

}  // namespace

bool drop_branches(const PassContext &context) { return context.did("branches", Dropper(context).run()); }

}  // namespace spile::ir::passes
