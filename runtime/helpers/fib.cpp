// bpf_fib_lookup() and bpf_check_mtu(): the way of a packet, by the tables of the network that was described
// (bpf_ipv4_fib_lookup(), bpf_ipv6_fib_lookup() in net/core/filter.c).
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/packet.h"
#include "runtime/helpers/routes.h"

namespace spile::helpers {

namespace {

using Outcome = FoundRoute::Outcome;

// Newer than the headers of some machines: BPF_FIB_LOOKUP_*, BPF_FIB_LKUP_RET_*.
constexpr uint32_t kDirect = 1, kOutput = 2, kSkipNeighbour = 4, kTable = 8, kSource = 16, kMark = 32;
constexpr uint32_t kKnownFlags = kDirect | kOutput | kSkipNeighbour | kTable | kSource | kMark;
constexpr int64_t kSuccess = 0, kBlackhole = 1, kUnreachable = 2, kProhibited = 3, kNotForwarded = 4,
                  kForwardingDisabled = 5, kTunnel = 6, kNoNeighbour = 7, kTooLong = 8, kNoSource = 9;
constexpr uint32_t kLoopback = 1;        // LOOPBACK_IFINDEX
constexpr uint32_t kMaxMtuIpv4 = 65535;  // IP_MAX_MTU

// The program's struct bpf_fib_lookup.
struct Question {
  bpf_fib_lookup *params;
  uint32_t flags;
  bool checks_mtu;

  IpAddress address(const uint32_t *of) const {
    IpAddress address{params->family, {}};
    std::memcpy(address.bytes.data(), of, address.bits() / 8);
    return address;
  }
};

void put(const IpAddress &address, uint32_t *to) { std::memcpy(to, address.bytes.data(), address.bits() / 8); }

// rt6_need_strict(): nobody forwards these.
bool stays_on_link(const IpAddress &address) {
  IpAddress loopback{AF_INET6, {}};
  loopback.bytes[15] = 1;
  return address.bytes[0] == 0xff || (address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80) ||
         address == loopback;
}

Flow flow_of(const Question &asked) {
  const bpf_fib_lookup &params = *asked.params;
  Flow flow;
  flow.source = asked.address(params.ipv6_src);
  flow.destination = asked.address(params.ipv6_dst);
  const bool is_output = (asked.flags & kOutput) != 0;
  flow.incoming = is_output ? kLoopback : params.ifindex;
  flow.outgoing = is_output ? params.ifindex : 0;
  if ((asked.flags & kMark) != 0 && (asked.flags & kDirect) == 0)
    std::memcpy(&flow.mark, &params.smac, sizeof flow.mark);  // a union with the addresses of the answer
  // INET_DSCP_MASK; of IPv6 the traffic class.
  flow.tos = static_cast<uint8_t>(
      (params.family == AF_INET ? params.tos : __builtin_bswap32(params.flowinfo) >> 20 & 0xff) & 0xfc);
  flow.protocol = params.l4_protocol;
  flow.source_port = __builtin_bswap16(params.sport);
  flow.destination_port = __builtin_bswap16(params.dport);
  return flow;
}

FoundRoute look_up(const Network &network, const Question &asked, const Flow &flow) {
  if ((asked.flags & kDirect) == 0) return find_route(network, flow);
  uint32_t table = kMainTable;
  if ((asked.flags & kTable) != 0) table = std::exchange(asked.params->tbid, 0);
  return has_table(network, flow.destination.family, table) ? find_route_in(network, table, flow) : FoundRoute{};
}

// What a route that leads nowhere means to the caller.
int64_t refusal(Outcome outcome, const Flow &flow, bool by_route) {
  // Kernel: of IPv6 only routes tell why, rules do not.
  if (flow.destination.family == AF_INET6 && !by_route) return kNotForwarded;
  switch (outcome) {
    case Outcome::Blackhole:
      return kBlackhole;
    case Outcome::Unreachable:
      return kUnreachable;
    case Outcome::Prohibit:
      return kProhibited;
    case Outcome::Found:
    case Outcome::None:
    case Outcome::Throw:
      return kNotForwarded;
  }
  return kNotForwarded;
}

int64_t answer(const Network &network, const Question &asked) {
  bpf_fib_lookup &params = *asked.params;
  const bool is_ipv4 = params.family == AF_INET;
  const Flow flow = flow_of(asked);
  if (!is_ipv4 && (stays_on_link(flow.source) || stays_on_link(flow.destination))) return kNotForwarded;
  const Interface *interface = network.interface_at(params.ifindex);
  if (interface == nullptr) return -ENODEV;
  if (!(is_ipv4 ? interface->forwards_ipv4 : interface->forwards_ipv6)) return kForwardingDisabled;

  const FoundRoute found = look_up(network, asked, flow);
  if (found.outcome != Outcome::Found) return refusal(found.outcome, flow, found.route != nullptr);
  if (found.route->type != RouteType::Unicast || found.hop == nullptr) return kNotForwarded;
  const Interface *out = network.interface_at(found.hop->interface);
  if (out == nullptr) return -ENODEV;

  uint32_t mtu = 0;
  if (asked.checks_mtu) {
    mtu = found.route->locked_mtu.value_or(is_ipv4 ? std::min(out->mtu, kMaxMtuIpv4) : out->mtu);
    if (params.tot_len > mtu) {
      params.mtu_result = static_cast<uint16_t>(mtu);
      return kTooLong;
    }
  }
  if (found.route->encapsulates) return kTunnel;
  params.rt_metric = found.route->metric;
  params.ifindex = out->index;
  if (is_ipv4 && (asked.flags & kSource) != 0) {
    const IpAddress source = source_for(network, found, flow.destination);
    put(source ? source : IpAddress{AF_INET, {}}, params.ipv6_src);
  }
  IpAddress next = flow.destination;
  if (found.hop->gateway) {
    next = found.hop->gateway;
    params.family = next.family;
    put(next, params.ipv6_dst);
  }
  if (!is_ipv4 && (asked.flags & kSource) != 0) {
    const IpAddress source = source_for(network, found, flow.destination);
    if (!source) return kNoSource;
    put(source, params.ipv6_src);
  }
  if ((asked.flags & kSkipNeighbour) == 0) {
    const auto neighbour = std::ranges::find_if(network.neighbours, [&](const Neighbour &one) {
      return one.interface == out->index && one.address == next && one.is_valid;
    });
    if (neighbour == network.neighbours.end()) return kNoNeighbour;
    std::ranges::copy(neighbour->mac, params.dmac);
    std::ranges::copy(out->mac, params.smac);
  }
  params.h_vlan_TCI = 0;
  params.h_vlan_proto = 0;
  if (mtu != 0) params.mtu_result = static_cast<uint16_t>(mtu);
  return kSuccess;
}

}  // namespace

uint64_t fib_lookup(uint64_t, uint64_t to, uint64_t size, uint64_t flags, uint64_t, vm::Env *env) {
  if (static_cast<int32_t>(size) < static_cast<int32_t>(sizeof(bpf_fib_lookup)) ||
      (static_cast<uint32_t>(flags) & ~kKnownFlags) != 0)
    return returned(env, k_fib_lookup, -EINVAL);
  auto *params = reinterpret_cast<bpf_fib_lookup *>(bytes_at(to));
  if (params->family != AF_INET && params->family != AF_INET6) return returned(env, k_fib_lookup, -EAFNOSUPPORT);
  // No route leads anywhere where no network was described.
  if (env->network == nullptr) return kNotForwarded;
  const bool is_xdp = env->program_type == BPF_PROG_TYPE_XDP;
  const Question asked{params, static_cast<uint32_t>(flags), is_xdp || params->tot_len != 0};
  int64_t result = answer(*env->network, asked);
  if (result == kSuccess && !asked.checks_mtu) {
    // is_skb_forwardable(): the packet itself, with room for a VLAN's tag.
    const Interface *out = env->network->interface_at(params->ifindex);
    const vm::Packet *packet = packet_of(env);
    constexpr uint32_t kVlanTag = 4;
    const size_t length = packet == nullptr ? 0 : packet->data.size();
    if (!out->is_up || length > uint64_t{out->mtu} + out->header + kVlanTag) result = kTooLong;
    params->mtu_result = static_cast<uint16_t>(out->mtu);
  }
  return returned(env, k_fib_lookup, result);
}

uint64_t check_mtu(uint64_t, uint64_t interface, uint64_t length, uint64_t difference, uint64_t flags, vm::Env *env) {
  const vm::Packet *packet = packet_of(env);
  const bool is_xdp = env->program_type == BPF_PROG_TYPE_XDP;
  const uint64_t known = is_xdp ? 0 : uint64_t{BPF_MTU_CHK_SEGS};
  if ((flags & ~known) != 0 || packet == nullptr) return returned(env, k_check_mtu, -EINVAL);
  uint32_t asked;
  std::memcpy(&asked, bytes_at(length), sizeof asked);
  if ((flags & BPF_MTU_CHK_SEGS) != 0 && (static_cast<int32_t>(difference) != 0 || asked != 0))
    return returned(env, k_check_mtu, -EINVAL);
  // Where no network was described, every interface is an ordinary one.
  Interface device;
  if (env->network != nullptr) {
    const auto wanted = static_cast<uint32_t>(interface);
    const uint32_t index = wanted != 0 ? wanted : device_of(env);
    const Interface *found = env->network->interface_at(index);
    if (found == nullptr && wanted != 0) return returned(env, k_check_mtu, -ENODEV);
    if (found != nullptr) device = *found;
  }
  std::memcpy(bytes_at(length), &device.mtu, sizeof device.mtu);
  const int64_t size = (asked != 0 ? int64_t{asked} + device.header : static_cast<int64_t>(packet->data.size())) +
                       static_cast<int32_t>(difference);
  return size <= int64_t{device.mtu} + device.header ? BPF_MTU_CHK_RET_SUCCESS : BPF_MTU_CHK_RET_FRAG_NEEDED;
}

}  // namespace spile::helpers
