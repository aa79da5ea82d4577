// Counters of 8 and 16 bits count in 32.
//
// Idea: `for (u8 i = 0; i < 16; i++)` compares i as an int, and registers have no 8 bits: what was added is cut off
// before each comparison. A counter that never goes past its type's end needs no cut.
//
//     head: %i = phi.i8 [i8 0, entry], [%n, head]         head: %i = phi.i32 [i32 0, entry], [%n, head]
//           %n = add.i8 %i, i8 1                                %n = add.i32 %i, i32 1
//           %w = zext.i32 %n                        ->          %c = icmp.ult %n, i32 16
//           %c = icmp.ult %w, i32 16                            branch %c, head, out
//           branch %c, head, out
//
// Requires: gvn before it, which makes zero extensions of sign extensions. Breaks: leaves what nobody uses (dce).
//
// For the kernel's verifier: only where nothing but comparisons asks for the counter: as an index it would be a number
// without bounds to a verifier that does not follow the loop round by round, and the cut is one.
#include <algorithm>
#include <unordered_map>

#include "ir/analysis_counters.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

class Widener {
 public:
  explicit Widener(const PassContext &context)
      : f_(context.function), cfg_(context.analyses.cfg()), analyses_(context.analyses), rewrite_(f_) {}

  size_t run() {
    find_phis();
    if (phis_.empty()) return 0;
    const Counters counters(f_, cfg_, analyses_.dominators());
    std::erase_if(phis_, [&](ValueId phi) { return !counters.max_of(phi); });
    if (phis_.empty()) return 0;
    find_users();
    size_t widened = 0;
    for (const ValueId phi : phis_)
      if (is_only_compared(phi, counters)) widen(phi), widened++;
    rewrite_.apply();
    return widened;
  }

 private:
  void find_phis() {
    for (const BlockId b : cfg_.rpo) {
      if (f_[f_[b].insts[0]].op != Op::Phi || !cfg_.is_loop_head(b)) continue;
      for (const ValueId v : f_[b].insts) {
        if (f_[v].op != Op::Phi) break;
        if (f_[v].type == Type::I8 || f_[v].type == Type::I16) phis_.push_back(v);
      }
    }
  }
  // Of the phis, of what steps them, and of their extensions.
  void find_users() {
    for (const ValueId phi : phis_) {
      users_[phi.index];
      for (const ValueId next : f_.operands(phi))
        if (f_[next].op == Op::Add) users_[next.index];
    }
    for (const bool is_extension : {false, true})
      for (const BlockId b : cfg_.rpo)
        for (const ValueId v : f_[b].insts) {
          for (const ValueId operand : f_.operands(v))
            if (const auto found = users_.find(operand.index);
                found != users_.end() && (f_[operand].op == Op::Zext) == is_extension)
              found->second.push_back(v);
          if (!is_extension && f_[v].op == Op::Zext && users_.contains(f_.operand(v, 0).index)) users_[v.index];
        }
  }

  bool is_step(ValueId v, ValueId phi, const Counters &counters) const {
    return f_[v].op == Op::Add && f_.operand(v, 0) == phi && constant_of(f_, f_.operand(v, 1)) && counters.max_of(v);
  }
  bool is_only_compared(ValueId phi, const Counters &counters) const {
    const auto are_extended = [&](ValueId v) {
      return std::ranges::all_of(users_.at(v.index), [&](ValueId user) {
        if (user == phi || (v == phi && is_step(user, phi, counters) && users_.contains(user.index))) return true;
        return f_[user].op == Op::Zext && f_[user].type == Type::I32 &&
               std::ranges::all_of(users_.at(user.index), [&](ValueId asks) { return f_[asks].op == Op::ICmp; });
      });
    };
    return are_extended(phi) && std::ranges::all_of(f_.operands(phi), [&](ValueId next) {
             if (const auto c = constant_of(f_, next)) return *c >= 0;
             return next == phi || (is_step(next, phi, counters) && are_extended(next));
           });
  }

  // In place: of the operations only the type changes. The extensions, which nobody uses then, are of something else.
  void widen(ValueId phi) {
    const auto widen_one = [&](ValueId v) {
      f_[v].type = Type::I32;
      for (ValueId &operand : f_.operands(v))
        if (const auto c = constant_of(f_, operand)) operand = f_.constant(Type::I32, *c);
      for (const ValueId user : users_.at(v.index))
        if (f_[user].op == Op::Zext) rewrite_.replace(user, v), f_[user].type = Type::I64;
    };
    for (const ValueId next : f_.operands(phi))
      if (f_[next].op == Op::Add && f_[next].type != Type::I32) widen_one(next);
    widen_one(phi);
  }

  Function &f_;
  const Cfg &cfg_;
  Analyses &analyses_;
  Rewrite rewrite_;
  std::vector<ValueId> phis_;
  std::unordered_map<uint32_t, std::vector<ValueId>> users_;
};

}  // namespace

bool widen_counters(const PassContext &context) { return context.did("counters", Widener(context).run()); }

}  // namespace spile::ir::passes
