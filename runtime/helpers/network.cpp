// Helpers that ask what is around a packet: the socket, the control group, the tunnel that it came through. It has
// none.
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/packet.h"

namespace spile::helpers {

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

// Nobody decrypted it.
uint64_t skb_get_xfrm_state(uint64_t, uint64_t, uint64_t to, uint64_t size, uint64_t, vm::Env *env) {
  std::ranges::fill(buffer_at(to, size), std::byte{0});
  return returned(env, k_skb_get_xfrm_state, -EINVAL);
}

}  // namespace spile::helpers
