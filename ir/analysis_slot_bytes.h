// Which bytes of the stack frame matter where: of slots that only pointers reach that can be seen (analysis_slots.h).
//
// visit() tells what an instruction does to them. A flow over the graph, one bit a byte, finds which bytes may still be
// read behind each block. Going backward, a byte is dead from where it is written up to where it was last read before
// that. A helper reads what it is given, but those that are known to fill their buffer whatever happens count as
// writes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/analysis_slots.h"

namespace spile::ir {

class SlotBytes {
 public:
  // Larger slots do not fit the frame, and are not looked at.
  static constexpr uint32_t kMaxSlotSize = 512;

  struct Access {
    uint32_t slot = SlotPointers::kNone;
    uint32_t begin = 0, end = 0;  // bytes
  };
  using Bits = std::vector<uint64_t>;

  SlotBytes(const Module &module, const Function &function, const Cfg &cfg);

  // False: there is too much of it, and nothing else may be asked.
  bool is_known() const { return is_known_; }
  bool is_tracked(uint32_t slot) const {
    return !slots_.is_captured(slot) && function_.slots[slot].size <= kMaxSlotSize;
  }

  // Calls read(Access) and write(Access) for what [v] does; reads come before writes. A write is only told when all its
  // bytes are certain.
  template <class Read, class Write>
  void visit(ValueId v, Read read, Write write) const {
    for (const Effect &effect : effects(v))
      if (effect.is_write)
        write(effect.access);
      else
        read(effect.access);
  }
  // Calls found(slot) for each slot that [v] may read or write, certain or not.
  template <class Found>
  void for_each_touched(ValueId v, Found found) const {
    for (const ValueId use : function_.operands(v))
      if (const uint32_t slot = slot_of(use); slot != SlotPointers::kNone) found(slot);
  }

  // The bytes that may be read behind [b] before they are written.
  const Bits &live_out(BlockId b) const { return live_out_[b.index]; }
  void set(Bits &bits, const Access &access, bool value) const;
  bool none(const Bits &bits, const Access &access) const;
  bool any_of_slot(const Bits &bits, uint32_t slot) const { return !none(bits, {slot, 0, function_.slots[slot].size}); }
  Bits no_bits() const { return Bits(words_); }

 private:
  struct Effect {
    Access access;
    bool is_write;
  };
  // Of the last instruction that was asked about; reused to allocate nothing.
  const std::vector<Effect> &effects(ValueId v) const;
  uint32_t slot_of(ValueId pointer) const;
  Access access(ValueId pointer, int64_t offset, int64_t size) const;
  std::optional<int64_t> filled_bytes(ValueId call, size_t i) const;
  void find_live_bytes(const Cfg &cfg);

  const Module &module_;
  const Function &function_;
  SlotPointers slots_;
  std::vector<uint32_t> first_bit_;  // by slot
  size_t words_ = 0;                 // of the bits of all slots
  std::vector<Bits> live_out_;       // by block
  bool is_known_ = false;
  mutable std::vector<Effect> effects_;
};

}  // namespace spile::ir
