#include "backend/regalloc/liveness.h"

#include <algorithm>

#include "support/check.h"

namespace spile::regalloc {

bool step_back(const mir::Function &function, const mir::Inst &inst, RegSet &live) {
  if (inst.is_pure() && inst.dst.valid() && !live.has(inst.dst)) return false;
  mir::for_each_def(function, inst, [&](mir::Reg r) { live.remove(r); });
  mir::for_each_use(function, inst, [&](mir::Reg r) {
    if (r.valid()) live.add(r);
  });
  return true;
}

Liveness live_registers(const mir::Function &function) {
  const size_t n = function.blocks.size();
  Liveness result{std::vector<RegSet>(n), std::vector<RegSet>(n)};
  std::vector<std::vector<uint32_t>> preds(n);
  std::vector<uint32_t> work;
  for (uint32_t b = 0; b < n; b++) {
    mir::for_each_successor(function.blocks[b], [&](mir::BlockId to) { preds[to.index].push_back(b); });
    work.push_back(b);
  }
  std::vector<bool> queued(n, true);
  while (!work.empty()) {
    const uint32_t b = work.back();
    work.pop_back();
    queued[b] = false;
    RegSet live = result.out[b];
    const auto &insts = function.blocks[b].insts;
    for (size_t i = insts.size(); i-- > 0;) step_back(function, insts[i], live);
    if (live == result.in[b]) continue;
    result.in[b] = std::move(live);
    for (const uint32_t pred : preds[b])
      if (result.out[pred].unite(result.in[b]) && !queued[pred]) {
        queued[pred] = true;
        work.push_back(pred);
      }
  }
  result.in[0].for_each(
      [](mir::Reg r) { SPILE_CHECK(!r.is_virtual(), "a virtual register is read before it is set"); });
  return result;
}

void remove_dead(mir::Function &function, const Liveness &liveness) {
  for (size_t b = 0; b < function.blocks.size(); b++) {
    auto &insts = function.blocks[b].insts;
    RegSet live = liveness.out[b];
    std::vector<bool> dead(insts.size(), false);
    for (size_t i = insts.size(); i-- > 0;) dead[i] = !step_back(function, insts[i], live);
    size_t kept = 0;
    for (size_t i = 0; i < insts.size(); i++)
      if (!dead[i]) insts[kept++] = insts[i];
    insts.resize(kept);
  }
}

}  // namespace spile::regalloc
