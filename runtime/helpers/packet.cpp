// Helpers that read the packet of the event.
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

// Copies [to.size()] bytes from [offset] of the packet; zero-fills and fails when the capture does not hold them all.
static int64_t load_bytes(const vm::Env *env, uint64_t offset, std::span<std::byte> to) {
  const vm::Packet *packet = env->event == nullptr ? nullptr : env->event->packet;
  if (packet == nullptr || offset > packet->data.size() || to.size() > packet->data.size() - offset) {
    std::ranges::fill(to, std::byte{0});
    return -EFAULT;
  }
  std::memcpy(to.data(), packet->data.data() + offset, to.size());
  return 0;
}

uint64_t skb_load_bytes(uint64_t, uint64_t offset, uint64_t to, uint64_t size, uint64_t, vm::Env *env) {
  return returned(env, k_skb_load_bytes, load_bytes(env, static_cast<uint32_t>(offset), buffer_at(to, size)));
}

uint64_t skb_load_bytes_relative(uint64_t, uint64_t offset, uint64_t to, uint64_t size, uint64_t start, vm::Env *env) {
  constexpr uint32_t kMaxOffset = 0xffff;  // as bpf_skb_load_bytes_relative()
  const vm::Packet *packet = env->event == nullptr ? nullptr : env->event->packet;
  uint64_t from = UINT64_MAX;  // beyond every packet
  if (packet != nullptr && static_cast<uint32_t>(offset) <= kMaxOffset) {
    if (static_cast<uint32_t>(start) == BPF_HDR_START_MAC) from = packet->mac_offset + static_cast<uint32_t>(offset);
    if (static_cast<uint32_t>(start) == BPF_HDR_START_NET)
      from = packet->network_offset + static_cast<uint32_t>(offset);
  }
  return returned(env, k_skb_load_bytes_relative, load_bytes(env, from, buffer_at(to, size)));
}

}  // namespace spile::helpers
