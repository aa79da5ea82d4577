// find_route(): which way a packet goes, by the rules and the tables of a network (net/ipv4/fib_*.c,
// net/ipv6/ip6_fib.c).
//
// Among several next hops the kernel chooses by a hash with a secret key; here the key is none, so a flow always takes
// the same one, in proportion to their weights.
#pragma once

#include "runtime/helpers/network_state.h"

namespace spile::helpers {

// What is asked: struct flowi4 and flowi6.
struct Flow {
  IpAddress source, destination;
  uint32_t incoming = 0, outgoing = 0;  // interfaces; 0: not known
  uint32_t mark = 0;
  uint8_t tos = 0, protocol = 0;
  uint16_t source_port = 0, destination_port = 0;  // host order
};

struct FoundRoute {
  // What fib_lookup() returns when there is no route: none matches, or a rule or a route says so.
  enum class Outcome : uint8_t { Found, None, Blackhole, Unreachable, Prohibit, Throw } outcome = Outcome::None;
  const Route *route = nullptr;  // Found
  const NextHop *hop = nullptr;  // null where the route has none
};

// The rules that a kernel begins with. Those that are added later come before the one of the main table.
inline constexpr uint32_t kFirstPriority = 32766;
std::vector<RoutingRule> first_rules(uint8_t family);

// Whether there are routes of this family in a table.
bool has_table(const Network &network, uint8_t family, uint32_t table);
// In one table.
FoundRoute find_route_in(const Network &network, uint32_t table, const Flow &flow);
// By the rules.
FoundRoute find_route(const Network &network, const Flow &flow);

// The address that a packet of this machine would come from: fib_result_prefsrc(), ipv6_dev_get_saddr(). None: there is
// none.
IpAddress source_for(const Network &network, const FoundRoute &found, const IpAddress &destination);

}  // namespace spile::helpers
