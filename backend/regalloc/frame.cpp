#include "backend/regalloc/frame.h"

#include <algorithm>
#include <vector>
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::regalloc {

namespace {

constexpr size_t kObjectsShown = 3;

void report_overflow(const mir::Function &function, const std::vector<uint32_t> &used, uint32_t size, Loc loc,
                     Diagnostics &diags) {
  auto report = diags.report<diag::StackTooLarge>(loc, function.name, size, kMaxFrame);
  std::vector<uint32_t> largest = used;
  std::stable_sort(largest.begin(), largest.end(),
                   [&](uint32_t a, uint32_t b) { return function.slots[a].size > function.slots[b].size; });
  uint32_t spills = 0;
  size_t shown = 0;
  for (const uint32_t s : largest) {
    const mir::Slot &slot = function.slots[s];
    if (slot.name.empty() && !slot.loc.valid()) {
      spills += slot.size;
    } else if (shown++ < kObjectsShown) {
      report.note(Range{slot.loc, slot.loc}, "`{}` takes {} bytes", slot.name.empty() ? "a temporary" : slot.name,
                  slot.size);
    }
  }
  if (spills != 0) report.note(Range{}, "{} bytes hold values for which there was no register", spills);
  report.hint("keep large objects in a map: a `BPF_MAP_TYPE_PERCPU_ARRAY` of one element serves as scratch space");
}

}  // namespace

bool lay_out_frame(mir::Function &function, Loc loc, Diagnostics &diags) {
  std::vector<bool> is_used(function.slots.size(), false);
  for (const mir::Block &block : function.blocks)
    for (const mir::Inst &inst : block.insts)
      if (inst.slot.valid()) is_used[inst.slot.index] = true;
  for (const mir::Assembly &assembly : function.assemblies)
    for (const mir::AsmOperand &operand : assembly.operands)
      if (operand.slot.valid()) is_used[operand.slot.index] = true;
  std::vector<uint32_t> used;
  for (uint32_t i = 0; i < is_used.size(); i++)
    if (is_used[i]) used.push_back(i);
  std::stable_sort(used.begin(), used.end(),
                   [&](uint32_t a, uint32_t b) { return function.slots[a].align > function.slots[b].align; });
  uint64_t size = 0;
  for (const uint32_t s : used) {
    mir::Slot &slot = function.slots[s];
    const uint64_t align = std::clamp<uint32_t>(slot.align, 1, 8);
    // An object of no size has an address too, and it must be one of the frame: helpers are given it with length 0.
    size = (size + std::max(slot.size, 1u) + align - 1) / align * align;
    if (size <= kMaxFrame) slot.offset = -static_cast<int32_t>(size);
  }
  function.frame_size = static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX));
  if (size <= kMaxFrame) return true;
  report_overflow(function, used, function.frame_size, loc, diags);
  return false;
}

}  // namespace spile::regalloc
