// Stack: the 512 bytes below a frame's r10, in slots of 8 bytes, each byte with what is known of it.
//
// Slot 0 is [fp-8, fp). Offsets are relative to r10 and negative. A slot whose bytes are Spilled holds a register;
// a scalar of 1, 2 or 4 bytes is spilled to the low bytes of a slot. Reading and writing change and report; whether an
// access is allowed is decided by check.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "verifier/domain/reg_state.h"

namespace spile::verifier {

enum class ByteKind : uint8_t {
  Untouched,  // never written; root may read it
  Misc,       // written, value unknown
  Zero,       // written, 0
  Spilled,    // part of the slot's register
  Dynptr,     // part of a dynptr, which the slot's register describes
  Iterator,   // part of an open-coded iterator
  IrqFlags,   // interrupt flags that were saved here
};

inline constexpr unsigned kSlotBytes = 8;
inline constexpr unsigned kMaxSlots = 64;  // 512 bytes

struct StackSlot {
  RegState spilled;
  std::array<ByteKind, kSlotBytes> bytes{};  // [0] is the lowest address

  // The kernel decides by the byte that a spill of any size covers.
  bool is_spill() const { return bytes[0] == ByteKind::Spilled; }
  bool is_scalar_spill() const { return is_spill() && spilled.is_scalar(); }
  bool is_whole_spill() const { return bytes[7] == ByteKind::Spilled; }
  unsigned spill_bytes() const {
    unsigned n = 0;
    while (n < kSlotBytes && bytes[n] == ByteKind::Spilled) n++;
    return n;
  }
  bool is_all_unknown() const {
    for (ByteKind b : bytes)
      if (b != ByteKind::Misc && b != ByteKind::Untouched) return false;
    return true;
  }
};

constexpr unsigned slot_of(int64_t off) { return static_cast<unsigned>((-off - 1) / 8); }
constexpr unsigned byte_of(int64_t off) { return static_cast<unsigned>(7 - ((-off - 1) % 8)); }

// The slots that [low, high) touches, as a mask.
constexpr uint64_t slots_mask(int64_t low, int64_t high) {
  uint64_t mask = 0;
  for (int64_t off = low; off < high; off++) mask |= 1ull << slot_of(off);
  return mask;
}

struct Stack {
  std::vector<StackSlot> slots;  // as deep as it was touched

  void grow(int64_t low_off) {
    const size_t need = slot_of(low_off) + 1;
    if (need > slots.size()) slots.resize(need);
  }
  ByteKind kind(int64_t off) const {
    const unsigned slot = slot_of(off);
    return slot < slots.size() ? slots[slot].bytes[byte_of(off)] : ByteKind::Untouched;
  }

  // `*(u[size] *)(fp + off) = value`. [value] may lose its id.
  void store(int64_t off, unsigned size, const RegState &value);
  // A store of [size] bytes that went to some offset of [low, high - size].
  void store_somewhere(int64_t low, int64_t high, bool zero);
  // A helper wrote, or may have written, unknown bytes to [low, high).
  void clobber(int64_t low, int64_t high);
  // A load from a fixed place; not yet truncated to [size].
  RegState load(int64_t off, unsigned size, uint32_t origin) const;
  // A load from some offset of [low, high - size].
  RegState load_somewhere(int64_t low, int64_t high, uint32_t origin) const;
  // Whether the value of a load from here is decided by the slot's spilled register: then precision follows it.
  bool load_uses_spill(int64_t off, unsigned size) const;

 private:
  bool all_zero(int64_t low, int64_t high) const;
};

}  // namespace spile::verifier
