// Which bytes of the stack frame matter where: of slots that only pointers reach that can be seen (analysis_slots.h).
//
// touches() are the instructions of a block that have to do with them, and what they do. A flow over the graph, one bit
// a byte, finds which bytes may still be read behind each block. Going backward, a byte is dead from where it is
// written up to where it was last read before that. A helper reads what it is given, but those that are known to fill
// their buffer whatever happens count as writes.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
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
  // What an instruction reads or writes. A write is only told when all its bytes are certain.
  struct Effect {
    Access access;
    bool is_write;
  };
  // An instruction that is given a pointer into a tracked slot, and its slice of all effects: reads before writes.
  struct Touch {
    ValueId inst;
    uint32_t begin, end;
  };
  using Bits = std::vector<uint64_t>;
  // As many for each block, in one piece.
  class BlockBits {
   public:
    BlockBits(size_t blocks, size_t words) : words_(words), bits_(blocks * words) {}
    std::span<uint64_t> operator[](BlockId b) { return {bits_.data() + b.index * words_, words_}; }
    std::span<const uint64_t> operator[](BlockId b) const { return {bits_.data() + b.index * words_, words_}; }

   private:
    size_t words_;
    Bits bits_;
  };

  SlotBytes(const Module &module, const Function &function, const Cfg &cfg);

  bool is_tracked(uint32_t slot) const {
    return !slots_.is_captured(slot) && function_.slots[slot].size <= kMaxSlotSize;
  }
  // Finds what the functions below tell. False: there is too much of it, or nothing.
  bool find(const Cfg &cfg);

  // In the order of the instructions.
  std::span<const Touch> touches(BlockId b) const {
    return std::span(touches_).subspan(touch_begin_[b.index], touch_end_[b.index] - touch_begin_[b.index]);
  }
  std::span<const Effect> effects(const Touch &touch) const {
    return std::span(effects_).subspan(touch.begin, touch.end - touch.begin);
  }
  // Calls found(slot) for each slot that [v] may read or write, certain or not.
  template <class Found>
  void for_each_touched(ValueId v, Found found) const {
    for (const ValueId use : function_.operands(v))
      if (const uint32_t slot = slot_of(use); slot != SlotPointers::kNone) found(slot);
  }
  // From the bytes that are live behind [touch] to those before it.
  void step_back(std::span<uint64_t> live, const Touch &touch) const;

  // The bytes that may be read behind [b] before they are written.
  std::span<const uint64_t> live_out(BlockId b) const { return live_out_[b]; }
  void set(std::span<uint64_t> bits, const Access &access, bool value) const;
  bool none(std::span<const uint64_t> bits, const Access &access) const;
  // Calls found(slot) for each slot of which there are bytes.
  template <class Found>
  void for_each_slot(std::span<const uint64_t> bits, Found found) const {
    for (size_t i = 0; i < slot_at_.size();) {
      const uint64_t left = bits[i / 64] >> (i % 64);
      if (left == 0) {
        i = (i | 63) + 1;
        continue;
      }
      const uint32_t slot = slot_at_[i + static_cast<size_t>(std::countr_zero(left))];
      found(slot);
      i = size_t{first_bit_[slot]} + function_.slots[slot].size;
    }
  }
  BlockBits no_bits() const { return {function_.blocks.size(), words_}; }

 private:
  // Calls visit(word, bits of it) for the words that [access] lies in, up to one that says false; that is the answer.
  template <class Visit>
  bool for_each_word(const Access &access, Visit visit) const {
    const uint32_t end = first_bit_[access.slot] + access.end;
    for (uint32_t i = first_bit_[access.slot] + access.begin; i < end; i = (i | 63) + 1) {
      const uint64_t up_to_end = (i | 63) < end ? ~uint64_t{0} : ~uint64_t{0} >> (63 - (end - 1) % 64);
      if (!visit(i / 64, up_to_end & ~uint64_t{0} << i % 64)) return false;
    }
    return true;
  }
  void add_effects(ValueId v);
  uint32_t slot_of(ValueId pointer) const;
  Access access(ValueId pointer, int64_t offset, int64_t size) const;
  std::optional<int64_t> filled_bytes(ValueId call, size_t i) const;
  void find_live_bytes(const Cfg &cfg);

  const Module &module_;
  const Function &function_;
  SlotPointers slots_;
  std::vector<uint32_t> first_bit_;  // by slot
  std::vector<uint32_t> slot_at_;    // by bit
  size_t words_ = 0;                 // of the bits of all slots
  std::vector<Touch> touches_;
  std::vector<uint32_t> touch_begin_, touch_end_;  // by block
  std::vector<Effect> effects_;
  BlockBits live_out_{0, 0};
};

}  // namespace spile::ir
