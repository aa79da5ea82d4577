// read_network(): what the network looks like to helpers that ask about it (bpf_fib_lookup, bpf_check_mtu,
// bpf_sk_lookup_tcp and their kin), from a text in the words of iproute2.
//
// In: what `ip -j addr`, `ip -j netconf`, `ip -j route show table all`, `ip -j rule`, `ip -j neigh` and `ss -Htuna`
// print, one after the other, in any order; or lines as `ip -batch` takes them ("route add 10.0.0.0/8 via 10.1.0.1").
// Out: helpers::Network. Called for `--net FILE` of exec, run and test, and for `!net` of a scenario.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/helpers/network_state.h"
#include "support/result.h"

namespace spile::session {

// Adds what a single line says; [where] names it in errors: "PATH:LINE". Input error for what is not understood: the
// answers would be those of another network.
Result<void> add_network_row(const std::string &where, std::string_view line, helpers::Network &network);
// Adds what a file says.
Result<void> add_network_file(const std::string &path, helpers::Network &network);

Result<std::shared_ptr<const helpers::Network>> read_network(const std::string &path);

}  // namespace spile::session
