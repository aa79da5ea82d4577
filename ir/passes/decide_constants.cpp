// __builtin_constant_p becomes its answer: yes for a constant, no for everything else.
//
// Idea: what is an argument in an always-inline function may be a constant where that function is used, so the
// question waits there and is answered in the function that it ends in, when its variables have become values.
//
//     %2 = is_constant %1            (in an always-inline function: stays)
//     %2 = is_constant i32 7         ->     i1 1
//     %2 = is_constant %1            ->     i1 0
//
// Requires: inlining, mem2reg and sccp before it, or it says no where clang says yes. Breaks: leaves branches whose
// condition is known (simplify_cfg).
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

bool decide_constants(const PassContext &context) {
  Function &f = context.function;
  if (f.always_inline && f.linkage == Linkage::Static) return false;
  Rewrite rewrite(f);
  for (const Block &block : f.blocks)
    for (const ValueId v : block.insts)
      if (f[v].op == Op::IsConstant)
        rewrite.replace(v, f.constant(Type::I1, f[f.operand(v, 0)].op == Op::Const ? 1 : 0));
  if (rewrite.empty()) return false;
  rewrite.apply();
  return true;
}

}  // namespace spile::ir::passes
