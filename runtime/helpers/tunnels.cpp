// Helpers about the tunnel of a packet: bpf_skb_{get,set}_tunnel_{key,opt} of net/core/filter.c.
//
// What a program sets is what a tunnel's device would send the packet by, and what is read back from it; of a capture
// nobody knows through which tunnel a packet came.
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/packet.h"

namespace spile::helpers {

namespace {

// Bits of a key's flags, in network order: ip_tunnel_flags_to_be16().
constexpr uint16_t kChecksum = 0x0001, kKey = 0x0004, kSequence = 0x0008, kDontFragment = 0x0100, kOptions = 0x5800,
                   kNoCache = 0x2000;
constexpr uint32_t kFlowLabel = 0x000fffff;
constexpr uint32_t kMostOptions = 255;  // IP_TUNNEL_OPTS_MAX
constexpr uint64_t kNoTunnelKey = uint64_t{1} << 4,
                   kFlagsWanted = uint64_t{1} << 4;  // BPF_F_NO_TUNNEL_KEY, _TUNINFO_FLAGS

// Where older versions of struct bpf_tunnel_key end.
enum class Layout : uint8_t { Whole, Older, OldestIpv4, None };
Layout layout_of(uint64_t size) {
  switch (static_cast<uint32_t>(size)) {
    case sizeof(bpf_tunnel_key):
      return Layout::Whole;
    case offsetof(bpf_tunnel_key, local_ipv6[0]):
    case offsetof(bpf_tunnel_key, tunnel_label):
    case offsetof(bpf_tunnel_key, tunnel_ext):
      return Layout::Older;
    case offsetof(bpf_tunnel_key, remote_ipv6[1]):
      return Layout::OldestIpv4;
    default:
      return Layout::None;
  }
}

const vm::Tunnel *tunnel_of(const vm::Env *env) {
  const vm::Packet *packet = packet_of(env);
  return packet != nullptr && packet->tunnel ? &*packet->tunnel : nullptr;
}

// The error, or 0.
int64_t read_key(const vm::Tunnel *tunnel, std::span<std::byte> to, uint64_t flags) {
  if (tunnel == nullptr || (flags & ~(uint64_t{BPF_F_TUNINFO_IPV6} | kFlagsWanted)) != 0) return -EINVAL;
  const bool is_ipv6 = (flags & BPF_F_TUNINFO_IPV6) != 0;
  if (tunnel->is_ipv6 != is_ipv6) return -EPROTO;
  const Layout layout = layout_of(to.size());
  if (layout == Layout::None || (layout == Layout::OldestIpv4 && is_ipv6)) return -EINVAL;
  bpf_tunnel_key key{};
  key.tunnel_id = tunnel->id;
  key.tunnel_tos = tunnel->tos;
  key.tunnel_ttl = tunnel->ttl;
  if ((flags & kFlagsWanted) != 0) key.tunnel_ext = __builtin_bswap16(tunnel->flags);
  // Seen from here the remote end is the one that the packet comes from.
  const size_t size = is_ipv6 ? sizeof key.remote_ipv6 : sizeof key.remote_ipv4;
  std::memcpy(key.remote_ipv6, tunnel->source.data(), size);
  std::memcpy(key.local_ipv6, tunnel->destination.data(), size);
  key.tunnel_label = tunnel->label;
  std::memcpy(to.data(), &key, to.size());
  return 0;
}

}  // namespace

uint64_t skb_get_tunnel_key(uint64_t, uint64_t to, uint64_t size, uint64_t flags, uint64_t, vm::Env *env) {
  const std::span<std::byte> buffer = buffer_at(to, size);
  const int64_t error = read_key(tunnel_of(env), buffer, flags);
  if (error != 0) std::ranges::fill(buffer, std::byte{0});
  return returned(env, k_skb_get_tunnel_key, error);
}

uint64_t skb_set_tunnel_key(uint64_t, uint64_t from, uint64_t size, uint64_t flags, uint64_t, vm::Env *env) {
  constexpr uint64_t kKnown =
      uint64_t{BPF_F_TUNINFO_IPV6} | BPF_F_ZERO_CSUM_TX | BPF_F_DONT_FRAGMENT | BPF_F_SEQ_NUMBER | kNoTunnelKey;
  vm::Packet *packet = packet_of(env);
  const std::span<std::byte> bytes = buffer_at(from, size);
  if ((flags & ~kKnown) != 0 || layout_of(size) == Layout::None || packet == nullptr)
    return returned(env, k_skb_set_tunnel_key, -EINVAL);
  bpf_tunnel_key key{};
  std::memcpy(&key, bytes.data(), bytes.size());
  const bool is_ipv6 = (flags & BPF_F_TUNINFO_IPV6) != 0;
  if ((!is_ipv6 && key.tunnel_label != 0) || key.tunnel_ext != 0) return returned(env, k_skb_set_tunnel_key, -EINVAL);
  vm::Tunnel tunnel;
  tunnel.id = key.tunnel_id;
  tunnel.tos = key.tunnel_tos;
  tunnel.ttl = key.tunnel_ttl;
  tunnel.is_ipv6 = is_ipv6;
  tunnel.flags = kNoCache;
  if ((flags & BPF_F_DONT_FRAGMENT) != 0) tunnel.flags |= kDontFragment;
  if ((flags & BPF_F_ZERO_CSUM_TX) == 0) tunnel.flags |= kChecksum;
  if ((flags & BPF_F_SEQ_NUMBER) != 0) tunnel.flags |= kSequence;
  if ((flags & kNoTunnelKey) == 0) tunnel.flags |= kKey;
  const size_t length = is_ipv6 ? sizeof key.remote_ipv6 : sizeof key.remote_ipv4;
  std::memcpy(tunnel.destination.data(), key.remote_ipv6, length);
  std::memcpy(tunnel.source.data(), key.local_ipv6, length);
  tunnel.label = key.tunnel_label & kFlowLabel;
  packet->tunnel = std::move(tunnel);
  return 0;
}

uint64_t skb_get_tunnel_opt(uint64_t, uint64_t to, uint64_t size, uint64_t, uint64_t, vm::Env *env) {
  const std::span<std::byte> buffer = buffer_at(to, size);
  const vm::Tunnel *tunnel = tunnel_of(env);
  std::ranges::fill(buffer, std::byte{0});
  if (tunnel == nullptr || (tunnel->flags & kOptions) == 0) return returned(env, k_skb_get_tunnel_opt, -ENOENT);
  if (buffer.size() < tunnel->options.size()) return returned(env, k_skb_get_tunnel_opt, -ENOMEM);
  std::ranges::copy(tunnel->options, buffer.begin());
  return tunnel->options.size();
}

// Of a key that was set before.
uint64_t skb_set_tunnel_opt(uint64_t, uint64_t from, uint64_t size, uint64_t, uint64_t, vm::Env *env) {
  vm::Packet *packet = packet_of(env);
  const std::span<std::byte> bytes = buffer_at(from, size);
  if (packet == nullptr || !packet->tunnel || bytes.size() % sizeof(uint32_t) != 0)
    return returned(env, k_skb_set_tunnel_opt, -EINVAL);
  if (bytes.size() > kMostOptions) return returned(env, k_skb_set_tunnel_opt, -ENOMEM);
  packet->tunnel->options.assign(bytes.begin(), bytes.end());
  packet->tunnel->flags |= kOptions;
  return 0;
}

}  // namespace spile::helpers
