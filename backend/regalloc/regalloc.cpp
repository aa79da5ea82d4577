#include "backend/regalloc/regalloc.h"

#include "backend/regalloc/assign.h"
#include "backend/regalloc/coalesce.h"
#include "backend/regalloc/intervals.h"
#include "backend/regalloc/liveness.h"
#include "backend/regalloc/rename.h"
#include "backend/regalloc/spill.h"

namespace spile::regalloc {

SpillCount count_spills(const mir::Function &function, size_t first) {
  SpillCount count;
  for (const mir::Block &block : function.blocks)
    for (const mir::Inst &inst : block.insts)
      if (inst.slot.valid() && inst.slot.index >= first)
        (inst.form == mir::Form::Load ? count.reloads : count.spills)++;
  return count;
}

void allocate_registers(mir::Function &function, const Liveness &liveness) {
  std::vector<Spillable> spillable(function.register_count, Spillable::Yes);
  for (const mir::Reg r : function.shared) spillable[r.id] = Spillable::First;
  for (const mir::Reg r : function.unspillable) spillable[r.id] = Spillable::Never;
  std::vector<Interval> intervals = live_intervals(function, liveness);
  coalesce(function, intervals);
  // Each round splits what the round before could not place. It ends: after two splits an interval is one instruction
  // long, and there is always a register for that.
  for (;;) {
    const Rematerializable rematerializable = find_rematerializable(function);
    const Assignment assignment = assign(function, intervals, spillable, rematerializable.is);
    if (assignment.to_spill.empty()) {
      rename_registers(function, [&](mir::Reg r) { return r.is_physical() ? r : assignment.to[r.id]; });
      return;
    }
    spill(function, assignment.to_spill, intervals, rematerializable, spillable);
    intervals = live_intervals(function, live_registers(function));
  }
}

}  // namespace spile::regalloc
