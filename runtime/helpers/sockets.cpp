// Helpers that look for a socket: among those of the network that was described (__bpf_sk_lookup() in
// net/core/filter.c,
// __inet_lookup(), __udp4_lib_lookup()).
//
// Programs read a struct bpf_sock through what they get, so that is what they get; it lives as long as the network.
// Nobody counts references: bpf_sk_release() has nothing to do.
#include <linux/bpf.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/network_state.h"
#include "runtime/helpers/packet.h"

namespace spile::helpers {

namespace {

// As a packet has them: from whom, to whom. Ports in host order.
struct Tuple {
  IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;
};

template <class Words>
Tuple tuple_of(const Words &words, uint8_t family) {
  Tuple tuple;
  tuple.source.family = tuple.destination.family = family;
  std::memcpy(tuple.source.bytes.data(), &words.saddr, sizeof words.saddr);
  std::memcpy(tuple.destination.bytes.data(), &words.daddr, sizeof words.daddr);
  tuple.source_port = __builtin_bswap16(words.sport);
  tuple.destination_port = __builtin_bswap16(words.dport);
  return tuple;
}

bool is_any(const IpAddress &address) { return address.bytes == IpAddress{}.bytes; }
bool is_free(const Socket &socket) { return socket.peer_port == 0; }

// How well a socket fits; 0: not at all. compute_score() of TCP's listeners and of UDP.
int score(const Socket &socket, const Tuple &tuple, uint32_t interface) {
  if (socket.local_port != tuple.destination_port) return 0;
  if (socket.interface != 0 && socket.interface != interface) return 0;
  // A socket of IPv6 that speaks IPv4 is found by that.
  const bool is_ipv4 = tuple.destination.family == AF_INET;
  const IpAddress local = is_ipv4 ? socket.local.unmapped() : socket.local;
  const IpAddress peer = is_ipv4 ? socket.peer.unmapped() : socket.peer;
  if (local.family != tuple.destination.family && !(socket.takes_ipv4 && is_ipv4)) return 0;
  int points = socket.interface != 0 ? 2 : 1;
  if (socket.local.family == AF_INET) points++;
  if (!is_any(local)) {
    if (local != tuple.destination) return 0;
    points += 4;
  }
  if (!is_free(socket)) {
    if (peer != tuple.source || socket.peer_port != tuple.source_port) return 0;
    points += 8;
  }
  return points;
}

const Socket *find_socket(const Network &network, uint8_t protocol, const Tuple &tuple, uint32_t interface) {
  const Socket *best = nullptr;
  int most = 0;
  for (const Socket &socket : network.sockets) {
    // Of TCP what is connected to nobody must listen.
    if (socket.protocol != protocol ||
        (protocol == IPPROTO_TCP && is_free(socket) && socket.seen.state != BPF_TCP_LISTEN))
      continue;
    const int points = score(socket, tuple, interface);
    if (points > most) {
      best = &socket;
      most = points;
    }
  }
  return best;
}

bool is_full(const Socket &socket) {
  return socket.seen.state != BPF_TCP_TIME_WAIT && socket.seen.state != BPF_TCP_NEW_SYN_RECV;
}

// The address of its struct bpf_sock, or 0.
uint64_t look_up(uint32_t helper, uint8_t protocol, bool only_full, std::span<const std::byte> tuple, uint64_t netns,
                 uint64_t flags, vm::Env *env) {
  if (env->network == nullptr) {
    env->count_failure(helper, -EOPNOTSUPP);
    return 0;
  }
  // The caller's namespace is the only one: another is not there, whatever its number.
  if (flags != 0 || static_cast<int32_t>(netns) >= 0) return 0;
  bpf_sock_tuple words{};
  std::memcpy(&words, tuple.data(), std::min(sizeof words, tuple.size()));
  Tuple wanted;
  if (tuple.size() == sizeof words.ipv4)
    wanted = tuple_of(words.ipv4, AF_INET);
  else if (tuple.size() == sizeof words.ipv6)
    wanted = tuple_of(words.ipv6, AF_INET6);
  else
    return 0;
  const Socket *found = find_socket(*env->network, protocol, wanted, device_of(env));
  if (found == nullptr || (only_full && !is_full(*found))) return 0;
  return reinterpret_cast<uint64_t>(&found->seen);
}

// The socket that a program has the address of; null: it is none of the network's.
const Socket *socket_at(const vm::Env *env, uint64_t address) {
  return env->network == nullptr ? nullptr : env->network->socket_at(address);
}

}  // namespace

uint64_t sk_lookup_tcp(uint64_t, uint64_t tuple, uint64_t size, uint64_t netns, uint64_t flags, vm::Env *env) {
  return look_up(k_sk_lookup_tcp, IPPROTO_TCP, true, buffer_at(tuple, size), netns, flags, env);
}
uint64_t sk_lookup_udp(uint64_t, uint64_t tuple, uint64_t size, uint64_t netns, uint64_t flags, vm::Env *env) {
  return look_up(k_sk_lookup_udp, IPPROTO_UDP, true, buffer_at(tuple, size), netns, flags, env);
}
uint64_t skc_lookup_tcp(uint64_t, uint64_t tuple, uint64_t size, uint64_t netns, uint64_t flags, vm::Env *env) {
  return look_up(k_skc_lookup_tcp, IPPROTO_TCP, false, buffer_at(tuple, size), netns, flags, env);
}
uint64_t sk_release(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return 0; }

uint64_t sk_fullsock(uint64_t address, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  const Socket *socket = socket_at(env, address);
  if (socket == nullptr) env->count_failure(k_sk_fullsock, -EOPNOTSUPP);
  return socket != nullptr && is_full(*socket) ? address : 0;
}
// Kernel: a socket that listens has none that it was made by; it is found itself where it is freed by RCU, as those
// of TCP are.
uint64_t get_listener_sock(uint64_t address, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  const Socket *socket = socket_at(env, address);
  if (socket == nullptr) env->count_failure(k_get_listener_sock, -EOPNOTSUPP);
  return socket != nullptr && socket->seen.state == BPF_TCP_LISTEN ? address : 0;
}

// Of control groups there is one here, that of the events; its root is 1.
uint64_t sk_cgroup_id(uint64_t address, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  const Socket *socket = socket_at(env, address);
  return socket != nullptr && is_full(*socket) ? env->cgroup_id : 0;
}
uint64_t sk_ancestor_cgroup_id(uint64_t address, uint64_t level, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  const Socket *socket = socket_at(env, address);
  return socket != nullptr && is_full(*socket) && static_cast<uint32_t>(level) == 0 ? 1 : 0;
}

// From then on the packet belongs to that socket, as its context says. Not of SK_LOOKUP programs.
//
// Kernel: a test run is no ingress, where alone this can be asked, and so is -EOPNOTSUPP; here packets come in.
uint64_t sk_assign(uint64_t, uint64_t address, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  __sk_buff *skb = env->program_type == BPF_PROG_TYPE_SK_LOOKUP ? nullptr : skb_of(env);
  if (skb == nullptr) return returned(env, k_sk_assign, -EOPNOTSUPP);
  if (flags != 0 || socket_at(env, address) == nullptr) return returned(env, k_sk_assign, -EINVAL);
  skb->sk = reinterpret_cast<bpf_sock *>(address);
  return 0;
}

// Which socket of a map gets the bytes; none of that key: they are dropped.
static uint64_t redirect_to_socket(vm::Env *env, uint64_t map, const std::byte *key, uint32_t number, uint64_t flags) {
  env->targets.clear();
  if ((flags & ~uint64_t{BPF_F_INGRESS}) != 0 || map_at(map).lookup(key) == nullptr) return SK_DROP;
  env->targets.push_back({vm::Env::Target::Socket, number, (flags & BPF_F_INGRESS) != 0});
  return SK_PASS;
}
uint64_t sk_redirect_map(uint64_t, uint64_t map, uint64_t key, uint64_t flags, uint64_t, vm::Env *env) {
  const auto wanted = static_cast<uint32_t>(key);
  return redirect_to_socket(env, map, reinterpret_cast<const std::byte *>(&wanted), wanted, flags);
}
uint64_t sk_redirect_hash(uint64_t, uint64_t map, uint64_t key, uint64_t flags, uint64_t, vm::Env *env) {
  const std::byte *wanted = bytes_at(key);
  uint32_t number = 0;
  std::memcpy(&number, wanted, std::min<size_t>(sizeof number, map_at(map).definition().key_size));
  return redirect_to_socket(env, map, wanted, number, flags);
}

// The callbacks that a socket asks for; those that there are not are what is returned.
uint64_t sock_ops_cb_flags_set(uint64_t, uint64_t wanted, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  const std::span<std::byte> ctx = env->event == nullptr ? std::span<std::byte>() : env->event->ctx;
  auto *ops = ctx.size() < sizeof(bpf_sock_ops) ? nullptr : reinterpret_cast<bpf_sock_ops *>(ctx.data());
  if (ops == nullptr || ops->is_fullsock == 0) return returned(env, k_sock_ops_cb_flags_set, -EINVAL);
  constexpr uint32_t kAll = BPF_SOCK_OPS_ALL_CB_FLAGS;
  ops->bpf_sock_ops_cb_flags = static_cast<uint32_t>(wanted) & kAll;
  return static_cast<uint64_t>(int64_t{static_cast<int32_t>(static_cast<uint32_t>(wanted) & ~kAll)});
}

}  // namespace spile::helpers
