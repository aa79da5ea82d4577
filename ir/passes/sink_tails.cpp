// Ends of blocks that do the same to different values: done once, where they meet.
//
// Idea: blocks that go on to the same place, or return, are compared backwards from their ends. What all of a group do
// alike moves to a block between them and that place; operands that differ become phis there. A macro that notes a line
// number and leaves is the common case. merge_tails does this for blocks that are equal.
//
//     a: store %p0, $0                              a: jump both
//        %0 = call_helper.i64 2(@m, $1, $0)         b: jump both
//        ret i32 1                                  both: %2 = phi.i32 [%p0, a], [%p1, b]
//     b: store %p1, $0                     ->             store %2, $0
//        %1 = call_helper.i64 2(@m, $1, $0)               %0 = call_helper.i64 2(@m, $1, $0)
//        ret i32 1                                        ret i32 1
//
// Requires: nothing dead (dce), and after it no pass that threads jumps. Breaks: leaves chains of jumps (simplify_cfg).
//
// For the kernel's verifier: it follows the same instructions on each way, with the same values. What it notes of an
// instruction for all ways must be the same on all: the map of a call, the function that is called back, the kind of
// memory behind a pointer, kernel functions. So pointers do not become phis, but for those to variables; and two calls
// with two maps stay two, which the kernel then can inline.
#include <algorithm>

#include "ir/analysis_address.h"
#include "ir/analysis_cfg.h"
#include "ir/analysis_uses.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// Longer ends are rare, and each instruction of one is compared in all blocks of the group.
constexpr size_t kMaxLength = 48;
constexpr size_t kMaxMembers = 64;
constexpr int kMaxRounds = 8;
// What is worth it though all that is saved may be addresses of variables, which may be in a register of both anyway.
constexpr int kLeastSaved = 2;

// One value for each block of the group.
using Tuple = std::vector<ValueId>;

bool is_one(const Tuple &tuple) {
  return std::ranges::all_of(tuple, [&](ValueId v) { return v == tuple.front(); });
}

class Sinker {
 public:
  explicit Sinker(const PassContext &context)
      : module_(context.module), f_(context.function), analyses_(context.analyses) {}

  size_t run() {
    size_t sunk = 0;
    for (int round = 0; round < kMaxRounds; round++) {
      const size_t now = run_round();
      if (now == 0) break;
      sunk += now;
    }
    return sunk;
  }

 private:
  size_t run_round() {
    const Cfg &cfg = analyses_.cfg();
    uses_ = count_uses(f_);
    // By the place that is gone on to; returns go to none.
    std::vector<std::vector<BlockId>> groups(f_.blocks.size() + 1);
    for (const BlockId b : cfg.rpo) {
      const ValueId last = f_.terminator(b);
      if (f_[b].insts.size() < 2) continue;
      if (f_[last].op == Op::Ret) groups.back().push_back(b);
      if (f_[last].op == Op::Jump && !cfg.is_loop_head(f_.targets(last)[0]) && f_.targets(last)[0] != b)
        groups[f_.targets(last)[0].index].push_back(b);
    }
    size_t sunk = 0;
    for (auto &group : groups)
      while (group.size() > 1) {
        const ValueId last = before_end(group.front(), 1);
        const auto others =
            std::ranges::stable_partition(group, [&](BlockId b) { return is_alike(last, before_end(b, 1)); });
        members_.assign(group.begin(), others.begin());
        group.erase(group.begin(), members_.empty() ? group.begin() + 1 : others.begin());
        members_.resize(std::min(members_.size(), kMaxMembers));
        if (members_.size() > 1) sunk += sink();
      }
    return sunk;
  }

  // The [n]th instruction before the terminator; none where there are fewer.
  ValueId before_end(BlockId b, size_t n) const {
    const auto &insts = f_[b].insts;
    return n < insts.size() ? insts[insts.size() - 1 - n] : ValueId{};
  }

  // ---------------------------------------------------------------- what may move

  static bool may_move(Op op) {
    return op != Op::Phi && op != Op::Asm && op != Op::AsmOutput && op != Op::Opaque && op != Op::LoadAbs &&
           op != Op::LoadInd;
  }
  // Whether both do the same, to values that may differ.
  bool is_alike(ValueId a, ValueId b) const {
    if (!a || !b) return false;
    const Inst &x = f_[a], &y = f_[b];
    return x.op == y.op && x.type == y.type && x.pred == y.pred && x.align == y.align && x.imm == y.imm &&
           x.is_volatile == y.is_volatile && x.operand_count == y.operand_count && may_move(x.op) &&
           !is_kernel_function(a);
  }
  bool is_kernel_function(ValueId v) const {
    return f_[v].op == Op::Call && module_[FunctionId(static_cast<size_t>(f_[v].imm))].is_declaration();
  }
  // Whether operand [i] of such an instruction may be a phi of [values].
  bool may_differ(ValueId inst, size_t i, const Tuple &values) const {
    const Op op = f_[inst].op;
    const Type type = f_[values.front()].type;
    if (op == Op::PtrAdd || op == Op::Select || type == Type::I1) return false;
    if (is_integer(type)) return op != Op::CallHelper || f_[inst].imm != kTailCall;
    const bool is_accessed = pointer_operand(op) == static_cast<int>(i);
    return is_accessed &&
           std::ranges::all_of(values, [&](ValueId v) { return f_[v].op == Op::GlobalAddr && !is_map(v); });
  }
  static constexpr int64_t kTailCall = 12;
  bool is_map(ValueId v) const {
    const Global &g = module_[GlobalId(static_cast<size_t>(f_[v].imm))];
    return g.section == ".maps" || g.section == "maps";
  }
  // A pointer that is a join may be to another kind of memory on each way.
  bool is_joined_pointer(ValueId inst) const {
    const int pointer = pointer_operand(f_[inst].op);
    return pointer >= 0 && f_[address_of(f_, f_.operand(inst, static_cast<size_t>(pointer))).base].op == Op::Phi;
  }

  // ---------------------------------------------------------------- how much of it

  struct Open {
    Tuple values;
    uint32_t uses = 0;  // by what is behind, in each block
  };
  // What is moved so far, the last first, and what it needs from before.
  struct Tail {
    size_t length = 0;
    std::vector<Open> open;
    int saved = 0;
    int addresses = 0;  // of it
  };

  void need(Tail &tail, Tuple values) const {
    for (Open &open : tail.open)
      if (open.values == values) {
        open.uses++;
        return;
      }
    tail.open.push_back({std::move(values), 1});
  }

  // The tail with one instruction more; false when it cannot have it.
  bool extend(Tail &tail) const {
    Tuple insts;
    for (const BlockId b : members_) insts.push_back(before_end(b, tail.length + 1));
    if (std::ranges::any_of(insts, [&](ValueId v) { return !is_alike(insts.front(), v) || is_joined_pointer(v); }))
      return false;
    uint32_t uses = 0;
    for (auto open = tail.open.begin(); open != tail.open.end();) {
      if (open->values == insts) {
        uses = open->uses;
        open = tail.open.erase(open);
        continue;
      }
      for (size_t m = 0; m < insts.size(); m++)
        if (open->values[m] == insts[m]) return false;
      ++open;
    }
    if (std::ranges::any_of(insts, [&](ValueId v) { return uses_[v.index] != uses; })) return false;
    int cost = weight(insts.front()), addresses = 0;
    for (size_t i = 0; i < f_[insts.front()].operand_count; i++) {
      Tuple values = operands(insts, i);
      const bool is_shared = is_one(values);
      if (is_shared) {
        const int made = made_for(insts.front(), values.front());
        cost += made;
        if (f_[values.front()].op == Op::GlobalAddr) addresses += made;
        if (!f_[values.front()].block) continue;
      } else if (std::ranges::any_of(values, [&](ValueId v) { return f_[v].type != f_[values.front()].type; })) {
        return false;
      }
      need(tail, std::move(values));
    }
    tail.length++;
    tail.saved += cost * static_cast<int>(members_.size() - 1);
    tail.addresses += addresses * static_cast<int>(members_.size() - 1);
    return true;
  }

  // Whether all that differs may be a phi; what the phis cost is taken off.
  std::optional<int> saved_by(const Tail &tail) const {
    int saved = tail.saved;
    for (const Open &open : tail.open) {
      if (is_one(open.values)) continue;
      bool may = true, is_immediate = false;
      for_each_moved_operand(tail.length, [&](ValueId inst, size_t i, const Tuple &values) {
        if (values != open.values) return;
        may = may && may_differ(inst, i, values);
        is_immediate = is_immediate || f_[inst].op != Op::CallHelper;
      });
      if (!may) return std::nullopt;
      // A constant was part of the instruction; now each block puts it into a register.
      for (const ValueId v : open.values) saved -= is_immediate && f_[v].op == Op::Const ? 1 : 0;
    }
    return saved >= kLeastSaved || saved > tail.addresses ? saved : 0;
  }

  template <class Visit>
  void for_each_moved_operand(size_t length, Visit visit) const {
    for (size_t n = 1; n <= length; n++) {
      Tuple insts;
      for (const BlockId b : members_) insts.push_back(before_end(b, n));
      for (size_t i = 0; i < f_[insts.front()].operand_count; i++) visit(insts.front(), i, operands(insts, i));
    }
  }
  Tuple operands(const Tuple &insts, size_t i) const {
    Tuple values;
    for (const ValueId v : insts) values.push_back(f_.operand(v, i));
    return values;
  }

  // Instructions of the machine for one of the IR.
  int weight(ValueId v) const { return f_[v].op == Op::Zext || f_[v].op == Op::Trunc ? 0 : 1; }
  int made_for(ValueId inst, ValueId operand) const {
    const Op op = f_[operand].op;
    if (op == Op::GlobalAddr || op == Op::FuncAddr) return 2;
    const Op user = f_[inst].op;
    if (user == Op::CallHelper || user == Op::Call) return op == Op::SlotAddr ? 2 : 1;
    // Atomics know no constants.
    return pointer_operand(user) > 0 && user != Op::Store && op == Op::Const ? 1 : 0;
  }

  // What the group gives to the join, or returns.
  std::vector<Tuple> given() const {
    std::vector<Tuple> all;
    const ValueId last = f_.terminator(members_.front());
    if (f_[last].op == Op::Ret) {
      Tuple values;
      for (const BlockId b : members_)
        if (f_[f_.terminator(b)].operand_count == 1) values.push_back(f_.operand(f_.terminator(b), 0));
      if (!values.empty()) all.push_back(std::move(values));
      return all;
    }
    for (const ValueId phi : f_[f_.targets(last)[0]].insts) {
      if (f_[phi].op != Op::Phi) break;
      Tuple values;
      for (const BlockId b : members_) values.push_back(f_.phi_operand(phi, b));
      all.push_back(std::move(values));
    }
    return all;
  }

  // ---------------------------------------------------------------- moving

  size_t sink() {
    Tail tail;
    for (Tuple &values : given()) need(tail, std::move(values));
    size_t best = 0;
    int most = 0;
    while (tail.length < kMaxLength && extend(tail))
      if (const auto saved = saved_by(tail); saved && *saved > 0 && *saved >= most) {
        best = tail.length;
        most = *saved;
      }
    if (best == 0) return 0;
    move(best);
    return best;
  }

  void move(size_t length) {
    const BlockId first = members_.front(), common = f_.add_block(f_[first].name + ".tail");
    const ValueId last = f_.terminator(first);
    phis_.clear();
    moved_.clear();
    for (size_t n = 1; n <= length; n++) moved_.push_back(before_end(first, n));
    for (size_t n = length; n >= 1; n--) {
      Tuple insts;
      for (const BlockId b : members_) insts.push_back(before_end(b, n));
      for (size_t i = 0; i < f_[insts.front()].operand_count; i++)
        f_.operands(insts.front())[i] = joined(operands(insts, i), common);
    }
    const std::vector<Tuple> values = given();
    if (f_[last].op == Op::Ret) {
      if (!values.empty()) f_.operands(last)[0] = joined(values.front(), common);
    } else {
      size_t at = 0;
      const BlockId join = f_.targets(last)[0];
      for (const ValueId phi : f_[join].insts) {
        if (f_[phi].op != Op::Phi) break;
        f_.add_phi_operand(phi, joined(values[at++], common), common);
      }
      for (const BlockId b : members_) f_.remove_phi_operands(join, b);
    }
    std::vector<ValueId> insts(moved_.rbegin(), moved_.rend());
    insts.push_back(last);
    for (const BlockId b : members_) {
      auto &own = f_[b].insts;
      for (size_t n = 0; n <= length; n++) {
        const ValueId v = own.back();
        own.pop_back();
        if (b == first) continue;
        f_[v].block = {};
        f_.remove(v);
      }
      f_.append(b, f_.make(Op::Jump, Type::Void, {}, std::array{common}, 0, f_[last].loc));
    }
    for (const ValueId v : insts) f_.append(common, v);
    uses_.resize(f_.insts.size());
  }

  // What [values] are in the common block: one of them, moved there or the same for all; else a phi.
  ValueId joined(const Tuple &values, BlockId common) {
    if (is_one(values) || std::ranges::find(moved_, values.front()) != moved_.end()) return values.front();
    for (const auto &[of, phi] : phis_)
      if (of == values) return phi;
    const ValueId phi = f_.make(Op::Phi, f_[values.front()].type, values, members_, 0, f_[values.front()].loc);
    f_.append(common, phi);
    phis_.emplace_back(values, phi);
    return phi;
  }

  const Module &module_;
  Function &f_;
  Analyses &analyses_;
  std::vector<uint32_t> uses_;                   // by value
  std::vector<BlockId> members_;                 // of the group at hand
  std::vector<std::pair<Tuple, ValueId>> phis_;  // that were made for it
  std::vector<ValueId> moved_;                   // of its first member, the last first
};

}  // namespace

bool sink_tails(const PassContext &context) { return context.did("instructions", Sinker(context).run()); }

}  // namespace spile::ir::passes
