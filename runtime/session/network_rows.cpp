#include "runtime/session/network_rows.h"

#include <linux/bpf.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <iterator>
#include <optional>

#include "runtime/helpers/routes.h"
#include "runtime/session/network_values.h"

namespace spile::session {

using helpers::InterfaceAddress;
using helpers::IpAddress;
using helpers::IpPrefix;
using helpers::Route;
using helpers::RouteType;
using helpers::RoutingRule;

namespace {

// The metrics of IPv6, of a route and of one that comes with an address, where nobody says them.
constexpr uint32_t kMetricIpv6 = 1024, kLinkMetricIpv6 = 256;

constexpr auto kRouteTypes = std::to_array<Named<RouteType>>({{"unicast", RouteType::Unicast},
                                                              {"local", RouteType::Local},
                                                              {"broadcast", RouteType::Broadcast},
                                                              {"anycast", RouteType::Anycast},
                                                              {"multicast", RouteType::Multicast},
                                                              {"blackhole", RouteType::Blackhole},
                                                              {"unreachable", RouteType::Unreachable},
                                                              {"prohibit", RouteType::Prohibit},
                                                              {"throw", RouteType::Throw}});
constexpr auto kTables = std::to_array<Named<uint32_t>>(
    {{"local", helpers::kLocalTable}, {"main", helpers::kMainTable}, {"default", helpers::kDefaultTable}});
// What frames are Ethernet's: `link_type` of `ip -j`, and kinds of links that can be added.
constexpr auto kEthernet = std::to_array<std::string_view>(
    {"ether",  "loopback",  "veth",   "dummy",     "bridge",  "bond",      "team",   "vlan",
     "vrf",    "vxlan",     "geneve", "macvlan",   "macvtap", "macsec",    "ipvlan", "ifb",
     "gretap", "ip6gretap", "erspan", "ip6erspan", "hsr",     "netdevsim", "batadv"});
constexpr auto kScopes = std::to_array<Named<uint8_t>>(
    {{"global", RT_SCOPE_UNIVERSE}, {"site", RT_SCOPE_SITE}, {"link", RT_SCOPE_LINK}, {"host", RT_SCOPE_HOST}});
constexpr auto kProtocols = std::to_array<Named<uint8_t>>({{"icmp", IPPROTO_ICMP},
                                                           {"tcp", IPPROTO_TCP},
                                                           {"udp", IPPROTO_UDP},
                                                           {"ipv6-icmp", IPPROTO_ICMPV6},
                                                           {"sctp", IPPROTO_SCTP}});
constexpr auto kFamilies = std::to_array<Named<uint8_t>>({{"inet", AF_INET}, {"inet6", AF_INET6}});
constexpr auto kActions = std::to_array<Named<RoutingRule::Action>>({{"lookup", RoutingRule::Action::Table},
                                                                     {"blackhole", RoutingRule::Action::Blackhole},
                                                                     {"unreachable", RoutingRule::Action::Unreachable},
                                                                     {"prohibit", RoutingRule::Action::Prohibit},
                                                                     {"nop", RoutingRule::Action::Nothing}});
// As ss writes the states of sockets.
constexpr auto kStates = std::to_array<Named<uint8_t>>({{"ESTAB", BPF_TCP_ESTABLISHED},
                                                        {"SYN-SENT", BPF_TCP_SYN_SENT},
                                                        {"SYN-RECV", BPF_TCP_SYN_RECV},
                                                        {"FIN-WAIT-1", BPF_TCP_FIN_WAIT1},
                                                        {"FIN-WAIT-2", BPF_TCP_FIN_WAIT2},
                                                        {"TIME-WAIT", BPF_TCP_TIME_WAIT},
                                                        {"UNCONN", BPF_TCP_CLOSE},
                                                        {"CLOSE-WAIT", BPF_TCP_CLOSE_WAIT},
                                                        {"LAST-ACK", BPF_TCP_LAST_ACK},
                                                        {"LISTEN", BPF_TCP_LISTEN},
                                                        {"CLOSING", BPF_TCP_CLOSING}});

std::unexpected<Error> unknown(std::string_view row, std::string_view word) {
  return input_error("`{}` of {} is not known here", word, row);
}

// An address with its port, as ss writes it: "10.0.0.1:80", "[::]:22", "*:22", "127.0.0.53%lo:53".
struct EndPoint {
  std::string_view address, interface, port;
};
EndPoint end_point(std::string_view text) {
  EndPoint point;
  const size_t colon = text.rfind(':');
  point.port = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  point.address = text.substr(0, colon);
  if (const size_t percent = point.address.find('%'); percent != std::string_view::npos) {
    point.interface = point.address.substr(percent + 1);
    if (point.interface.ends_with(']')) point.interface.remove_suffix(1);
    point.address = point.address.substr(0, percent);
  }
  if (point.address.starts_with('[')) point.address.remove_prefix(1);
  if (point.address.ends_with(']')) point.address.remove_suffix(1);
  return point;
}

// bpf_sock_convert_ctx_access(): addresses and the peer's port in network order, the own port in the host's.
bpf_sock seen_by_programs(const helpers::Socket &socket, uint8_t state) {
  bpf_sock seen{};
  seen.bound_dev_if = socket.interface;
  seen.family = socket.local.family;
  seen.type = socket.protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
  seen.protocol = socket.protocol;
  const auto show = [](const IpAddress &address, uint32_t *ipv4, uint32_t *ipv6) {
    if (address.family == AF_INET6) std::memcpy(ipv6, address.bytes.data(), address.bytes.size());
    if (const IpAddress own = address.unmapped(); own.family == AF_INET)
      std::memcpy(ipv4, own.bytes.data(), sizeof *ipv4);
  };
  show(socket.local, &seen.src_ip4, seen.src_ip6);
  show(socket.peer, &seen.dst_ip4, seen.dst_ip6);
  seen.src_port = socket.local_port;
  seen.dst_port = __builtin_bswap16(socket.peer_port);
  seen.state = state;
  seen.rx_queue_mapping = -1;  // none
  return seen;
}

}  // namespace

Result<void> NetworkRows::read_interface(std::string_view name, uint32_t &to) const {
  if (const auto *interface = network_.interface_named(name)) {
    to = interface->index;
    return {};
  }
  auto error = input_error("there is no interface `{}`", name);
  error.error().hint = fmt::format("`ip -j addr` tells of them; or a line before this one: link add {} index 2", name);
  return error;
}

uint32_t NetworkRows::table_of(std::string_view name) {
  if (const auto known = find(kTables, name)) return *known;
  if (const auto number = whole_number<uint32_t>(name)) return *number;
  std::vector<std::string> &names = network_.table_names;
  const auto found = std::ranges::find(names, name);
  const auto at = static_cast<uint32_t>(found - names.begin());
  if (found == names.end()) names.emplace_back(name);
  return helpers::kFirstNamedTable + at;
}

Result<void> NetworkRows::add_link(const NetworkRow &row) {
  helpers::Interface made;
  for (const auto &[name, value] : row.fields)
    if (name == "name") made.name = value;
  if (made.name.empty()) return input_error("a link needs a name");
  auto known = std::ranges::find(network_.interfaces, made.name, &helpers::Interface::name);
  if (known != network_.interfaces.end()) {
    made = *known;
  } else {
    for (const helpers::Interface &one : network_.interfaces) made.index = std::max(made.index, one.index);
    made.index++;
  }
  for (const auto &[name, value] : row.fields) {
    Result<void> done;
    if (name == "index")
      done = read(name, value, made.index);
    else if (name == "address")
      done = read(name, value, made.mac);
    else if (name == "mtu")
      done = read(name, value, made.mtu);
    else if (name == "up" || name == "down")
      made.is_up = name == "up";
    else if (name == "type")  // others have no header that is known here
      made.header = std::ranges::find(kEthernet, value) != kEthernet.end() ? 14 : 0;
    else if (name != "name")
      return unknown("a link", name);
    if (!done) return done;
  }
  const auto *other = network_.interface_at(made.index);
  if (other != nullptr && other->name != made.name)
    return input_error("`{}` and `{}` have the same number, {}", other->name, made.name, made.index);
  if (made.index == 0) return input_error("the numbers of links begin at 1");
  if (known != network_.interfaces.end())
    *known = made;
  else
    network_.interfaces.push_back(made);
  return {};
}

Result<void> NetworkRows::add_address(const NetworkRow &row, bool with_routes) {
  InterfaceAddress made;
  bool has_scope = false;
  for (const auto &[name, value] : row.fields) {
    Result<void> done;
    if (name == "local") {
      done = read(name, value, made.address);
    } else if (name == "dev") {
      done = read_interface(value, made.interface);
    } else if (name == "scope") {
      done = read(name, value, kScopes, made.scope);
      has_scope = true;
    } else if (name == "deprecated") {
      made.is_deprecated = true;
    } else {
      return unknown("an address", name);
    }
    if (!done) return done;
  }
  if (!made.address.address || made.interface == 0) return input_error("an address needs itself and `dev`");
  if (!has_scope && IpPrefix{parse_address("127.0.0.0"), 8}.holds(made.address.address)) made.scope = RT_SCOPE_HOST;
  network_.addresses.push_back(made);
  return add_local_routes(made, with_routes);
}

// What the kernel adds with an address: a route to itself, and to the network that it is in.
Result<void> NetworkRows::add_local_routes(const InterfaceAddress &made, bool with_network) {
  const IpAddress &own = made.address.address;
  const bool is_ipv4 = own.family == AF_INET;
  Route local;
  local.table = helpers::kLocalTable;
  local.type = RouteType::Local;
  local.to = {own, own.bits()};
  local.hops = {{made.interface, {}, 1}};
  const bool is_there = std::ranges::any_of(
      network_.routes, [&](const Route &route) { return route.table == local.table && route.to == local.to; });
  if (!is_there) network_.routes.push_back(local);
  if (!with_network || made.address.length == own.bits()) return {};
  Route connected;
  connected.to = {own.network(made.address.length), made.address.length};
  connected.metric = is_ipv4 ? 0 : kLinkMetricIpv6;
  if (is_ipv4) connected.source = own;
  connected.hops = local.hops;
  network_.routes.push_back(connected);
  return {};
}

Result<void> NetworkRows::read_hop(const NetworkRow &row, helpers::NextHop &hop) const {
  for (const auto &[name, value] : row.fields) {
    Result<void> done;
    if (name == "via") {
      done = read(name, value, hop.gateway);
    } else if (name == "dev") {
      done = read_interface(value, hop.interface);
    } else if (name == "weight") {
      done = read(name, value, hop.weight);
    } else {
      return unknown("a nexthop", name);
    }
    if (!done) return done;
  }
  if (hop.interface != 0 || !hop.gateway) return {};
  // Through the interface in whose network the gateway lies.
  for (const InterfaceAddress &own : network_.addresses)
    if (own.address.holds(hop.gateway) && own.address.address.family == hop.gateway.family)
      hop.interface = own.interface;
  if (hop.interface == 0) return input_error("nobody knows by which interface the gateway is reached: say `dev`");
  return {};
}

Result<void> NetworkRows::add_route(const NetworkRow &row) {
  Route made;
  NetworkRow hop_row;
  std::optional<uint32_t> metric, mtu;
  std::string to = "default";
  uint8_t family = AF_UNSPEC;
  bool is_locked = false;
  for (const auto &[name, value] : row.fields) {
    Result<void> done;
    if (name == "to") {
      to = value;
    } else if (name == "type") {
      done = read(name, value, kRouteTypes, made.type);
    } else if (name == "family") {
      done = read(name, value, kFamilies, family);
    } else if (name == "via" || name == "dev") {
      hop_row.put(name, value);
    } else if (name == "src") {
      done = read(name, value, made.source);
    } else if (name == "metric") {
      done = read(name, value, metric.emplace());
    } else if (name == "mtu") {
      done = read(name, value, mtu.emplace());
    } else if (name == "lock") {
      is_locked = true;
    } else if (name == "tos") {
      done = read(name, value, made.tos);
    } else if (name == "encap") {
      made.encapsulates = true;
    } else if (name == "pref") {
      static constexpr auto kPreferences = std::to_array<Named<uint8_t>>({{"low", 1}, {"medium", 2}, {"high", 3}});
      done = read(name, value, kPreferences, made.preference);
      family = AF_INET6;
    } else if (name == "table") {
      made.table = table_of(value);
    } else {
      return unknown("a route", name);
    }
    if (!done) return done;
  }
  std::vector<NetworkRow> hop_rows = row.hops;
  const bool leads_nowhere = made.type >= RouteType::Blackhole;
  if (!hop_row.fields.empty() && !leads_nowhere) hop_rows.push_back(hop_row);
  for (const NetworkRow &one : hop_rows)
    if (auto done = read_hop(one, made.hops.emplace_back()); !done) return done;
  if (to != "default") {
    if (auto done = read("to", to, made.to); !done) return done;
    if (made.to.address.network(made.to.length) != made.to.address)
      return input_error("`{}`: there are bits behind the prefix's length", to);
  } else {
    const IpAddress gateway = made.hops.empty() ? IpAddress{} : made.hops.front().gateway;
    made.to.address.family = family != AF_UNSPEC ? family : gateway ? gateway.family : uint8_t{AF_INET};
  }
  if (made.hops.empty() && !leads_nowhere) return input_error("the route to {} needs `via` or `dev`", to);
  const bool is_ipv4 = made.to.address.family == AF_INET;
  made.metric = metric.value_or(is_ipv4 ? 0 : kMetricIpv6);
  if (is_locked) made.locked_mtu = mtu;
  network_.routes.push_back(std::move(made));
  return {};
}

Result<void> NetworkRows::add_neighbour(const NetworkRow &row) {
  helpers::Neighbour made;
  bool has_address = false;
  for (const auto &[name, value] : row.fields) {
    Result<void> done;
    if (name == "to") {
      done = read(name, value, made.address);
    } else if (name == "lladdr") {
      done = read(name, value, made.mac);
      has_address = true;
    } else if (name == "dev") {
      done = read_interface(value, made.interface);
    } else if (name == "nud") {
      static constexpr auto kReachable = std::to_array<Named<bool>>({{"permanent", true},
                                                                     {"noarp", true},
                                                                     {"reachable", true},
                                                                     {"probe", true},
                                                                     {"stale", true},
                                                                     {"delay", true},
                                                                     {"none", false},
                                                                     {"incomplete", false},
                                                                     {"failed", false}});
      done = read(name, value, kReachable, made.is_valid);
    } else {
      return unknown("a neighbour", name);
    }
    if (!done) return done;
  }
  if (!made.address || made.interface == 0) return input_error("a neighbour needs its address and `dev`");
  made.is_valid = made.is_valid && has_address;
  network_.neighbours.push_back(made);
  return {};
}

Result<void> NetworkRows::add_rule(const NetworkRow &row, bool to_first) {
  RoutingRule made;
  uint8_t family = AF_UNSPEC;
  std::optional<uint32_t> priority;
  made.table = 0;
  for (const auto &[name, value] : row.fields) {
    Result<void> done;
    if (name == "from" || name == "to") {
      if (value == "all" || value == "default") continue;
      IpPrefix &prefix = name == "from" ? made.from : made.to;
      done = read(name, value, prefix);
      family = prefix.address.family;
    } else if (name == "family") {
      done = read(name, value, kFamilies, family);
    } else if (name == "fwmark") {
      const size_t slash = value.find('/');
      made.mark_mask = UINT32_MAX;
      done = read(name, std::string_view(value).substr(0, slash), made.mark);
      if (done && slash != std::string::npos) done = read(name, value.substr(slash + 1), made.mark_mask);
    } else if (name == "iif" || name == "oif") {
      done = read_interface(value, name == "iif" ? made.incoming : made.outgoing);
    } else if (name == "ipproto") {
      done = find(kProtocols, value) ? read(name, value, kProtocols, made.protocol) : read(name, value, made.protocol);
    } else if (name == "sport") {
      done = read(name, value, made.source_ports);
    } else if (name == "dport") {
      done = read(name, value, made.ports);
    } else if (name == "tos") {
      done = read(name, value, made.tos);
    } else if (name == "priority") {
      done = read(name, value, priority.emplace());
    } else if (name == "action") {
      done = read(name, value, kActions, made.action);
    } else if (name == "not") {
      made.is_inverted = true;
    } else if (name == "suppress_prefixlength") {
      uint8_t length = 0;
      done = read(name, value, length);
      made.suppressed_length = length;
    } else if (name == "table") {
      made.table = table_of(value);
    } else {
      return unknown("a rule", name);
    }
    if (!done) return done;
  }
  if (made.action == RoutingRule::Action::Table && made.table == 0) return input_error("a rule needs `table`");
  made.family = family == AF_UNSPEC ? uint8_t{AF_INET} : family;
  if (to_first && std::ranges::find(network_.rules, made.family, &RoutingRule::family) == network_.rules.end())
    std::ranges::copy(helpers::first_rules(made.family), std::back_inserter(network_.rules));
  // As fib_default_rule_pref(): before the others, behind the first.
  std::vector<uint32_t> others{helpers::kFirstPriority};
  for (const RoutingRule &rule : network_.rules)
    if (rule.family == made.family && rule.priority != 0) others.push_back(rule.priority);
  made.priority = priority.value_or(*std::ranges::min_element(others) - 1);
  network_.rules.push_back(made);
  return {};
}

Result<void> NetworkRows::set_forwarding(const NetworkRow &row) {
  std::string device;
  uint8_t family = AF_INET, forwards = 0;
  for (const auto &[name, value] : row.fields) {
    Result<void> done;
    if (name == "dev")
      device = value;
    else if (name == "family")
      done = read(name, value, kFamilies, family);
    else if (name == "forwarding")
      done = read(name, value, forwards);
    if (!done) return done;
  }
  // Of those that there will be: nothing that a lookup asks.
  if (device == "default") return {};
  uint32_t index = 0;
  if (device != "all")
    if (auto done = read_interface(device, index); !done) return done;
  for (helpers::Interface &interface : network_.interfaces)
    if (interface.index == index || device == "all")
      (family == AF_INET ? interface.forwards_ipv4 : interface.forwards_ipv6) = forwards != 0;
  return {};
}

Result<void> NetworkRows::add_socket(const NetworkRow &row) {
  helpers::Socket made;
  uint8_t state = 0;
  for (const auto &[name, value] : row.fields) {
    Result<void> done;
    if (name == "netid") {
      done = read(name, value, kProtocols, made.protocol);
    } else if (name == "state") {
      done = read(name, value, kStates, state);
    } else {
      const EndPoint point = end_point(value);
      const bool is_local = name == "local";
      IpAddress &address = is_local ? made.local : made.peer;
      uint16_t &port = is_local ? made.local_port : made.peer_port;
      // `*`: IPv6, and IPv4 too.
      if (is_local && point.address == "*") made.takes_ipv4 = true;
      done = read(name, point.address == "*" ? "::" : point.address, address);
      if (done && point.port != "*") done = read(name, point.port, port);
      if (done && !point.interface.empty()) done = read_interface(point.interface, made.interface);
    }
    if (!done) return done;
  }
  made.seen = seen_by_programs(made, state);
  network_.sockets.push_back(made);
  return {};
}

}  // namespace spile::session
