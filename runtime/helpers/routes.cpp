#include "runtime/helpers/routes.h"

#include <linux/rtnetlink.h>

#include <bit>

namespace spile::helpers {

namespace {

using Outcome = FoundRoute::Outcome;

// Loopback, link-local, private to a site, global: as __ipv6_addr_type() has it.
int scope_of(const IpAddress &address) {
  IpAddress loopback{AF_INET6, {}};
  loopback.bytes[15] = 1;
  if (address == loopback) return RT_SCOPE_HOST;
  if (address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80) return RT_SCOPE_LINK;
  return RT_SCOPE_UNIVERSE;
}

unsigned common_bits(const IpAddress &a, const IpAddress &b) {
  for (unsigned i = 0; i < 16; i++)
    if (const auto differ = static_cast<uint8_t>(a.bytes[i] ^ b.bytes[i]); differ != 0)
      return i * 8 + static_cast<unsigned>(std::countl_zero(differ));
  return 128;
}

Outcome outcome_of(RouteType type) {
  switch (type) {
    case RouteType::Unicast:
    case RouteType::Local:
    case RouteType::Broadcast:
    case RouteType::Anycast:
    case RouteType::Multicast:
      return Outcome::Found;
    case RouteType::Blackhole:
      return Outcome::Blackhole;
    case RouteType::Unreachable:
      return Outcome::Unreachable;
    case RouteType::Prohibit:
      return Outcome::Prohibit;
    case RouteType::Throw:
      return Outcome::Throw;
  }
  return Outcome::None;
}

// FNV-1a of what tells flows apart, spread over the sum of the weights.
const NextHop *choose(const std::vector<NextHop> &hops, const Flow &flow) {
  uint32_t hash = 0x811c9dc5, sum = 0;
  const auto mix = [&](const IpAddress &address) {
    for (const uint8_t byte : address.bytes) hash = (hash ^ byte) * 0x01000193;
  };
  mix(flow.source);
  mix(flow.destination);
  for (const NextHop &hop : hops) sum += hop.weight;
  uint32_t at = sum == 0 ? 0 : hash % sum;
  for (const NextHop &hop : hops) {
    if (at < hop.weight) return &hop;
    at -= hop.weight;
  }
  return &hops.front();
}

// Which of [route]'s ways the flow takes; null: none, for it must leave by another interface.
const NextHop *hop_for(const Route &route, const Flow &flow) {
  if (flow.outgoing == 0) return choose(route.hops, flow);
  const auto fits = std::ranges::find(route.hops, flow.outgoing, &NextHop::interface);
  if (fits != route.hops.end()) return &*fits;
  // Kernel: find_match() of IPv6 asks for the interface only where an address demands it.
  return route.to.address.family == AF_INET6 ? &route.hops.front() : nullptr;
}

// Of two routes that both lead to the destination, whether the first is asked first.
bool comes_before(const Route &a, const Route &b, const Flow &flow) {
  if (a.to.length != b.to.length) return a.to.length > b.to.length;
  if (a.to.address.family == AF_INET && a.tos != b.tos) return a.tos > b.tos;
  if (a.metric != b.metric) return a.metric < b.metric;
  if (a.to.address.family != AF_INET6) return false;
  // rt6_score_route(): the interface that was asked about, or that the packet came in by, counts more than the router's
  // preference.
  const uint32_t asked = flow.outgoing != 0 ? flow.outgoing : flow.incoming;
  const auto score = [&](const Route &route) {
    const bool is_there = std::ranges::find(route.hops, asked, &NextHop::interface) != route.hops.end();
    return (is_there ? 2 : 0) | route.preference << 2;
  };
  return score(a) > score(b);
}

bool applies(const RoutingRule &rule, const Flow &flow) {
  const bool fits =
      rule.family == flow.destination.family && rule.from.holds(flow.source) && rule.to.holds(flow.destination) &&
      ((rule.mark ^ flow.mark) & rule.mark_mask) == 0 && (rule.incoming == 0 || rule.incoming == flow.incoming) &&
      (rule.outgoing == 0 || rule.outgoing == flow.outgoing) &&
      (rule.protocol == 0 || rule.protocol == flow.protocol) && rule.source_ports.holds(flow.source_port) &&
      rule.ports.holds(flow.destination_port) && (rule.tos == 0 || rule.tos == flow.tos);
  return rule.family == flow.destination.family && fits != rule.is_inverted;
}

Outcome outcome_of(RoutingRule::Action action) {
  switch (action) {
    case RoutingRule::Action::Blackhole:
      return Outcome::Blackhole;
    case RoutingRule::Action::Prohibit:
      return Outcome::Prohibit;
    case RoutingRule::Action::Unreachable:  // Kernel: -ENETUNREACH, as where there is no route
    case RoutingRule::Action::Table:
    case RoutingRule::Action::Nothing:
      return Outcome::None;
  }
  return Outcome::None;
}

}  // namespace

std::vector<RoutingRule> first_rules(uint8_t family) {
  std::vector<RoutingRule> rules(family == AF_INET ? 3 : 2);
  constexpr uint32_t kTables[] = {kLocalTable, kMainTable, kDefaultTable},
                     kPriorities[] = {0, kFirstPriority, kFirstPriority + 1};
  for (size_t i = 0; i < rules.size(); i++) {
    rules[i].family = family;
    rules[i].table = kTables[i];
    rules[i].priority = kPriorities[i];
  }
  return rules;
}

bool has_table(const Network &network, uint8_t family, uint32_t table) {
  return std::ranges::any_of(
      network.routes, [&](const Route &route) { return route.table == table && route.to.address.family == family; });
}

FoundRoute find_route_in(const Network &network, uint32_t table, const Flow &flow) {
  const Route *best = nullptr;
  const NextHop *hop = nullptr;
  for (const Route &route : network.routes) {
    if (route.table != table || route.to.address.family != flow.destination.family ||
        !route.to.holds(flow.destination) || (route.tos != 0 && route.tos != flow.tos) ||
        (best != nullptr && !comes_before(route, *best, flow)))
      continue;
    const NextHop *way = route.hops.empty() ? nullptr : hop_for(route, flow);
    if (way == nullptr && !route.hops.empty()) continue;
    best = &route;
    hop = way;
  }
  if (best == nullptr) return {};
  return {outcome_of(best->type), best, hop};
}

FoundRoute find_route(const Network &network, const Flow &flow) {
  const uint8_t family = flow.destination.family;
  const bool has_rules = std::ranges::find(network.rules, family, &RoutingRule::family) != network.rules.end();
  std::vector<RoutingRule> rules = has_rules ? network.rules : first_rules(family);
  std::ranges::stable_sort(rules, {}, &RoutingRule::priority);
  for (const RoutingRule &rule : rules) {
    if (!applies(rule, flow) || rule.action == RoutingRule::Action::Nothing) continue;
    if (rule.action != RoutingRule::Action::Table) return {outcome_of(rule.action)};
    const FoundRoute found = find_route_in(network, rule.table, flow);
    if (found.outcome == Outcome::None || found.outcome == Outcome::Throw) continue;
    // fib4_rule_suppress(), fib6_rule_suppress()
    if (found.outcome == Outcome::Found && found.route->to.length <= rule.suppressed_length) continue;
    return found;
  }
  return {};
}

IpAddress source_for(const Network &network, const FoundRoute &found, const IpAddress &destination) {
  if (found.route->source) return found.route->source;
  const uint32_t interface = found.hop == nullptr ? 0 : found.hop->interface;
  const InterfaceAddress *best = nullptr;
  const auto score = [&](const InterfaceAddress &candidate) -> uint64_t {
    const IpAddress &own = candidate.address.address;
    const uint64_t is_here = candidate.interface == interface ? 1 : 0;
    if (destination.family == AF_INET) {
      // inet_select_addr(): of the interface, in the network of the gateway if there is one.
      const IpAddress &near = found.hop != nullptr && found.hop->gateway ? found.hop->gateway : destination;
      return is_here << 1 | (candidate.address.holds(near) ? 1 : 0);
    }
    // RFC 6724, 5: the same address, the scope, not deprecated, the interface, the longest prefix in common.
    return uint64_t{own == destination} << 32 | uint64_t{scope_of(own) == scope_of(destination)} << 16 |
           uint64_t{!candidate.is_deprecated} << 15 | is_here << 8 |
           std::min<unsigned>(common_bits(own, destination), candidate.address.length);
  };
  for (const InterfaceAddress &candidate : network.addresses) {
    if (candidate.address.address.family != destination.family) continue;
    // An address that means nothing elsewhere.
    if (destination.family == AF_INET && candidate.scope > RT_SCOPE_UNIVERSE && candidate.interface != interface)
      continue;
    if (best == nullptr || score(candidate) > score(*best)) best = &candidate;
  }
  return best == nullptr ? IpAddress{} : best->address.address;
}

}  // namespace spile::helpers
