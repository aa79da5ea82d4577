#include "verifier/observe.h"

#include <fmt/format.h>

#include <cstring>

#include "verifier/explore.h"

namespace spile::verifier {
namespace {

bool is_inside(const RegState &r, uint64_t value, const Concrete &machine, unsigned frame) {
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
      // Where the frames of callers are is not known here.
      return r.frame != frame || moved_from(machine.regs[isa::kFramePointer]);
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

// Calls wrong(place, register, value), or wrong(place, null, 0) for a byte that should be zero, until it returns true.
template <class F>
void for_each_outside(const State &state, const Concrete &machine, F &&wrong) {
  const Frame &frame = state.top();
  for (unsigned r = 0; r < isa::kRegisterCount; r++)
    if (!is_inside(frame.regs[r], machine.regs[r], machine, state.depth()) &&
        wrong(static_cast<int>(r), &frame.regs[r], machine.regs[r]))
      return;
  for (unsigned s = 0; s < frame.stack.slots.size(); s++) {
    const StackSlot &slot = frame.stack.slots[s];
    const std::byte *bytes = machine.stack.data() + machine.stack.size() - kSlotBytes * (s + 1);
    const int off = -8 * (static_cast<int>(s) + 1);
    for (unsigned b = 0; b < kSlotBytes; b++)
      if (slot.bytes[b] == ByteKind::Zero && bytes[b] != std::byte{0} && wrong(off + static_cast<int>(b), nullptr, 0))
        return;
    if (!slot.is_spill()) continue;
    const unsigned size = slot.spill_bytes();
    uint64_t value = 0;
    std::memcpy(&value, bytes, size);
    RegState spilled = slot.spilled;
    if (spilled.is_scalar()) spilled.value.truncate(size);
    if (!is_inside(spilled, value, machine, state.depth()) && wrong(off, &spilled, value)) return;
  }
}

}  // namespace

bool is_inside(const State &state, const Concrete &machine) {
  bool inside = true;
  for_each_outside(state, machine, [&](int, const RegState *, uint64_t) { return !(inside = false); });
  return inside;
}

std::optional<std::string> outside(const State &state, const Concrete &machine) {
  std::optional<std::string> why;
  for_each_outside(state, machine, [&](int place, const RegState *r, uint64_t value) {
    const std::string name = place < 0 ? fmt::format("fp{}", place) : fmt::format("r{}", place);
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
