// Network: interfaces, routes, neighbours and sockets that programs are told of, as one network namespace has them.
//
// Userspace has no network of its own: what there is comes from a description that the person gives
// (session/network_file.h). Helpers that ask about routes (fib.cpp) and sockets (sockets.cpp) answer from it as a
// kernel with the same tables would; without one they answer for a machine that has none of it.
#pragma once

#include <linux/bpf.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spile::helpers {

using MacAddress = std::array<uint8_t, 6>;

struct IpAddress {
  uint8_t family = AF_UNSPEC;  // AF_INET: the first 4 bytes; AF_INET6: 16
  std::array<uint8_t, 16> bytes{};

  bool operator==(const IpAddress &) const = default;
  explicit operator bool() const { return family != AF_UNSPEC; }
  uint8_t bits() const { return family == AF_INET ? 32 : 128; }
  // The address with zeros behind its first [length] bits.
  IpAddress network(uint8_t length) const {
    IpAddress masked = *this;
    for (unsigned bit = length; bit < 128; bit++) masked.bytes[bit / 8] &= static_cast<uint8_t>(~(0x80u >> bit % 8));
    return masked;
  }
  // The address of IPv4 that one of IPv6 stands for ("::ffff:10.0.0.1"); else the address itself.
  IpAddress unmapped() const {
    constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (family != AF_INET6 || !std::ranges::equal(kMapped, std::span(bytes).first<kMapped.size()>())) return *this;
    IpAddress mapped{AF_INET, {}};
    std::ranges::copy(std::span(bytes).subspan<kMapped.size()>(), mapped.bytes.begin());
    return mapped;
  }
};

struct IpPrefix {
  IpAddress address;
  uint8_t length = 0;  // bits

  bool operator==(const IpPrefix &) const = default;
  bool holds(const IpAddress &other) const {
    return length == 0 || (other.family == address.family && other.network(length) == address.network(length));
  }
};

struct Interface {
  uint32_t index = 0;  // from 1
  std::string name;
  MacAddress mac{};
  uint32_t mtu = 1500;
  uint32_t header = 14;  // bytes of the link layer
  bool forwards_ipv4 = true, forwards_ipv6 = true;
  bool is_up = true;
};

struct InterfaceAddress {
  uint32_t interface = 0;
  IpPrefix address;            // its network is the prefix
  uint8_t scope = 0;           // RT_SCOPE_*
  bool is_deprecated = false;  // of IPv6: any other is spoken from rather
};

struct Neighbour {
  uint32_t interface = 0;
  IpAddress address;
  MacAddress mac{};
  bool is_valid = true;  // NUD_VALID: its address is known
};

struct NextHop {
  uint32_t interface = 0;  // 0: of routes that lead nowhere
  IpAddress gateway;       // none: the destination is a neighbour
  uint32_t weight = 1;
};

// enum rt_scope_t and RTN_* of linux/rtnetlink.h, as far as they matter here.
enum class RouteType : uint8_t {
  Unicast,
  Local,
  Broadcast,
  Anycast,
  Multicast,
  Blackhole,
  Unreachable,
  Prohibit,
  Throw
};

inline constexpr uint32_t kMainTable = 254, kDefaultTable = 253, kLocalTable = 255;
// Tables that have names of the machine's own (/etc/iproute2/rt_tables) are numbered from here on.
inline constexpr uint32_t kFirstNamedTable = 0x80000000;

struct Route {
  uint32_t table = kMainTable;
  RouteType type = RouteType::Unicast;
  IpPrefix to;
  uint32_t metric = 0;
  uint8_t tos = 0;
  IpAddress source;                    // the address to speak from, where one is preferred
  std::optional<uint32_t> locked_mtu;  // that counts when packets are forwarded
  bool encapsulates = false;           // by a lightweight tunnel
  uint8_t preference = 2;              // of an IPv6 router: 1 low, 2 medium, 3 high
  std::vector<NextHop> hops;           // one at least, but of routes that lead nowhere
};

struct PortRange {
  uint16_t first = 0, last = 0;  // last is 0: any
  bool holds(uint16_t port) const { return last == 0 || (first <= port && port <= last); }
};

// A line of `ip rule`.
struct RoutingRule {
  enum class Action : uint8_t { Table, Blackhole, Unreachable, Prohibit, Nothing } action = Action::Table;
  uint8_t family = AF_INET;
  uint32_t priority = 0;
  uint32_t table = kMainTable;
  IpPrefix from, to;
  uint32_t mark = 0, mark_mask = 0;
  uint32_t incoming = 0, outgoing = 0;  // interfaces; 0: any
  uint8_t protocol = 0;                 // IPPROTO_*; 0: any
  PortRange source_ports, ports;
  uint8_t tos = 0;
  bool is_inverted = false;
  int32_t suppressed_length = -1;  // results of prefixes as short as this do not count; -1: all count
};

struct Socket {
  uint8_t protocol = 0;  // IPPROTO_TCP, IPPROTO_UDP
  bpf_sock seen{};       // what programs read of it
  IpAddress local, peer;
  uint16_t local_port = 0, peer_port = 0;  // host order; peer_port is 0: of no peer
  uint32_t interface = 0;                  // that it is bound to; 0: any
  bool takes_ipv4 = false;                 // a socket of IPv6 that is bound to no address may take both
};

struct Network {
  std::vector<Interface> interfaces;
  std::vector<InterfaceAddress> addresses;
  std::vector<Neighbour> neighbours;
  std::vector<Route> routes;
  std::vector<RoutingRule> rules;  // of a family: none means those that a kernel begins with
  std::vector<Socket> sockets;
  std::vector<std::string> table_names;  // from kFirstNamedTable on

  const Interface *interface_at(uint32_t index) const {
    const auto found = std::ranges::find(interfaces, index, &Interface::index);
    return found == interfaces.end() ? nullptr : &*found;
  }
  const Interface *interface_named(std::string_view name) const {
    const auto found = std::ranges::find(interfaces, name, &Interface::name);
    return found == interfaces.end() ? nullptr : &*found;
  }
  // The one that a program has the address of.
  const Socket *socket_at(uint64_t address) const {
    const auto found = std::ranges::find_if(
        sockets, [&](const Socket &socket) { return reinterpret_cast<uint64_t>(&socket.seen) == address; });
    return found == sockets.end() ? nullptr : &*found;
  }
};

}  // namespace spile::helpers
