#include "verifier/domain/state.h"

#include <fmt/format.h>

#include <algorithm>

namespace spile::verifier {

void resolve_null(State &state, uint32_t id, bool is_null) {
  // What is NULL was not acquired.
  if (is_null) std::erase_if(state.references, [&](const Reference &r) { return r.id == id; });
  state.for_each_reg([&](RegState &r) {
    if (!r.or_null || r.id != id) return;
    if (is_null) {
      r = RegState::scalar(Scalar::constant(0), r.origin);
      return;
    }
    r.or_null = false;
    if (!r.has(kHoldsLock)) r.id = 0;
  });
}

void release(State &state, uint32_t ref_id) {
  std::erase_if(state.references, [&](const Reference &r) { return r.id == ref_id && r.kind == Reference::Pointer; });
  state.for_each_reg([&](RegState &r) {
    if (r.ref_id == ref_id) r = state.lost(r);
  });
}

void forget_packet_pointers(State &state) {
  state.for_each_reg([&](RegState &r) {
    if (r.is_packet() || r.type == RegType::PacketEnd || (r.type == RegType::Mem && r.has(kPacketDynptr)))
      r = state.lost(r);
  });
}

std::string to_string(const State &state, const object::Object *object) {
  static constexpr char kKindLetter[] = {'?', 'm', '0', 'r', 'd', 'i', 'f'};
  std::string text;
  const Frame &frame = state.top();
  if (state.depth() != 0) text += fmt::format("frame{}:", state.depth());
  const auto item = [&](std::string_view s) {
    if (!text.empty()) text += ' ';
    text += s;
  };
  for (unsigned r = 0; r < isa::kRegisterCount; r++)
    if (frame.regs[r].type != RegType::NotInit)
      item(fmt::format("R{}={}", r, to_string(frame.regs[r], state.depth(), object)));
  for (unsigned i = 0; i < frame.stack.slots.size(); i++) {
    const StackSlot &slot = frame.stack.slots[i];
    std::string kinds;
    bool touched = false;
    for (int b = kSlotBytes - 1; b >= 0; b--) {
      const ByteKind kind = slot.bytes[static_cast<unsigned>(b)];
      touched |= kind != ByteKind::Untouched;
      // The kernel leaves the letters of a spill out: the register follows.
      if (!(slot.is_spill() && kind == ByteKind::Spilled)) kinds += kKindLetter[static_cast<unsigned>(kind)];
    }
    if (!touched) continue;
    const int off = -8 * (static_cast<int>(i) + 1);
    item(fmt::format("fp{}={}{}", off, kinds, slot.is_spill() ? to_string(slot.spilled, state.depth(), object) : ""));
  }
  if (frame.in_callback) item("cb");
  return text;
}

}  // namespace spile::verifier
