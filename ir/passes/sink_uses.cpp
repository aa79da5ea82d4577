// What one way alone needs is done on that way.
//
// Idea: a load or a computation whose uses all stand behind one side of the branch that ends its block moves to the
// beginning of that side, if nothing else leads there. Fields that are read at the top of a function and asked for one
// after the other are then read where they are asked for: who leaves early has read no more than it needs.
//
//     entry: %0 = load.i8 %p0                     entry: %0 = load.i8 %p0
//            %1 = load.i8 %p0, 1                         %2 = icmp.eq %0, i8 0
//            %2 = icmp.eq %0, i8 0         ->            branch %2, out, go
//            branch %2, out, go                   go: %1 = load.i8 %p0, 1
//     go: ret %1                                      ret %1
//
// Requires: dce before it. Breaks: nothing.
//
// For the kernel's verifier: loads move down, below checks that they did not need to wait for. clang does the same, so
// there are programs that read a packet one line above the check of its length. Nothing that is made of a pointer moves
// below a call, which may take the pointer away.
#include <algorithm>

#include "ir/analysis_dominators.h"
#include "ir/analysis_memory.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// A value with more uses is hardly needed on one way only, and each is looked at again with each block it moves down.
constexpr size_t kMaxUses = 16;
// Instructions between a load and the end of its block that are asked whether they write to it.
constexpr size_t kMaxSteps = 64;

class Sinker {
 public:
  explicit Sinker(const PassContext &context)
      : f_(context.function),
        cfg_(context.analyses.cfg()),
        dominators_(context.analyses.dominators()),
        memory_(context.module, f_, cfg_, context.lone_params),
        users_(f_.insts.size()),
        is_of_pointer_(f_.insts.size()) {
    for (size_t v = 0; v < f_.insts.size(); v++) is_of_pointer_[v] = f_.insts[v].type == Type::Ptr;
  }

  size_t run() {
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts) {
        const bool computes = info_of(f_[v].op).effects == Effects::Pure;
        for (const ValueId use : f_.operands(v)) {
          if (f_[use].block) users_[use.index].push_back(v);
          if (computes && is_of_pointer_[use.index]) is_of_pointer_[v.index] = true;
        }
      }
    size_t sunk = 0;
    for (const BlockId b : cfg_.rpo)
      if (f_[f_.terminator(b)].op == Op::Branch || f_[f_.terminator(b)].op == Op::Switch) sunk += sink_from(b);
    return sunk;
  }

 private:
  // From the last to the first: what moves frees its operands to follow.
  size_t sink_from(BlockId b) {
    const std::vector<ValueId> insts = f_[b].insts;
    std::vector<std::pair<BlockId, ValueId>> moved;  // the last of a block comes first
    for (size_t i = insts.size() - 1; i-- > 0;) {
      const ValueId v = insts[i];
      if (!may_move(v)) continue;
      const BlockId to = side_of_uses(b, v);
      if (!to) continue;
      const auto behind = std::span(insts).subspan(i + 1);
      if (f_[v].op == Op::Load ? !is_unwritten(v, behind) : !keeps_pointers(v, behind)) continue;
      f_[v].block = to;
      moved.emplace_back(to, v);
    }
    if (moved.empty()) return 0;
    std::erase_if(f_[b].insts, [&](ValueId v) { return f_[v].block != b; });
    for (const auto &[to, v] : moved) {
      std::vector<ValueId> &there = f_[to].insts;
      there.insert(std::ranges::find_if(there, [&](ValueId at) { return f_[at].op != Op::Phi; }), v);
    }
    return moved.size();
  }

  bool may_move(ValueId v) const {
    const Inst &inst = f_[v];
    if (inst.op == Op::Load) return !inst.is_volatile;
    return info_of(inst.op).effects == Effects::Pure && inst.op != Op::Phi && inst.op != Op::AsmOutput &&
           inst.op != Op::IsConstant;
  }

  // The side of the branch behind [b] that has all uses of [v]; none: there is no such, or nobody uses it.
  BlockId side_of_uses(BlockId b, ValueId v) const {
    const std::vector<ValueId> &users = users_[v.index];
    if (users.empty() || users.size() > kMaxUses) return {};
    for (const BlockId to : f_.successors(b)) {
      const auto preds = cfg_.preds(to);
      if (to == b || preds.size() != 1) continue;
      if (std::ranges::all_of(users, [&](ValueId user) { return is_used_behind(to, user, v); })) return to;
    }
    return {};
  }
  // A phi uses its operand at the end of the block it comes from.
  bool is_used_behind(BlockId to, ValueId user, ValueId v) const {
    if (f_[user].op != Op::Phi) return dominators_.dominates(to, f_[user].block);
    for (size_t i = 0; i < f_[user].operand_count; i++)
      if (f_.operand(user, i) == v && !dominators_.dominates(to, f_.targets(user)[i])) return false;
    return true;
  }

  // The kernel takes pointers away behind calls that move a packet or give an object back: what was computed from them
  // before stays a number.
  bool keeps_pointers(ValueId v, std::span<const ValueId> behind) const {
    if (std::ranges::none_of(f_.operands(v), [&](ValueId operand) { return is_of_pointer_[operand.index]; }))
      return true;
    return behind.size() <= kMaxSteps && std::ranges::none_of(behind, [&](ValueId at) {
             return f_[at].op == Op::CallHelper || f_[at].op == Op::Call;
           });
  }

  bool is_unwritten(ValueId load, std::span<const ValueId> behind) const {
    if (behind.size() > kMaxSteps) return false;
    const auto access = memory_.access_of(load);
    return std::ranges::none_of(behind, [&](ValueId v) { return memory_.may_write(v, access); });
  }

  Function &f_;
  const Cfg &cfg_;
  const Dominators &dominators_;
  const Memory memory_;
  std::vector<std::vector<ValueId>> users_;  // by value: placed instructions, one entry for each operand
  std::vector<bool> is_of_pointer_;          // by value: a pointer, or computed from one
};

}  // namespace

bool sink_uses(const PassContext &context) { return context.did("instructions", Sinker(context).run()); }

}  // namespace spile::ir::passes
