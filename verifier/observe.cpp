#include "verifier/observe.h"

#include <fmt/format.h>

#include <cstring>

#include "verifier/explore.h"

namespace spile::verifier {
namespace {

// Whether the machine has [frame] of a state whose top one is [top]: the state may begin at a function that is
// verified by itself.
bool has_frame(const Concrete &machine, unsigned top, unsigned frame) {
  return frame <= top && machine.stack.size() / kMaxStack > top - frame;
}

bool is_inside(const RegState &r, uint64_t value, const Concrete &machine, unsigned top) {
  const auto moved_from = [&](uint64_t base) {
    return base == 0 || r.value.contains(value - base - static_cast<uint64_t>(int64_t{r.off}));
  };
  switch (r.type) {
    case RegType::NotInit:
    case RegType::Poisoned:
      return true;
    case RegType::Scalar:
      return r.value.contains(value);
    case RegType::Ctx:
      return moved_from(machine.context);
    case RegType::Stack:
      return !has_frame(machine, top, r.frame) ||
             moved_from(machine.regs[isa::kFramePointer] - uint64_t{kMaxStack} * (top - r.frame));
    case RegType::Packet:
      // The bytes that a check has proven are there.
      return moved_from(machine.packet.data) &&
             (machine.packet.data == 0 || r.range <= 0 ||
              value - static_cast<uint64_t>(int64_t{r.off}) + static_cast<uint64_t>(r.range) <= machine.packet.end);
    case RegType::PacketMeta:
      return moved_from(machine.packet.meta);
    case RegType::PacketEnd:
      return moved_from(machine.packet.end);
    case RegType::MapPtr:
    case RegType::MapValue:
    case RegType::MapKey:
    case RegType::FlowKeys:
    case RegType::Socket:
    case RegType::SockCommon:
    case RegType::TcpSock:
    case RegType::XdpSock:
    case RegType::TpBuffer:
    case RegType::Mem:
    case RegType::Buffer:
    case RegType::BtfObject:
    case RegType::Dynptr:
    case RegType::Iterator:
    case RegType::Arena:
    case RegType::Func:
      return r.or_null || value != 0;
  }
  return true;
}

// Calls wrong(frame, place, register, value), or wrong(frame, place, null, 0) for a byte that should be zero, until it
// returns true. A place is a register, or below zero an offset into the frame.
template <class F>
void for_each_outside(const State &state, const Concrete &machine, F &&wrong) {
  const unsigned top = state.depth();
  for (unsigned r = 0; r < isa::kRegisterCount; r++)
    if (!is_inside(state.reg(r), machine.regs[r], machine, top) &&
        wrong(top, static_cast<int>(r), &state.reg(r), machine.regs[r]))
      return;
  for (unsigned f = 0; f <= top; f++) {
    if (!has_frame(machine, top, f)) continue;
    const Stack &stack = state.frames[f].stack;
    const std::byte *end = machine.stack.data() + machine.stack.size() - size_t{kMaxStack} * (top - f);
    for (unsigned s = 0; s < stack.slots.size(); s++) {
      const StackSlot &slot = stack.slots[s];
      const std::byte *bytes = end - kSlotBytes * (s + 1);
      const int off = -8 * (static_cast<int>(s) + 1);
      for (unsigned b = 0; b < kSlotBytes; b++)
        if (slot.bytes[b] == ByteKind::Zero && bytes[b] != std::byte{0} &&
            wrong(f, off + static_cast<int>(b), nullptr, 0))
          return;
      if (!slot.is_spill()) continue;
      const unsigned size = slot.spill_bytes();
      uint64_t value = 0;
      std::memcpy(&value, bytes, size);
      RegState spilled = slot.spilled;
      if (spilled.is_scalar()) spilled.value.truncate(size);
      if (!is_inside(spilled, value, machine, top) && wrong(f, off, &spilled, value)) return;
    }
  }
}

}  // namespace

bool is_inside(const State &state, const Concrete &machine) {
  bool inside = true;
  for_each_outside(state, machine, [&](unsigned, int, const RegState *, uint64_t) { return !(inside = false); });
  return inside;
}

std::optional<std::string> outside(const State &state, const Concrete &machine) {
  std::optional<std::string> why;
  for_each_outside(state, machine, [&](unsigned frame, int place, const RegState *r, uint64_t value) {
    const std::string name = place >= 0               ? fmt::format("r{}", place)
                             : frame == state.depth() ? fmt::format("fp{}", place)
                                                      : fmt::format("fp{} of frame {}", place, frame);
    why = r == nullptr ? fmt::format("{}: is not zero", name)
                       : fmt::format("{}: {:#x} is not {}", name, value, to_string(*r, state.depth(), nullptr));
    return true;
  });
  return why;
}

void explore_all(const Env &env, Verdict &verdict, const std::function<void(uint32_t, const State &)> &see) {
  explore(env, verdict, {.see = &see});
}

}  // namespace spile::verifier
