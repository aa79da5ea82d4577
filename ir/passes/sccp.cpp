// Sparse conditional constant propagation (Wegman, Zadeck: Constant Propagation with Conditional Branches, 1991).
//
// Idea: assume that no block is reached and that every value is some constant not yet known; start at the entry and let
// facts flow: a block is reached when a branch into it can be taken, a phi sees only operands on edges that can be
// taken. What is still one constant when nothing flows any more is that constant. Finds constants around loops, which
// simplify, going from definition to use, does not.
//
//     entry: jump loop
//     loop:  %0 = phi.i32 [i32 1, entry], [%1, loop]        loop: ... ret i32 1
//            %1 = mul.i32 %0, %0                        ->
//            ...
//            ret %0
//
// Requires: nothing. Breaks: leaves decided branches (simplify_cfg) and dead instructions (dce).
#include <algorithm>

#include "ir/analysis_cfg.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Falls from Unknown over Constant to Varying, never back.
struct Lattice {
  enum class State : uint8_t { Unknown, Constant, Varying } state = State::Unknown;
  int64_t value = 0;
  friend bool operator==(const Lattice &, const Lattice &) = default;
};
using State = Lattice::State;

class Propagation {
 public:
  explicit Propagation(const PassContext &context)
      : f_(context.function),
        cfg_(context.analyses.cfg()),
        facts_(f_.insts.size()),
        is_reached_(f_.blocks.size()),
        is_taken_(cfg_.pred_pool.size()) {}

  bool run() {
    if (!has_beginning()) return false;
    index_users();
    is_reached_[0] = true;
    blocks_.push_back(BlockId(0));
    while (!blocks_.empty() || !values_.empty()) {
      if (!values_.empty()) {
        const ValueId v = values_.back();
        values_.pop_back();
        for (uint32_t i = user_begin_[v.index]; i < user_begin_[v.index + 1]; i++)
          if (is_reached_[f_[users_[i]].block.index]) visit(users_[i]);
        continue;
      }
      const BlockId b = blocks_.back();
      blocks_.pop_back();
      for (const ValueId v : f_[b].insts) visit(v);
    }
    return replace();
  }

 private:
  // Whether a value is constant by what it is made of alone, in which all that can be found begins.
  bool has_beginning() const {
    const auto is_constant = [&](ValueId v) { return f_[v].op == Op::Const; };
    return std::ranges::any_of(cfg_.rpo, [&](BlockId b) {
      return std::ranges::any_of(f_[b].insts, [&](ValueId v) {
        const auto operands = f_.operands(v);
        if (operands.empty() || info_of(f_[v].op).effects != Effects::Pure) return false;
        if (f_[v].op == Op::Phi) return std::ranges::any_of(operands, is_constant);
        return is_constant(operands[0]) && (f_[v].op == Op::Select || std::ranges::all_of(operands, is_constant));
      });
    });
  }

  void index_users() {
    user_begin_.assign(f_.insts.size() + 1, 0);
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts)
        for (const ValueId use : f_.operands(v)) user_begin_[use.index + 1]++;
    for (size_t i = 0; i + 1 < user_begin_.size(); i++) user_begin_[i + 1] += user_begin_[i];
    users_.resize(user_begin_.back());
    std::vector<uint32_t> next(user_begin_.begin(), user_begin_.end() - 1);
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts)
        for (const ValueId use : f_.operands(v)) users_[next[use.index]++] = v;
  }

  Lattice fact(ValueId v) const {
    if (f_[v].block) return facts_[v.index];
    if (f_[v].op == Op::Const) return {State::Constant, f_[v].imm};
    return {State::Varying, 0};
  }

  // Whether the edge has been found to be possible.
  bool is_taken(BlockId from, BlockId to) const { return is_taken_[place_of_edge(from, to)]; }
  size_t place_of_edge(BlockId from, BlockId to) const {
    const auto preds = cfg_.preds(to);
    return cfg_.pred_begin[to.index] + static_cast<size_t>(std::ranges::lower_bound(preds, from) - preds.begin());
  }
  void take(BlockId from, BlockId to) {
    const size_t at = place_of_edge(from, to);
    if (is_taken_[at]) return;
    is_taken_[at] = true;
    if (!is_reached_[to.index]) {
      is_reached_[to.index] = true;
      blocks_.push_back(to);
      return;
    }
    for (const ValueId phi : f_[to].insts) {
      if (f_[phi].op != Op::Phi) break;
      visit(phi);
    }
  }

  void visit(ValueId v) {
    if (f_[v].op == Op::AsmGoto && f_[v].type != Type::Void && facts_[v.index].state != State::Varying) {
      facts_[v.index] = {State::Varying, 0};
      values_.push_back(v);
    }
    if (info_of(f_[v].op).effects == Effects::Term) return visit_terminator(v);
    if (f_[v].type == Type::Void || facts_[v.index].state == State::Varying) return;
    const Lattice now = f_[v].op == Op::Phi ? join(v) : compute(v);
    if (now == facts_[v.index]) return;
    // A constant that becomes another one is varying: keeps the order of the lattice whatever the rules give.
    facts_[v.index] = facts_[v.index].state == State::Constant ? Lattice{State::Varying, 0} : now;
    values_.push_back(v);
  }

  Lattice join(ValueId phi) const {
    Lattice result;
    for (size_t i = 0; i < f_[phi].operand_count; i++) {
      const Lattice operand = fact(f_.operand(phi, i));
      if (operand.state == State::Unknown || operand == result) continue;
      if (!is_taken(f_.targets(phi)[i], f_[phi].block)) continue;
      if (operand.state == State::Varying || (result.state == State::Constant && result != operand))
        return {State::Varying, 0};
      result = operand;
    }
    return result;
  }

  Lattice compute(ValueId v) const {
    const Inst &inst = f_[v];
    if (info_of(inst.op).effects != Effects::Pure || inst.operand_count == 0) return {State::Varying, 0};
    const Lattice a = fact(f_.operand(v, 0));
    if (inst.op == Op::Select) {
      if (a.state == State::Constant) return fact(f_.operand(v, a.value != 0 ? 1 : 2));
      return {a.state, 0};
    }
    const Lattice b = inst.operand_count > 1 ? fact(f_.operand(v, 1)) : Lattice{State::Constant, 0};
    if (a.state == State::Varying || b.state == State::Varying) return {State::Varying, 0};
    if (a.state == State::Unknown || b.state == State::Unknown) return {};
    const auto value = fold(inst.op, inst.pred, inst.type, f_[f_.operand(v, 0)].type, a.value, b.value);
    return value ? Lattice{State::Constant, *value} : Lattice{State::Varying, 0};
  }

  void visit_terminator(ValueId v) {
    const BlockId b = f_[v].block;
    const auto to = f_.targets(v);
    if (f_[v].op == Op::Branch || f_[v].op == Op::Switch) {
      const Lattice on = fact(f_.operand(v, 0));
      if (on.state == State::Unknown) return;
      if (on.state == State::Constant) return take(b, to[f_.taken(v, on.value)]);
    }
    for (const BlockId t : to) take(b, t);
  }

  bool replace() {
    Rewrite rewrite(f_);
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts)
        if (is_reached_[b.index] && facts_[v.index].state == State::Constant &&
            user_begin_[v.index] != user_begin_[v.index + 1])
          rewrite.replace(v, f_.constant(f_[v].type, facts_[v.index].value));
    rewrite.apply();
    return !rewrite.empty();
  }

  Function &f_;
  const Cfg &cfg_;
  std::vector<Lattice> facts_;    // by value
  std::vector<bool> is_reached_;  // by block
  std::vector<bool> is_taken_;    // by place in cfg_.pred_pool
  std::vector<uint32_t> user_begin_;
  std::vector<ValueId> users_;
  std::vector<BlockId> blocks_;
  std::vector<ValueId> values_;
};

}  // namespace

bool sccp(const PassContext &context) { return Propagation(context).run(); }

}  // namespace spile::ir::passes
