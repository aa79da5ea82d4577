#include "backend/regalloc/frame.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backend/isa/insn.h"
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

using Alignments = std::vector<uint32_t>;  // by slot

// The number of bytes that a place at [size] and below it ends at.
uint64_t end_of(const mir::Slot &slot, uint32_t align, uint64_t size) {
  // An object of no size has an address too, and it must be one of the frame: helpers are given it with length 0.
  return (size + std::max(slot.size, 1u) + align - 1) / align * align;
}

// Largest alignment first.
std::vector<uint32_t> order_of(const std::vector<uint32_t> &used, const Alignments &aligns) {
  std::vector<uint32_t> order = used;
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](uint32_t s) { return aligns[s]; });
  return order;
}

uint64_t size_of_frame(const mir::Function &function, const std::vector<uint32_t> &used, const Alignments &aligns) {
  uint64_t size = 0;
  for (const uint32_t s : order_of(used, aligns)) size = end_of(function.slots[s], aligns[s], size);
  return size;
}

// Whether the register that the instruction at [index] loads, or what constants make of it, decides a jump of the
// block.
bool is_compared(const mir::Function &function, const mir::Block &block, size_t index) {
  const mir::Reg loaded = block.insts[index].dst;
  for (size_t i = index + 1; i < block.insts.size(); i++) {
    const mir::Inst &inst = block.insts[i];
    if (inst.form == mir::Form::CondJump && (inst.dst == loaded || inst.src == loaded)) return true;
    bool is_set = false;
    mir::for_each_def(function, inst, [&](mir::Reg r) { is_set |= r == loaded; });
    if (is_set && (inst.form != mir::Form::Alu || inst.src.valid())) return false;
  }
  return false;
}

// Variables of less than 8 bytes that a loop writes and compares as a whole: counters whose address is taken.
//
// Kernel: the verifier remembers what number was stored only for the lower bytes of 8 that start together with it
// (check_stack_write_fixed_off: `!(off % BPF_REG_SIZE)`), and forgets it when something is stored beside it
// (scrub_spilled_slot). A counter must not be forgotten: its loop seems endless then. What merely counts along had
// better be forgotten: each number of it would be a state of its own.
std::vector<uint32_t> find_counters(const mir::Function &function) {
  enum : uint8_t { kStored = 1, kCompared = 2, kBoth = 3 };
  std::vector<uint8_t> access(function.slots.size());
  for (const mir::Block &block : function.blocks)
    for (size_t i = 0; i < block.insts.size(); i++) {
      const mir::Inst &inst = block.insts[i];
      if (!inst.slot.valid() || inst.off != 0) continue;
      const bool is_load = inst.form == mir::Form::Load;
      if (!is_load && inst.form != mir::Form::Store && inst.form != mir::Form::StoreImm) continue;
      const mir::Slot &slot = function.slots[inst.slot.index];
      if (slot.size >= 8 || isa::bytes_of(static_cast<isa::Size>(inst.opcode & 0x18)) != slot.size) continue;
      if (!is_load) access[inst.slot.index] |= kStored;
      if (is_load && block.loop_depth > 0 && is_compared(function, block, i)) access[inst.slot.index] |= kCompared;
    }
  std::vector<uint32_t> counters;
  for (uint32_t s = 0; s < access.size(); s++)
    if (access[s] == kBoth) counters.push_back(s);
  return counters;
}

bool calls_others(const mir::Function &function) {
  for (const mir::Block &block : function.blocks)
    for (const mir::Inst &inst : block.insts)
      if (inst.form == mir::Form::CallLocal || inst.form == mir::Form::LoadFunc) return true;
  return false;
}

// Gives counters 8 bytes of their own while the frame has room.
void keep_apart(const mir::Function &function, const std::vector<uint32_t> &used, bool is_called, Alignments &aligns) {
  const std::vector<uint32_t> counters = find_counters(function);
  if (counters.empty()) return;
  // Kernel: check_max_stack_depth rounds each frame of a chain of calls up, to 32 bytes or, since 6.9 and where it is
  // compiled, to 16 (round_up_stack_depth), so these cost nothing.
  constexpr uint64_t kFrameGrain = 16;
  const uint64_t size = size_of_frame(function, used, aligns);
  const uint64_t room =
      is_called || calls_others(function) ? (size + kFrameGrain - 1) / kFrameGrain * kFrameGrain : kMaxFrame;
  if (size >= room) return;
  for (const uint32_t s : counters) {
    const uint32_t before = std::exchange(aligns[s], 8);
    if (size_of_frame(function, used, aligns) > room) aligns[s] = before;
  }
}

}  // namespace

bool lay_out_frame(mir::Function &function, bool is_called, Loc loc, Diagnostics &diags) {
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
  Alignments aligns;
  for (const mir::Slot &slot : function.slots) aligns.push_back(std::clamp<uint32_t>(slot.align, 1, 8));
  keep_apart(function, used, is_called, aligns);
  uint64_t size = 0;
  for (const uint32_t s : order_of(used, aligns)) {
    mir::Slot &slot = function.slots[s];
    size = end_of(slot, aligns[s], size);
    if (size <= kMaxFrame) slot.offset = -static_cast<int32_t>(size);
  }
  function.frame_size = static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX));
  if (size <= kMaxFrame) return true;
  report_overflow(function, used, function.frame_size, loc, diags);
  return false;
}

}  // namespace spile::regalloc
