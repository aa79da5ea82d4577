// Dead code: instructions whose results nobody uses.
//
// Idea: what writes memory, calls or ends a block is needed, and so is what it uses, and so on; everything else goes.
// Starting from the needed ones finds cycles of phis that only use each other.
//
//     %0 = load.i64 %p0, 8
//     %1 = add.i64 %0, i64 1        ->     ret i32 0
//     ret i32 0
//
// Requires: nothing. Breaks: nothing.
#include "ir/pass.h"

namespace spile::ir::passes {

bool dce(const PassContext &context) {
  Function &f = context.function;
  std::vector<bool> is_needed(f.insts.size());
  std::vector<ValueId> work;
  auto need = [&](ValueId v) {
    if (is_needed[v.index]) return;
    is_needed[v.index] = true;
    if (f[v].block) work.push_back(v);
  };
  for (const Block &block : f.blocks)
    for (const ValueId v : block.insts) {
      const Effects effects = f[v].op == Op::Asm ? Effects::Read : info_of(f[v].op).effects;  // it says volatile itself
      if (effects == Effects::Write || effects == Effects::Term || f[v].is_volatile) need(v);
    }
  while (!work.empty()) {
    const ValueId v = work.back();
    work.pop_back();
    for (const ValueId operand : f.operands(v)) need(operand);
  }
  bool changed = false;
  for (Block &block : f.blocks) {
    size_t kept = 0;
    for (const ValueId v : block.insts) {
      if (is_needed[v.index]) {
        block.insts[kept++] = v;
        continue;
      }
      f[v].block = {};
      f.remove(v);
    }
    changed = changed || kept != block.insts.size();
    block.insts.resize(kept);
  }
  return changed;
}

}  // namespace spile::ir::passes
