// NetfilterPlace: which packets on their way through this machine's network a netfilter program sees, and when.
//
//   FAMILY/HOOK[/PRIORITY][/defrag]     inet/input     ip/prerouting/-100/defrag     ip6/output/filter
//
// The words are those of nft(8): families ip, ip6, inet (both); hooks prerouting, input, forward, output, postrouting;
// a priority by number or name (raw, mangle, dstnat, filter, security, srcnat), filter unless said.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace spile::kernel {

struct NetfilterPlace {
  std::vector<uint32_t> families;  // NFPROTO_IPV4, NFPROTO_IPV6
  uint32_t hook = 0;               // enum nf_inet_hooks
  int32_t priority = 0;
  bool defrag = false;
};

// Usage error for a word that is none, with those that there are.
Result<NetfilterPlace> parse_netfilter_place(std::string_view text);

}  // namespace spile::kernel
