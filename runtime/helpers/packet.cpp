// Helpers that read, write and reshape the packet of the event (net/core/filter.c).
//
// The packet lies in a buffer with room before and behind it (vm::Packet); the program's context holds its addresses,
// in the 32-bit fields that the kernel rewrites. After every change of shape the context is brought up to date.
#include "runtime/helpers/packet.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/network_state.h"

namespace spile::helpers {

vm::Packet *packet_of(const vm::Env *env) { return env->event == nullptr ? nullptr : env->event->packet; }

void show_packet(const vm::Env *env) {
  const vm::Packet *packet = packet_of(env);
  const std::span<std::byte> ctx = env->event->ctx;
  const auto data = static_cast<uint32_t>(reinterpret_cast<uint64_t>(packet->data.data()));
  const auto end = static_cast<uint32_t>(data + packet->data.size());
  if (env->program_type == BPF_PROG_TYPE_XDP) {
    if (ctx.size() < sizeof(xdp_md)) return;
    auto &md = *reinterpret_cast<xdp_md *>(ctx.data());
    md.data = data;
    md.data_end = end;
    md.data_meta = data - packet->meta;
    return;
  }
  if (ctx.size() < sizeof(__sk_buff)) return;
  auto &skb = *reinterpret_cast<__sk_buff *>(ctx.data());
  skb.data = data;
  skb.data_end = end;
  skb.data_meta = data - packet->meta;
  skb.len = static_cast<uint32_t>(packet->data.size());
}

static uint64_t room_before(const vm::Packet &packet) {
  return static_cast<uint64_t>(packet.data.data() - packet.buffer.data());
}

__sk_buff *skb_of(const vm::Env *env) {
  const std::span<std::byte> ctx = env->event == nullptr ? std::span<std::byte>() : env->event->ctx;
  return ctx.size() < sizeof(__sk_buff) ? nullptr : reinterpret_cast<__sk_buff *>(ctx.data());
}

uint32_t device_of(const vm::Env *env) {
  if (env->program_type == BPF_PROG_TYPE_XDP) {
    const std::span<std::byte> ctx = env->event == nullptr ? std::span<std::byte>() : env->event->ctx;
    return ctx.size() < sizeof(xdp_md) ? 0 : reinterpret_cast<const xdp_md *>(ctx.data())->ingress_ifindex;
  }
  const __sk_buff *skb = skb_of(env);
  return skb == nullptr ? 0 : skb->ifindex != 0 ? skb->ifindex : skb->ingress_ifindex;
}

uint16_t ether_type(const vm::Packet &packet) {
  uint16_t type = 0;
  if (packet.network_offset >= 2 && packet.data.size() >= packet.network_offset)
    std::memcpy(&type, packet.data.data() + packet.network_offset - 2, sizeof type);
  return __builtin_bswap16(type);
}

int64_t insert_bytes(vm::Packet &packet, uint64_t at, uint64_t size) {
  if (size > room_before(packet)) return -ENOMEM;
  std::byte *old = packet.data.data(), *start = old - size;
  std::memmove(start, old, at);
  std::memset(start + at, 0, size);
  packet.data = {start, packet.data.size() + size};
  packet.meta = 0;
  return 0;
}
void remove_bytes(vm::Packet &packet, uint64_t at, uint64_t size) {
  std::byte *old = packet.data.data();
  std::memmove(old + size, old, at);
  packet.data = packet.data.subspan(size);
  packet.meta = 0;
}

namespace {

bool holds(const vm::Packet *packet, uint64_t offset, uint64_t size) {
  return packet != nullptr && offset <= packet->data.size() && size <= packet->data.size() - offset;
}

constexpr uint64_t kMostBytes = 16064;  // SKB_MAX_ALLOC, where pages have 4096 bytes
// BPF_F_ADJ_ROOM_DECAP_L3_IPV4, _IPV6: newer than some headers.
constexpr uint64_t kDecapIpv4 = 1 << 7, kDecapIpv6 = 1 << 8, kDecapsulates = kDecapIpv4 | kDecapIpv6;

uint64_t room_behind(const vm::Packet &packet) {
  return packet.buffer.size() - room_before(packet) - packet.data.size();
}

// Copies [to.size()] bytes from [offset] of the packet; zero-fills and fails when it does not hold them all.
int64_t load_bytes(const vm::Env *env, uint64_t offset, std::span<std::byte> to) {
  const vm::Packet *packet = packet_of(env);
  if (!holds(packet, offset, to.size())) {
    std::ranges::fill(to, std::byte{0});
    return -EFAULT;
  }
  if (!to.empty()) std::memcpy(to.data(), packet->data.data() + offset, to.size());
  return 0;
}

}  // namespace

uint64_t skb_load_bytes(uint64_t, uint64_t offset, uint64_t to, uint64_t size, uint64_t, vm::Env *env) {
  return returned(env, k_skb_load_bytes, load_bytes(env, static_cast<uint32_t>(offset), buffer_at(to, size)));
}

uint64_t skb_load_bytes_relative(uint64_t, uint64_t offset, uint64_t to, uint64_t size, uint64_t start, vm::Env *env) {
  constexpr uint32_t kMaxOffset = 0xffff;  // as bpf_skb_load_bytes_relative()
  const vm::Packet *packet = packet_of(env);
  uint64_t from = UINT64_MAX;  // beyond every packet
  if (packet != nullptr && static_cast<uint32_t>(offset) <= kMaxOffset) {
    if (static_cast<uint32_t>(start) == BPF_HDR_START_MAC) from = packet->mac_offset + static_cast<uint32_t>(offset);
    if (static_cast<uint32_t>(start) == BPF_HDR_START_NET)
      from = packet->network_offset + static_cast<uint32_t>(offset);
  }
  return returned(env, k_skb_load_bytes_relative, load_bytes(env, from, buffer_at(to, size)));
}

uint64_t skb_store_bytes(uint64_t, uint64_t offset, uint64_t from, uint64_t size, uint64_t flags, vm::Env *env) {
  if ((flags & ~uint64_t{BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH}) != 0)
    return returned(env, k_skb_store_bytes, -EINVAL);
  const std::span<std::byte> bytes = buffer_at(from, size);
  const uint32_t at = static_cast<uint32_t>(offset);
  if (at > INT32_MAX || !holds(packet_of(env), at, bytes.size())) return returned(env, k_skb_store_bytes, -EFAULT);
  std::memmove(packet_of(env)->data.data() + at, bytes.data(), bytes.size());
  if ((flags & BPF_F_INVALIDATE_HASH) != 0 && skb_of(env) != nullptr) skb_of(env)->hash = 0;
  return 0;
}

// Everything is in one piece here.
uint64_t skb_pull_data(uint64_t, uint64_t size, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_skb_pull_data, holds(packet_of(env), 0, static_cast<uint32_t>(size)) ? 0 : -ENOMEM);
}

uint64_t skb_change_tail(uint64_t, uint64_t size, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  vm::Packet *packet = packet_of(env);
  const uint32_t wanted = static_cast<uint32_t>(size);
  // __bpf_skb_min_len(): the headers stay.
  if (flags != 0 || packet == nullptr || wanted < std::max(packet->network_offset, uint32_t{ETH_HLEN}))
    return returned(env, k_skb_change_tail, -EINVAL);
  const size_t old = packet->data.size();
  if (wanted > old && wanted - old > room_behind(*packet)) return returned(env, k_skb_change_tail, -EINVAL);
  packet->data = {packet->data.data(), wanted};
  if (wanted > old) std::memset(packet->data.data() + old, 0, wanted - old);
  show_packet(env);
  return 0;
}

uint64_t skb_change_head(uint64_t, uint64_t size, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  vm::Packet *packet = packet_of(env);
  if (flags != 0 || packet == nullptr || packet->data.size() + static_cast<uint32_t>(size) > kMostBytes)
    return returned(env, k_skb_change_head, -EINVAL);
  const int64_t error = insert_bytes(*packet, 0, static_cast<uint32_t>(size));
  if (error != 0) return returned(env, k_skb_change_head, error);
  packet->mac_offset = 0;
  packet->network_offset += static_cast<uint32_t>(size);
  show_packet(env);
  return 0;
}

// The protocol of the packet, as the program sees it, in host order.
static uint16_t protocol_of(const vm::Env *env) {
  const __sk_buff *skb = skb_of(env);
  return skb == nullptr ? 0 : __builtin_bswap16(static_cast<uint16_t>(skb->protocol));
}
static void set_protocol(const vm::Env *env, uint16_t protocol) { skb_of(env)->protocol = __builtin_bswap16(protocol); }

// The least that an IP header takes; 0 of other protocols.
static uint32_t least_header(uint16_t protocol) {
  constexpr uint32_t kIpv4 = 20, kIpv6 = 40;
  return protocol == ETH_P_IP ? kIpv4 : protocol == ETH_P_IPV6 ? kIpv6 : 0;
}

// bpf_skb_net_shrink(); [least]: of what stays behind the link header.
static int64_t shrink_room(vm::Env *env, vm::Packet &packet, uint64_t at, uint32_t size, uint32_t least,
                           uint64_t flags) {
  constexpr uint64_t kKnown = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET | kDecapsulates;
  const uint64_t current = packet.data.size() - packet.network_offset;
  if (size >= current || current - size < least) return -maps::kNotSupported;
  if ((flags & ~kKnown) != 0) return -EINVAL;
  remove_bytes(packet, at, size);
  const uint16_t protocol = protocol_of(env);
  if (protocol == ETH_P_IP && (flags & kDecapIpv6) != 0) set_protocol(env, ETH_P_IPV6);
  if (protocol == ETH_P_IPV6 && (flags & kDecapIpv4) != 0) set_protocol(env, ETH_P_IP);
  return 0;
}

// bpf_skb_net_grow()
static int64_t grow_room(vm::Env *env, vm::Packet &packet, uint64_t at, uint32_t size, uint64_t flags) {
  constexpr uint64_t kBoth = BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6,
                     kTwo = BPF_F_ADJ_ROOM_ENCAP_L4_GRE | BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
  if (packet.data.size() + size > kMostBytes) return -maps::kNotSupported;
  const bool encapsulates = (flags & kBoth) != 0;
  if (encapsulates) {
    const uint64_t inner_link = flags >> BPF_ADJ_ROOM_ENCAP_L2_SHIFT;
    if ((flags & kBoth) == kBoth || (flags & kTwo) == kTwo) return -EINVAL;
    if ((flags & BPF_F_ADJ_ROOM_ENCAP_L2_ETH) != 0 && inner_link < ETH_HLEN) return -EINVAL;
    if (packet.is_encapsulated) return -EALREADY;
    if (inner_link > size) return -EINVAL;
  }
  if (const int64_t error = insert_bytes(packet, at, size); error != 0) return error;
  if (!encapsulates) return 0;
  packet.is_encapsulated = true;
  set_protocol(env, (flags & BPF_F_ADJ_ROOM_ENCAP_L3_IPV6) != 0 ? ETH_P_IPV6 : ETH_P_IP);
  return 0;
}

// Room between the link and the network header (BPF_ADJ_ROOM_MAC) or behind the network header (BPF_ADJ_ROOM_NET).
uint64_t skb_adjust_room(uint64_t, uint64_t difference, uint64_t mode, uint64_t flags, uint64_t, vm::Env *env) {
  constexpr uint32_t kMost = 0xfff;
  constexpr uint64_t kKnown = 0x1ff | uint64_t{0xff} << BPF_ADJ_ROOM_ENCAP_L2_SHIFT;  // BPF_F_ADJ_ROOM_MASK
  vm::Packet *packet = packet_of(env);
  const auto change = static_cast<int32_t>(difference);
  const auto size = static_cast<uint32_t>(change < 0 ? -int64_t{change} : change);
  if ((flags & ~kKnown) != 0 || packet == nullptr) return returned(env, k_skb_adjust_room, -EINVAL);
  if (size > kMost) return returned(env, k_skb_adjust_room, -EFAULT);
  uint32_t least = least_header(protocol_of(env));
  if (least == 0) return returned(env, k_skb_adjust_room, -maps::kNotSupported);
  uint64_t at = packet->network_offset - packet->mac_offset;
  if (static_cast<uint32_t>(mode) == BPF_ADJ_ROOM_NET)
    at += least;
  else if (static_cast<uint32_t>(mode) != BPF_ADJ_ROOM_MAC)
    return returned(env, k_skb_adjust_room, -maps::kNotSupported);
  if (const uint64_t leaves = flags & kDecapsulates; leaves != 0) {
    if (change >= 0 || leaves == kDecapsulates) return returned(env, k_skb_adjust_room, -EINVAL);
    least = least_header(leaves == kDecapIpv4 ? ETH_P_IP : ETH_P_IPV6);
  }
  const int64_t error =
      change < 0 ? shrink_room(env, *packet, at, size, least, flags) : grow_room(env, *packet, at, size, flags);
  show_packet(env);
  return returned(env, k_skb_adjust_room, error);
}

// ---- Tags of VLANs: where a tag lies behind the two addresses.
constexpr uint32_t kTagAt = 2 * ETH_ALEN, kTag = 4;

static bool is_tagged(uint16_t protocol) { return protocol == ETH_P_8021Q || protocol == ETH_P_8021AD; }

// Takes the tag out of the bytes: what it says, in host order. __skb_vlan_pop()
static uint16_t take_tag(const vm::Env *env, vm::Packet &packet) {
  uint16_t words[2];
  std::memcpy(words, packet.data.data() + kTagAt + 2, sizeof words);
  remove_bytes(packet, kTagAt, kTag);
  packet.network_offset = std::max<uint32_t>(packet.network_offset - kTag, ETH_HLEN);
  // A number below this is a length: a frame of 802.3.
  set_protocol(env, __builtin_bswap16(words[1]) >= ETH_P_802_3_MIN ? __builtin_bswap16(words[1]) : ETH_P_802_2);
  return __builtin_bswap16(words[0]);
}
static bool has_room_for_tag(const vm::Packet &packet) { return packet.data.size() >= ETH_HLEN + kTag; }

// A tag lies in the context first, as the hardware gives it; a second one pushes the first into the packet.
uint64_t skb_vlan_push(uint64_t, uint64_t protocol, uint64_t tag, uint64_t, uint64_t, vm::Env *env) {
  vm::Packet *packet = packet_of(env);
  __sk_buff *skb = skb_of(env);
  if (packet == nullptr || skb == nullptr) return returned(env, k_skb_vlan_push, -EINVAL);
  const auto type = static_cast<uint16_t>(protocol);
  const uint16_t known = __builtin_bswap16(ETH_P_8021AD);
  const uint16_t wanted = type == known ? known : __builtin_bswap16(ETH_P_8021Q);
  if (skb->vlan_present != 0) {
    if (!packet->has_tag_in_bytes) {
      if (const int64_t error = insert_bytes(*packet, kTagAt, kTag); error != 0)
        return returned(env, k_skb_vlan_push, error);
      const uint16_t words[2] = {static_cast<uint16_t>(skb->vlan_proto),
                                 __builtin_bswap16(static_cast<uint16_t>(skb->vlan_tci))};
      std::memcpy(packet->data.data() + kTagAt, words, sizeof words);
      packet->network_offset += kTag;
    }
    skb->protocol = skb->vlan_proto;
  }
  packet->has_tag_in_bytes = false;
  skb->vlan_present = 1;
  skb->vlan_proto = wanted;
  skb->vlan_tci = static_cast<uint16_t>(tag);
  show_packet(env);
  return 0;
}

// The outermost tag goes, and the next one, if there is one, comes out of the bytes into the context. skb_vlan_pop()
uint64_t skb_vlan_pop(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  vm::Packet *packet = packet_of(env);
  __sk_buff *skb = skb_of(env);
  if (packet == nullptr || skb == nullptr) return returned(env, k_skb_vlan_pop, -EINVAL);
  const bool was_present = skb->vlan_present != 0;
  skb->vlan_tci = skb->vlan_present = skb->vlan_proto = 0;
  if (was_present ? packet->has_tag_in_bytes : is_tagged(protocol_of(env))) {
    if (!has_room_for_tag(*packet)) return returned(env, k_skb_vlan_pop, -ENOMEM);
    take_tag(env, *packet);
  }
  packet->has_tag_in_bytes = false;
  if (const uint16_t next = protocol_of(env); is_tagged(next)) {
    if (!has_room_for_tag(*packet)) return returned(env, k_skb_vlan_pop, -ENOMEM);
    skb->vlan_tci = take_tag(env, *packet);
    skb->vlan_proto = __builtin_bswap16(next);
    skb->vlan_present = 1;
  }
  show_packet(env);
  return 0;
}

uint64_t skb_change_type(uint64_t, uint64_t type, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint32_t kOtherHost = 3;  // PACKET_OTHERHOST
  __sk_buff *skb = skb_of(env);
  if (skb == nullptr || skb->pkt_type > kOtherHost || static_cast<uint32_t>(type) > kOtherHost)
    return returned(env, k_skb_change_type, -EINVAL);
  skb->pkt_type = static_cast<uint32_t>(type);
  return 0;
}
uint64_t get_hash_recalc(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return skb_of(env) == nullptr ? 0 : skb_of(env)->hash;
}
uint64_t set_hash(uint64_t, uint64_t hash, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  if (skb_of(env) != nullptr) skb_of(env)->hash = static_cast<uint32_t>(hash);
  return 0;
}
uint64_t set_hash_invalid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  if (skb_of(env) != nullptr) skb_of(env)->hash = 0;
  return 0;
}

// ---- XDP

uint64_t xdp_adjust_head(uint64_t, uint64_t difference, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint64_t kFrame = 40;  // struct xdp_frame, which the kernel keeps at the start of the headroom
  vm::Packet *packet = packet_of(env);
  if (packet == nullptr) return returned(env, k_xdp_adjust_head, -EINVAL);
  const int64_t by = static_cast<int32_t>(difference);
  const int64_t least = static_cast<int64_t>(kFrame + packet->meta) - static_cast<int64_t>(room_before(*packet));
  if (by < least || by > static_cast<int64_t>(packet->data.size()) - ETH_HLEN)
    return returned(env, k_xdp_adjust_head, -EINVAL);
  std::byte *start = packet->data.data() + by;
  std::memmove(start - packet->meta, packet->data.data() - packet->meta, packet->meta);
  packet->data = {start, static_cast<size_t>(static_cast<int64_t>(packet->data.size()) - by)};
  show_packet(env);
  return 0;
}

uint64_t xdp_adjust_tail(uint64_t, uint64_t difference, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  vm::Packet *packet = packet_of(env);
  if (packet == nullptr) return returned(env, k_xdp_adjust_tail, -EINVAL);
  const int64_t by = static_cast<int32_t>(difference), old = static_cast<int64_t>(packet->data.size());
  if (by > static_cast<int64_t>(room_behind(*packet)) || old + by < ETH_HLEN)
    return returned(env, k_xdp_adjust_tail, -EINVAL);
  packet->data = {packet->data.data(), static_cast<size_t>(old + by)};
  if (by > 0) std::memset(packet->data.data() + old, 0, static_cast<size_t>(by));
  show_packet(env);
  return 0;
}

uint64_t xdp_adjust_meta(uint64_t, uint64_t difference, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  constexpr int64_t kFrame = 40, kMost = 252;
  vm::Packet *packet = packet_of(env);
  if (packet == nullptr) return returned(env, k_xdp_adjust_meta, -EINVAL);
  const int64_t meta = int64_t{packet->meta} - static_cast<int32_t>(difference);
  if (meta < 0 || meta > static_cast<int64_t>(room_before(*packet)) - kFrame)
    return returned(env, k_xdp_adjust_meta, -EINVAL);
  if (meta % 4 != 0 || meta > kMost) return returned(env, k_xdp_adjust_meta, -EACCES);
  packet->meta = static_cast<uint32_t>(meta);
  show_packet(env);
  return 0;
}

uint64_t xdp_get_buff_len(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return packet_of(env) == nullptr ? 0 : packet_of(env)->data.size();
}

static int64_t xdp_range(const vm::Env *env, uint64_t offset, uint64_t size) {
  constexpr uint32_t kMost = 0xffff;
  if (static_cast<uint32_t>(offset) > kMost || static_cast<uint32_t>(size) > kMost) return -EFAULT;
  return holds(packet_of(env), static_cast<uint32_t>(offset), static_cast<uint32_t>(size)) ? 0 : -EINVAL;
}
uint64_t xdp_load_bytes(uint64_t, uint64_t offset, uint64_t to, uint64_t size, uint64_t, vm::Env *env) {
  const int64_t error = xdp_range(env, offset, size);
  if (error == 0 && static_cast<uint32_t>(size) != 0)
    std::memcpy(bytes_at(to), packet_of(env)->data.data() + static_cast<uint32_t>(offset), static_cast<uint32_t>(size));
  return returned(env, k_xdp_load_bytes, error);
}
uint64_t xdp_store_bytes(uint64_t, uint64_t offset, uint64_t from, uint64_t size, uint64_t, vm::Env *env) {
  const int64_t error = xdp_range(env, offset, size);
  if (error == 0 && static_cast<uint32_t>(size) != 0)
    std::memmove(packet_of(env)->data.data() + static_cast<uint32_t>(offset), bytes_at(from),
                 static_cast<uint32_t>(size));
  return returned(env, k_xdp_store_bytes, error);
}

// ---- Where the packet goes next. Nothing is sent: the program's result says what would be.

using Target = vm::Env::Target;

uint64_t redirect(uint64_t interface, uint64_t flags, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint64_t kRedirected = 7, kShot = 2;  // TC_ACT_REDIRECT, TC_ACT_SHOT
  const bool xdp = env->program_type == BPF_PROG_TYPE_XDP;
  const uint64_t known = xdp ? 0 : uint64_t{BPF_F_INGRESS};
  env->targets.clear();
  if ((flags & ~known) != 0) return xdp ? uint64_t{XDP_ABORTED} : kShot;
  env->targets.push_back({Target::Interface, static_cast<uint32_t>(interface), (flags & BPF_F_INGRESS) != 0});
  return xdp ? uint64_t{XDP_REDIRECT} : kRedirected;
}
uint64_t redirect_peer(uint64_t interface, uint64_t flags, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  env->targets.clear();
  if (flags != 0) return 2;  // TC_ACT_SHOT
  env->targets.push_back({Target::Peer, static_cast<uint32_t>(interface), false});
  return 7;  // TC_ACT_REDIRECT
}
uint64_t redirect_neigh(uint64_t interface, uint64_t, uint64_t size, uint64_t flags, uint64_t, vm::Env *env) {
  constexpr uint32_t kLeast = sizeof(bpf_redir_neigh);  // or none
  const uint32_t length = static_cast<uint32_t>(size);
  env->targets.clear();
  if ((length != 0 && length < kLeast) || flags != 0) return 2;  // TC_ACT_SHOT
  env->targets.push_back({Target::Neighbour, static_cast<uint32_t>(interface), false});
  return 7;  // TC_ACT_REDIRECT
}
uint64_t clone_redirect(uint64_t, uint64_t interface, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  // Which interfaces there are is known where a network was described.
  const bool is_missing =
      env->network != nullptr && env->network->interface_at(static_cast<uint32_t>(interface)) == nullptr;
  if ((flags & ~uint64_t{BPF_F_INGRESS}) != 0 || is_missing) return returned(env, k_clone_redirect, -EINVAL);
  if (const vm::Packet *packet = packet_of(env))
    env->clones.push_back({{Target::Interface, static_cast<uint32_t>(interface), (flags & BPF_F_INGRESS) != 0},
                           {packet->data.begin(), packet->data.end()}});
  return 0;
}

// __bpf_xdp_redirect_map(): the low two bits of [flags] are the answer when there is no target.
uint64_t redirect_map(uint64_t map, uint64_t key, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint64_t kActions = 3;
  maps::Map &targets = map_at(map);
  const uint32_t type = targets.definition().type;
  const bool devices = type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_DEVMAP_HASH;
  const uint64_t known = kActions | (devices ? uint64_t{BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS} : 0);
  env->targets.clear();
  if ((flags & ~known) != 0) return XDP_ABORTED;
  const uint32_t wanted = static_cast<uint32_t>(key);
  const bool all = devices && (flags & BPF_F_BROADCAST) != 0;
  const std::byte *target = all ? nullptr : targets.lookup(reinterpret_cast<const std::byte *>(&wanted));
  if (!all && target == nullptr) return flags & kActions;
  // struct bpf_devmap_val begins with the interface.
  const auto interface_of = [](const std::byte *value) {
    uint32_t number = 0;
    std::memcpy(&number, value, sizeof number);
    return number;
  };
  if (all) {
    const auto *md = reinterpret_cast<const xdp_md *>(env->event->ctx.data());
    const bool is_back_out = (flags & BPF_F_EXCLUDE_INGRESS) == 0;
    targets.for_each([&](const std::byte *, std::byte *value) {
      if (const uint32_t number = interface_of(value); is_back_out || number != md->ingress_ifindex)
        env->targets.push_back({Target::Interface, number, false});
      return false;
    });
    std::ranges::sort(env->targets, {}, &Target::number);
  } else {
    env->targets.push_back({devices                       ? Target::Interface
                            : type == BPF_MAP_TYPE_CPUMAP ? Target::Cpu
                                                          : Target::Socket,
                            devices ? interface_of(target) : wanted, false});
  }
  return XDP_REDIRECT;
}

}  // namespace spile::helpers
