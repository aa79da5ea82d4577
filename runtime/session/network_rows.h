// Rows of a network's description, whatever they were written in: names and values in the words of iproute2's commands
// ("via", "dev", "metric"). For network_file.cpp and for nobody else.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/helpers/network_state.h"
#include "support/result.h"

namespace spile::session {

struct NetworkRow {
  // A word and what it is given, in their order; words that take nothing have an empty one.
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<NetworkRow> hops;  // of a route: each `nexthop`

  void put(std::string name, std::string value = {}) { fields.emplace_back(std::move(name), std::move(value)); }
};

// Adds rows of one kind to a network.
class NetworkRows {
 public:
  explicit NetworkRows(helpers::Network &network) : network_(network) {}

  // `name`, `index`, `address`, `mtu`, `up`, `down`, `type`
  Result<void> add_link(const NetworkRow &row);
  // `local` (with its length), `dev`, `scope`, `deprecated`. [with_routes]: its routes come with it, as when the kernel
  // is told of it.
  Result<void> add_address(const NetworkRow &row, bool with_routes);
  // `to`, `type`, `via`, `dev`, `src`, `metric`, `mtu`, `lock`, `table`, `tos`, `encap`, `pref`, `family`
  Result<void> add_route(const NetworkRow &row);
  // `to`, `lladdr`, `dev`, `nud`
  Result<void> add_neighbour(const NetworkRow &row);
  // `from`, `to`, `fwmark`, `iif`, `oif`, `ipproto`, `sport`, `dport`, `tos`, `priority`, `table`, `action`, `not`,
  // `suppress_prefixlength`, `family`
  // [to_first]: it comes to those that a kernel begins with; else they are rows too.
  Result<void> add_rule(const NetworkRow &row, bool to_first);
  // `dev`, `family`, `forwarding`
  Result<void> set_forwarding(const NetworkRow &row);
  // `netid`, `state`, `local`, `peer`: columns of ss
  Result<void> add_socket(const NetworkRow &row);

 private:
  Result<void> read_interface(std::string_view name, uint32_t &to) const;
  uint32_t table_of(std::string_view name);
  Result<void> read_hop(const NetworkRow &row, helpers::NextHop &hop) const;
  Result<void> add_local_routes(const helpers::InterfaceAddress &address, bool with_network);

  helpers::Network &network_;
};

}  // namespace spile::session
