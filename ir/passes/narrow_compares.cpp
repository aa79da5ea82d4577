// Comparisons of what was extended for them alone compare what was extended.
//
// Idea: `length > sizeof buffer` compares 64 bits, `f(buffer, length)` takes 32: the extension is a copy that is
// checked and thrown away, and the kernel's verifier, for which the copy is another number, has learned nothing of the
// length.
//
//     %1 = zext.i64 %0                 %2 = icmp.ugt %0, i32 16
//     %2 = icmp.ugt %1, i64 16    ->   branch %2, out, use
//     branch %2, out, use              use: call_helper 6($1, %0)
//     use: call_helper 6($1, %0)
//
// Requires: gvn before it: an extension that is used besides has more than one use then, and what is checked stays what
// is used. Breaks: leaves extensions that nobody uses (dce).
#include "ir/analysis_uses.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

bool narrow_compares(const PassContext &context) {
  Function &f = context.function;
  const std::vector<uint32_t> uses = count_uses(f);
  size_t narrowed = 0;
  for (const Block &block : f.blocks)
    for (const ValueId v : block.insts) {
      if (f[v].op != Op::ICmp || is_signed(f[v].pred)) continue;
      const ValueId wide = f.operand(v, 0);
      const auto c = constant_of(f, f.operand(v, 1));
      if (!c || *c < 0 || *c > int64_t{UINT32_MAX} || f[wide].op != Op::Zext || uses[wide.index] != 1) continue;
      const ValueId x = f.operand(wide, 0);
      if (f[x].type != Type::I32) continue;
      f.set_operands(v, std::array{x, f.constant(Type::I32, normalized(Type::I32, *c))});
      narrowed++;
    }
  return context.did("comparisons", narrowed);
}

}  // namespace spile::ir::passes
