// Helpers that know a packet's network header: its version, its mark of congestion; and its time (net/core/filter.c).
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/packet.h"

namespace spile::helpers {

namespace {

constexpr uint16_t kIpv4 = __builtin_bswap16(ETH_P_IP), kIpv6 = __builtin_bswap16(ETH_P_IPV6);
constexpr uint32_t kIpv4Header = 20, kIpv6Header = 40;

// What stands before the network header, or what the context says where the packet begins with that.
uint16_t protocol_of(const vm::Packet &packet, const __sk_buff &skb) {
  return packet.network_offset < 2 ? __builtin_bswap16(static_cast<uint16_t>(skb.protocol)) : ether_type(packet);
}

bool has_header(const vm::Packet &packet, uint32_t size) {
  return packet.network_offset <= packet.data.size() && size <= packet.data.size() - packet.network_offset;
}

// IP_ECN_set_ce(): the two low bits of the second byte become ones, unless both are zero; the checksum follows.
uint64_t mark_ipv4(std::byte *header) {
  constexpr uint8_t kMark = 3;
  const auto service = std::to_integer<uint8_t>(header[1]);
  const uint8_t had = service & kMark;
  if (had == 0 || had == kMark) return had == kMark;
  header[1] = std::byte(service | kMark);
  uint16_t sum;
  std::memcpy(&sum, header + 10, sizeof sum);
  // RFC 1624: a word that grows makes the sum of its complements shrink by as much.
  const uint32_t less = uint32_t{sum} + static_cast<uint16_t>(~__builtin_bswap16(kMark - had));
  sum = static_cast<uint16_t>(less + (less >> 16));
  std::memcpy(header + 10, &sum, sizeof sum);
  return 1;
}

// IP6_ECN_set_ce(): the traffic class lies across the first two bytes.
uint64_t mark_ipv6(std::byte *header) {
  constexpr std::byte kMark{0x30};
  if ((header[1] & kMark) == std::byte{0}) return 0;
  header[1] |= kMark;
  return 1;
}

}  // namespace

uint64_t skb_ecn_set_ce(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  const vm::Packet *const packet = packet_of(env);
  const __sk_buff *const skb = skb_of(env);
  if (packet == nullptr || skb == nullptr) return 0;
  std::byte *const header = packet->data.data() + packet->network_offset;
  switch (protocol_of(*packet, *skb)) {
    case ETH_P_IP:
      return has_header(*packet, kIpv4Header) ? mark_ipv4(header) : 0;
    case ETH_P_IPV6:
      return has_header(*packet, kIpv6Header) ? mark_ipv6(header) : 0;
    default:
      return 0;
  }
}

// bpf_skb_proto_xlat(): room for the longer header in front of the old one, or none of it; what stands there is the
// program's business.
uint64_t skb_change_proto(uint64_t, uint64_t protocol, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint32_t kLonger = kIpv6Header - kIpv4Header;
  vm::Packet *const packet = packet_of(env);
  __sk_buff *const skb = skb_of(env);
  if (flags != 0 || packet == nullptr || skb == nullptr) return returned(env, k_skb_change_proto, -EINVAL);
  const auto from = static_cast<uint16_t>(skb->protocol), to = static_cast<uint16_t>(protocol);
  if (from == kIpv4 && to == kIpv6) {
    if (const int64_t error = insert_bytes(*packet, packet->network_offset, kLonger); error != 0)
      return returned(env, k_skb_change_proto, error);
  } else if (from == kIpv6 && to == kIpv4) {
    if (!has_header(*packet, kLonger)) return returned(env, k_skb_change_proto, -ENOMEM);
    remove_bytes(*packet, packet->network_offset, kLonger);
  } else {
    return returned(env, k_skb_change_proto, -maps::kNotSupported);
  }
  skb->protocol = to;
  skb->hash = 0;
  show_packet(env);
  return 0;
}

uint64_t skb_set_tstamp(uint64_t, uint64_t time, uint64_t clock, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint32_t kRealtime = 0, kTai = 2;  // BPF_SKB_CLOCK_*; before Linux 6.11, 0 took no time but 0
  __sk_buff *const skb = skb_of(env);
  if (skb == nullptr) return returned(env, k_skb_set_tstamp, -EINVAL);
  const auto protocol = static_cast<uint16_t>(skb->protocol);
  if (protocol != kIpv4 && protocol != kIpv6) return returned(env, k_skb_set_tstamp, -EOPNOTSUPP);
  const auto type = static_cast<uint32_t>(clock);
  if (type > kTai || (type != kRealtime && time == 0)) return returned(env, k_skb_set_tstamp, -EINVAL);
  skb->tstamp = time;
  skb->tstamp_type = static_cast<uint8_t>(type);
  return 0;
}

}  // namespace spile::helpers
