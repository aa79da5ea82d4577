#include "verifier/dynptr.h"

#include <fmt/format.h>

#include "verifier/check.h"

namespace spile::verifier {
namespace {

constexpr uint8_t kFirst = 1;  // in RegState::frame of a slot's register: the lowest slot of the object

// The offset that a stack pointer stands for, when it is one place.
std::optional<int64_t> place_of(const RegState &pointer) {
  if (pointer.type != RegType::Stack || !pointer.value.is_const()) return {};
  return pointer.constant_offset();
}

StackSlot *slot_at(State &state, uint32_t frame, int64_t off) {
  Stack &stack = state.frames[frame].stack;
  if (off >= 0 || off < -int64_t{kMaxSlots * kSlotBytes} || slot_of(off) >= stack.slots.size()) return nullptr;
  return &stack.slots[slot_of(off)];
}
const StackSlot *slot_at(const State &state, uint32_t frame, int64_t off) {
  return slot_at(const_cast<State &>(state), frame, off);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

bool is_refcounted(const RegState &dynptr) { return kind_of(dynptr) == DynptrKind::Ringbuf; }

// A dynptr's slots become untouched; slices of it become numbers.
void destroy_dynptr(State &state, uint32_t frame, int64_t low) {
  const StackSlot *first = slot_at(state, frame, low);
  const uint32_t id = first->spilled.id;
  for (int64_t off = low; off < low + kDynptrSize; off += kSlotBytes)
    if (StackSlot *slot = slot_at(state, frame, off)) *slot = {};
  state.for_each_reg([&](RegState &r) {
    if (r.type == RegType::Mem && r.has(kDynptrSlice) && r.map_uid == id) r = RegState::unknown(r.origin);
  });
}

// The lowest byte of the dynptr that a slot is part of.
int64_t base_of(const StackSlot &slot, int64_t slot_low) {
  return (slot.spilled.frame & kFirst) != 0 ? slot_low : slot_low - kSlotBytes;
}
int64_t slot_low(int64_t off) { return -static_cast<int64_t>(kSlotBytes) * (static_cast<int64_t>(slot_of(off)) + 1); }

}  // namespace

const RegState *dynptr_behind(const State &state, const RegState &pointer) {
  if (pointer.type == RegType::Dynptr) return &pointer;
  const auto off = place_of(pointer);
  if (!off || *off % kSlotBytes != 0) return nullptr;
  const StackSlot *low = slot_at(state, pointer.frame, *off), *high = slot_at(state, pointer.frame, *off + kSlotBytes);
  if (low == nullptr || high == nullptr || low->bytes[0] != ByteKind::Dynptr || high->bytes[0] != ByteKind::Dynptr)
    return nullptr;
  if ((low->spilled.frame & kFirst) == 0 || (high->spilled.frame & kFirst) != 0) return nullptr;
  return &low->spilled;
}

std::optional<Failure> check_dynptr(const Env &env, const State &state, uint32_t insn, unsigned reg, DynptrWant want) {
  const RegState &value = state.reg(reg);
  const tables::Helper *helper = helper_of(env.insn(insn));
  const auto fail = [&](std::string kernel, std::string words) {
    return Failure{.cause = Cause::DynptrRule,
                   .insn = insn,
                   .kernel = std::move(kernel),
                   .reg = static_cast<int>(reg),
                   .state = value,
                   .arg = reg,
                   .helper = helper != nullptr ? helper->number : 0,
                   .detail = std::move(words)};
  };
  if (value.type == RegType::Poisoned) return {};
  if (value.type != RegType::Stack && value.type != RegType::Dynptr)
    return fail(fmt::format("arg#{} expected pointer to stack or const struct bpf_dynptr", reg - 1),
                "the address of a `struct bpf_dynptr` on the stack is needed");
  if (value.type == RegType::Dynptr)
    if (std::optional<Failure> moved = check_unmoved(value, reg, insn)) return moved;
  if (value.type == RegType::Stack && !value.value.is_const())
    return fail("dynptr has to be at a constant offset", "the dynptr must be at a constant place");
  if (value.type == RegType::Stack && *place_of(value) % kSlotBytes != 0)
    return fail("cannot pass in dynptr at an offset=" + fmt::format("{}", *place_of(value)),
                "the pointer does not point to the beginning of the dynptr");
  if (want.uninit) {
    if (value.type == RegType::Dynptr)
      return fail("Dynptr has to be an uninitialized dynptr", "this dynptr is not the program's own to be made again");
    const int64_t off = *place_of(value);
    if (off < -int64_t{kMaxStack} || off > -kDynptrSize)
      return fail(fmt::format("cannot pass in dynptr at an offset={}", off), "a dynptr needs 16 bytes of stack");
    if (const auto why = forbids_write(state, value.frame, off, off + kDynptrSize))
      return fail(*why, "the dynptr here still holds a reference");
    return {};
  }
  const RegState *dynptr = dynptr_behind(state, value);
  if (dynptr == nullptr)
    return fail(fmt::format("Expected an initialized dynptr as arg #{}", reg - 1), "there is no dynptr here");
  if (!want.only_ringbuf) return {};
  if (value.type == RegType::Dynptr)
    return fail("cannot release unowned const bpf_dynptr", "this dynptr is not the program's own to be released");
  if (kind_of(*dynptr) != DynptrKind::Ringbuf)
    return fail(fmt::format("arg {} is an unacquired reference", reg), "this dynptr holds no record of a ring buffer");
  return {};
}

void make_dynptr(State &state, const RegState &pointer, DynptrKind kind, uint32_t ref_id, uint32_t insn) {
  const auto off = place_of(pointer);
  if (!off) return;
  destroy_objects(state, pointer.frame, *off, *off + kDynptrSize);
  Stack &stack = state.frames[pointer.frame].stack;
  stack.grow(*off);
  const uint32_t id = state.new_id();
  for (const int64_t at : {*off, *off + int64_t{kSlotBytes}}) {
    StackSlot &slot = stack.slots[slot_of(at)];
    slot.bytes.fill(ByteKind::Dynptr);
    slot.spilled = RegState::pointer(RegType::Dynptr, insn);
    slot.spilled.target = static_cast<uint32_t>(kind);
    slot.spilled.id = id;
    slot.spilled.ref_id = ref_id;
    slot.spilled.frame = at == *off ? kFirst : 0;
  }
}

void release_dynptr(State &state, const RegState &pointer) {
  const RegState *dynptr = dynptr_behind(state, pointer);
  if (dynptr == nullptr || pointer.type != RegType::Stack) return;
  const uint32_t ref_id = dynptr->ref_id;
  if (ref_id == 0) {
    destroy_dynptr(state, pointer.frame, *place_of(pointer));
    return;
  }
  release(state, ref_id);
  for (uint32_t f = 0; f < state.frames.size(); f++)
    for (size_t s = 0; s < state.frames[f].stack.slots.size(); s++) {
      const StackSlot &slot = state.frames[f].stack.slots[s];
      if (slot.bytes[0] == ByteKind::Dynptr && slot.spilled.ref_id == ref_id && (slot.spilled.frame & kFirst) != 0)
        destroy_dynptr(state, f, -int64_t{kSlotBytes} * (static_cast<int64_t>(s) + 1));
    }
}

void make_iterator(State &state, const RegState &pointer, uint32_t type, int64_t bytes, uint32_t ref_id) {
  const auto off = place_of(pointer);
  if (!off) return;
  destroy_objects(state, pointer.frame, *off, *off + bytes);
  Stack &stack = state.frames[pointer.frame].stack;
  stack.grow(*off);
  for (int64_t at = *off; at < *off + bytes; at += kSlotBytes) {
    StackSlot &slot = stack.slots[slot_of(at)];
    slot.bytes.fill(ByteKind::Iterator);
    slot.spilled = RegState::pointer(RegType::Iterator);
    slot.spilled.target = type;
    slot.spilled.ref_id = at == *off ? ref_id : 0;
    slot.spilled.frame = at == *off ? kFirst : 0;
    slot.spilled.range = RegState::kActive;
    slot.spilled.off = static_cast<int32_t>(bytes);
  }
}

RegState *iterator_behind(State &state, const RegState &pointer) {
  const auto off = place_of(pointer);
  if (!off || *off % kSlotBytes != 0) return nullptr;
  StackSlot *slot = slot_at(state, pointer.frame, *off);
  if (slot == nullptr || slot->bytes[0] != ByteKind::Iterator || (slot->spilled.frame & kFirst) == 0) return nullptr;
  // A write may have hit a part of it.
  const Stack &stack = state.frames[pointer.frame].stack;
  for (int64_t at = *off; at < *off + slot->spilled.off; at++)
    if (at >= 0 || stack.kind(at) != ByteKind::Iterator) return nullptr;
  return &slot->spilled;
}
const RegState *iterator_behind(const State &state, const RegState &pointer) {
  return iterator_behind(const_cast<State &>(state), pointer);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

void destroy_iterator(State &state, const RegState &pointer, int64_t bytes) {
  const RegState *iterator = iterator_behind(state, pointer);
  if (iterator == nullptr) return;
  const uint32_t ref_id = iterator->ref_id;
  for (int64_t at = *place_of(pointer); at < *place_of(pointer) + bytes; at += kSlotBytes)
    if (StackSlot *slot = slot_at(state, pointer.frame, at)) *slot = {};
  release(state, ref_id);
}

void destroy_objects(State &state, uint32_t frame, int64_t low, int64_t high) {
  for (int64_t off = low; off < high; off++) {
    StackSlot *slot = slot_at(state, frame, off);
    if (slot != nullptr && slot->bytes[0] == ByteKind::Dynptr)
      destroy_dynptr(state, frame, base_of(*slot, slot_low(off)));
  }
}

std::optional<std::string> forbids_write(const State &state, uint32_t frame, int64_t low, int64_t high) {
  for (int64_t off = low; off < high; off++) {
    const StackSlot *slot = slot_at(state, frame, off);
    if (slot == nullptr) continue;
    if (slot->bytes[0] == ByteKind::Dynptr && is_refcounted(slot->spilled)) return "cannot overwrite referenced dynptr";
  }
  return {};
}

bool holds_object(const State &state, uint32_t frame, int64_t low, int64_t high) {
  for (int64_t off = low; off < high; off++) {
    const StackSlot *slot = slot_at(state, frame, off);
    if (slot != nullptr && (slot->bytes[0] == ByteKind::Dynptr || slot->bytes[0] == ByteKind::Iterator ||
                            slot->bytes[0] == ByteKind::IrqFlags))
      return true;
  }
  return false;
}

}  // namespace spile::verifier
