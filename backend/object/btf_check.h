// Is this a .BTF section whose every offset and type id stays inside it?
//
// In: untrusted bytes. Out: nothing, or an Error that names the type. Called by Btf::parse before libbpf sees the
// bytes: libbpf 1.1 checks that the types fit into their section, not that their names and references exist.
#pragma once

#include <cstddef>
#include <span>

#include "support/result.h"

namespace spile::object {

Result<void> check_btf(std::span<const std::byte> bytes);

}  // namespace spile::object
