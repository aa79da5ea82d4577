#include "verifier/observe.h"

#include <fmt/format.h>

#include <cstring>

#include "verifier/explore.h"

namespace spile::verifier {
namespace {

std::optional<std::string> outside(const RegState &r, uint64_t value, const Concrete &machine, unsigned frame) {
  const auto wrong = [&]() -> std::optional<std::string> {
    return fmt::format("{:#x} is not {}", value, to_string(r, frame, nullptr));
  };
  const auto moved_from = [&](uint64_t base) {
    return r.value.contains(value - base - static_cast<uint64_t>(int64_t{r.off}));
  };
  switch (r.type) {
    case RegType::NotInit:
    case RegType::Poisoned:
      return {};
    case RegType::Scalar:
      return r.value.contains(value) ? std::nullopt : wrong();
    case RegType::Ctx:
      return moved_from(machine.context) ? std::nullopt : wrong();
    case RegType::Stack:
      // Where the frames of callers are is not known here.
      if (r.frame != frame) return {};
      return moved_from(machine.regs[isa::kFramePointer]) ? std::nullopt : wrong();
    case RegType::MapPtr:
    case RegType::MapValue:
    case RegType::MapKey:
    case RegType::Packet:
    case RegType::PacketMeta:
    case RegType::PacketEnd:
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
      return r.or_null || value != 0 ? std::nullopt : wrong();
  }
  return {};
}

}  // namespace

std::optional<std::string> outside(const State &state, const Concrete &machine) {
  const Frame &frame = state.top();
  for (unsigned r = 0; r < isa::kRegisterCount; r++)
    if (auto why = outside(frame.regs[r], machine.regs[r], machine, state.depth()))
      return fmt::format("r{}: {}", r, *why);
  for (unsigned s = 0; s < frame.stack.slots.size(); s++) {
    const StackSlot &slot = frame.stack.slots[s];
    const std::byte *bytes = machine.stack.data() + machine.stack.size() - kSlotBytes * (s + 1);
    const int off = -8 * (static_cast<int>(s) + 1);
    for (unsigned b = 0; b < kSlotBytes; b++)
      if (slot.bytes[b] == ByteKind::Zero && bytes[b] != std::byte{0})
        return fmt::format("fp{}+{}: is not zero", off, b);
    if (!slot.is_spill()) continue;
    const unsigned size = slot.spill_bytes();
    uint64_t value = 0;
    std::memcpy(&value, bytes, size);
    RegState spilled = slot.spilled;
    if (spilled.is_scalar()) spilled.value.truncate(size);
    if (auto why = outside(spilled, value, machine, state.depth())) return fmt::format("fp{}: {}", off, *why);
  }
  return {};
}

void explore_all(const Env &env, Verdict &verdict, const std::function<void(uint32_t, const State &)> &see) {
  explore(env, verdict, {.see = &see});
}

}  // namespace spile::verifier
