// The rules of check_stack_write_*() and check_stack_read_*() in the kernel, for root.
#include "verifier/domain/stack.h"

namespace spile::verifier {
namespace {

// A byte that is overwritten in part: a zero stays one, and what root may read anyway need not be marked.
void scrub(ByteKind &b) {
  if (b == ByteKind::Spilled) b = ByteKind::Misc;
}

bool can_be_spilled(const RegState &value, int64_t off, unsigned size) {
  if (value.is_scalar() || value.type == RegType::Poisoned) return off % kSlotBytes == 0;
  return value.is_pointer() && size == kSlotBytes;
}

}  // namespace

void Stack::store(int64_t off, unsigned size, const RegState &value) {
  grow(off);
  StackSlot &slot = slots[slot_of(off)];
  if (can_be_spilled(value, off, size)) {
    slot.spilled = value;
    if (value.is_scalar() && value.value.width() > size * 8) slot.spilled.forget_id();
    for (unsigned b = 0; b < kSlotBytes; b++) {
      if (b < size)
        slot.bytes[b] = ByteKind::Spilled;
      else
        scrub(slot.bytes[b]);
    }
    return;
  }
  // Bytes in the middle of a slot. What was spilled there is gone.
  slot.spilled = {};
  for (ByteKind &b : slot.bytes) scrub(b);
  const ByteKind kind = value.is_null() ? ByteKind::Zero : ByteKind::Misc;
  for (unsigned i = 0; i < size; i++) slot.bytes[byte_of(off) + i] = kind;
}

void Stack::store_somewhere(int64_t low, int64_t high, bool zero) {
  grow(low);
  for (int64_t off = low; off < high; off++) {
    StackSlot &slot = slots[slot_of(off)];
    ByteKind &kind = slot.bytes[byte_of(off)];
    if (zero && kind == ByteKind::Spilled && slot.spilled.is_null()) continue;
    slot.spilled = {};
    const bool stays_zero = zero && kind == ByteKind::Zero;
    for (ByteKind &b : slot.bytes) scrub(b);
    kind = stays_zero ? ByteKind::Zero : ByteKind::Misc;
  }
}

void Stack::clobber(int64_t low, int64_t high) {
  if (low >= high) return;
  grow(low);
  for (int64_t off = low; off < high; off++) {
    StackSlot &slot = slots[slot_of(off)];
    if (slot.is_spill() || slot.bytes[byte_of(off)] == ByteKind::Spilled) {
      slot.spilled = {};
      for (ByteKind &b : slot.bytes) scrub(b);
    }
    slot.bytes[byte_of(off)] = ByteKind::Misc;
  }
}

bool Stack::all_zero(int64_t low, int64_t high) const {
  for (int64_t off = low; off < high; off++)
    if (kind(off) != ByteKind::Zero) return false;
  return true;
}

bool Stack::load_uses_spill(int64_t off, unsigned size) const {
  const unsigned index = slot_of(off);
  if (index >= slots.size() || !slots[index].is_spill()) return false;
  const StackSlot &slot = slots[index];
  if (off % kSlotBytes == 0 && size <= slot.spill_bytes()) return true;
  if (byte_of(off) + size > kSlotBytes) return false;  // not aligned, which check() is about to reject
  for (unsigned i = 0; i < size; i++)
    if (slot.bytes[byte_of(off) + i] != ByteKind::Spilled) return false;
  return slot.spilled.is_null();
}

RegState Stack::load(int64_t off, unsigned size, uint32_t origin) const {
  const unsigned index = slot_of(off);
  if (index < slots.size() && slots[index].is_spill()) {
    const StackSlot &slot = slots[index];
    if (off % kSlotBytes == 0 && size <= slot.spill_bytes()) {
      RegState value = slot.spilled;
      value.precise = false;
      if (value.is_scalar() && value.value.width() > size * 8) value.forget_id();
      if (value.is_pointer() && size != kSlotBytes) return RegState::unknown(origin);
      return value;
    }
    if (slot.spilled.type == RegType::Poisoned) return slot.spilled;
    if (load_uses_spill(off, size)) return RegState::scalar(Scalar::constant(0), origin);
  }
  return load_somewhere(off, off + size, origin);
}

RegState Stack::load_somewhere(int64_t low, int64_t high, uint32_t origin) const {
  return all_zero(low, high) ? RegState::scalar(Scalar::constant(0), origin) : RegState::unknown(origin);
}

}  // namespace spile::verifier
