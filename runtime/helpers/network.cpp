// Helpers that ask the network around a packet. There is none: no routes, no sockets, no tunnels, one MTU.
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/packet.h"

namespace spile::helpers {

// BPF_FIB_LKUP_RET_NOT_FWDED: no route leads anywhere.
uint64_t fib_lookup(uint64_t, uint64_t params, uint64_t size, uint64_t flags, uint64_t, vm::Env *env) {
  constexpr uint64_t kKnown = 0x7f, kNotForwarded = 4;
  if (static_cast<uint32_t>(size) < sizeof(bpf_fib_lookup) || (flags & ~kKnown) != 0)
    return returned(env, k_fib_lookup, -EINVAL);
  constexpr uint8_t kInet = 2, kInet6 = 10;
  const auto family = std::to_integer<uint8_t>(*bytes_at(params));
  if (family != kInet && family != kInet6) return returned(env, k_fib_lookup, -EAFNOSUPPORT);
  return kNotForwarded;
}

uint64_t check_mtu(uint64_t, uint64_t, uint64_t length, uint64_t difference, uint64_t flags, vm::Env *env) {
  constexpr uint32_t kMtu = 1500;
  const vm::Packet *packet = packet_of(env);
  if ((flags & ~uint64_t{BPF_MTU_CHK_SEGS}) != 0 || packet == nullptr) return returned(env, k_check_mtu, -EINVAL);
  uint32_t asked;
  std::memcpy(&asked, bytes_at(length), sizeof asked);
  std::memcpy(bytes_at(length), &kMtu, sizeof kMtu);
  const int64_t size = (asked != 0 ? int64_t{asked} : static_cast<int64_t>(packet->data.size()) - ETH_HLEN) +
                       static_cast<int32_t>(difference);
  return size <= kMtu ? BPF_MTU_CHK_RET_SUCCESS : BPF_MTU_CHK_RET_FRAG_NEEDED;
}

// 0: the packet belongs to no socket; cookies begin at 1.
uint64_t get_socket_cookie(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return 0; }
uint64_t get_netns_cookie(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return 1; }
uint64_t skb_cgroup_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) { return env->cgroup_id; }

// Packets come without a sum that hardware has made.
uint64_t csum_update(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_csum_update, -maps::kNotSupported);
}
uint64_t csum_level(uint64_t, uint64_t level, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint64_t kMost = BPF_CSUM_LEVEL_RESET;
  return returned(env, k_csum_level, level > kMost ? -EINVAL : level == BPF_CSUM_LEVEL_QUERY ? -EACCES : 0);
}

uint64_t get_route_realm(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return 0; }
// Of no socket: the user who stands for those that are not known.
uint64_t get_socket_uid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return 65534; }

// Control groups of version 1 have classes, if anybody gives them any.
uint64_t get_cgroup_classid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return 0; }
uint64_t skb_cgroup_classid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return 0; }

// As the same questions about the current task (task.cpp).
uint64_t skb_ancestor_cgroup_id(uint64_t, uint64_t level, uint64_t, uint64_t, uint64_t, vm::Env *) {
  return static_cast<uint32_t>(level) == 0 ? 1 : 0;
}
uint64_t skb_under_cgroup(uint64_t, uint64_t map, uint64_t index, uint64_t, uint64_t, vm::Env *env) {
  const bool inside = static_cast<uint32_t>(index) < map_at(map).definition().max_entries;
  return returned(env, k_skb_under_cgroup, inside ? -EAGAIN : -E2BIG);
}

// What a packet that came through no tunnel has to say.
uint64_t skb_get_tunnel_key(uint64_t, uint64_t to, uint64_t size, uint64_t, uint64_t, vm::Env *env) {
  std::ranges::fill(buffer_at(to, size), std::byte{0});
  return returned(env, k_skb_get_tunnel_key, -EINVAL);
}
uint64_t skb_get_tunnel_opt(uint64_t, uint64_t to, uint64_t size, uint64_t, uint64_t, vm::Env *env) {
  std::ranges::fill(buffer_at(to, size), std::byte{0});
  return returned(env, k_skb_get_tunnel_opt, -ENOENT);
}
// Nor did anybody decrypt it.
uint64_t skb_get_xfrm_state(uint64_t, uint64_t, uint64_t to, uint64_t size, uint64_t, vm::Env *env) {
  std::ranges::fill(buffer_at(to, size), std::byte{0});
  return returned(env, k_skb_get_xfrm_state, -EINVAL);
}

}  // namespace spile::helpers
