#include "backend/regalloc/coalesce.h"

#include <algorithm>
#include <utility>

#include "backend/regalloc/rename.h"

namespace spile::regalloc {

void coalesce(mir::Function &function, std::vector<Interval> &intervals) {
  struct Copy {
    mir::Reg to, from;
    uint32_t loop_depth;
  };
  std::vector<Copy> copies;
  for (const mir::Block &block : function.blocks)
    for (const mir::Inst &inst : block.insts)
      if (inst.is_copy() && inst.dst.is_virtual() && inst.src.is_virtual() &&
          std::ranges::find(function.unspillable, inst.src) == function.unspillable.end())
        copies.push_back({inst.dst, inst.src, block.loop_depth});
  std::stable_sort(copies.begin(), copies.end(),
                   [](const Copy &a, const Copy &b) { return a.loop_depth > b.loop_depth; });

  std::vector<mir::Reg> parent(function.register_count);
  for (uint32_t i = 0; i < function.register_count; i++) parent[i] = mir::Reg{i};
  const auto root = [&](mir::Reg r) {
    while (parent[r.id] != r) r = parent[r.id] = parent[parent[r.id].id];
    return r;
  };
  for (const Copy &copy : copies) {
    const mir::Reg to = root(copy.to), from = root(copy.from);
    if (to == from || overlap(intervals[to.id], intervals[from.id])) continue;
    intervals[to.id] = united(std::move(intervals[to.id]), std::exchange(intervals[from.id], {}));
    parent[from.id] = to;
  }
  rename_registers(function, root);
}

}  // namespace spile::regalloc
