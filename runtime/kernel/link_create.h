// Links that the linked libbpf has no function for: bpf(BPF_LINK_CREATE), with the kernel's union bpf_attr.
//
// The link is gone when its last descriptor is closed. All set errno and return an invalid descriptor when the kernel
// refuses.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "lang-spec/tables/tables.h"
#include "support/file.h"

namespace spile::kernel {

// Linux 6.4. [family]: NFPROTO_IPV4 or NFPROTO_IPV6; [hook]: enum nf_inet_hooks. With [defrag] the program sees whole
// packets.
Fd link_netfilter(int program, uint32_t family, uint32_t hook, int32_t priority, bool defrag);

// Linux 6.6; sessions 6.13. [type]: TRACE_UPROBE_MULTI or TRACE_UPROBE_SESSION.
Fd link_user_functions(int program, tables::AttachType type, const std::string &path, std::span<const uint64_t> offsets,
                       bool at_returns);

}  // namespace spile::kernel
