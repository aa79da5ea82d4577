// Which slot of the frame a pointer points into, and which slots are reached only by pointers that can be seen.
//
// A slot is captured when its address is stored, passed to a function, compared, or goes through a phi, a select or an
// integer: then any pointer may point into it. Passing it to a helper or to a function of the kernel does not capture
// it, because none keeps a pointer to the stack after it has returned. Some give one back, into their buffer
// (bpf_dynptr_slice()); what an iterator's next() gives is of no use behind the destroy() of its slot.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "ir/analysis_cfg.h"

namespace spile::ir {

// Slots that passes have done with stay, with size 0.
inline bool has_slots(const Function &function) {
  return std::ranges::any_of(function.slots, [](const Slot &slot) { return slot.size != 0; });
}

class SlotPointers {
 public:
  static constexpr uint32_t kNone = 0xffff'ffff;

  SlotPointers(const Module &module, const Function &function, const Cfg &cfg);

  struct Place {
    uint32_t slot = kNone;
    std::optional<int64_t> offset;  // none when it varies
  };
  // Where [pointer] points; slot kNone: not known to be into the frame.
  Place place(ValueId pointer) const {
    const Inst &inst = function_[pointer];
    if (inst.op == Op::SlotAddr) return {static_cast<uint32_t>(inst.imm), 0};
    return pointer.index < places_.size() ? places_[pointer.index] : Place{};
  }
  // The instructions that are given a pointer into the frame, block by block in the order of the graph.
  const std::vector<ValueId> &users() const { return users_; }
  bool is_captured(uint32_t slot) const { return captured_[slot]; }
  // The slot of [pointer] when no other pointer reaches it, else kNone.
  uint32_t private_slot(ValueId pointer) const {
    const uint32_t slot = place(pointer).slot;
    return slot != kNone && !captured_[slot] ? slot : kNone;
  }

 private:
  static std::optional<int64_t> sum(std::optional<int64_t> offset, const Inst &step);
  static bool is_captured_by(const Module &module, const Function &function, ValueId v, size_t i);
  static bool is_kept_by(const Module &module, const Function &function, ValueId call);

  const Function &function_;
  std::vector<Place> places_;   // by value: of ptradds
  std::vector<bool> captured_;  // by slot
  std::vector<ValueId> users_;
};

}  // namespace spile::ir
