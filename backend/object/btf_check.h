// Is this a .BTF section whose every offset and type id stays inside it?
//
// In: untrusted bytes. Out: nothing, or an Error that names the type. Called by Btf::parse before libbpf sees the
// bytes: libbpf 1.1 checks that the types fit into their section, not that their names and references exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "support/result.h"

namespace spile::object {

Result<void> check_btf(std::span<const std::byte> bytes);

enum class BtfKind : uint8_t;
// Bytes of a type behind its btf_type, by its kind and the number of its parts; SIZE_MAX for a kind that BTF does not
// have.
size_t btf_tail_size(BtfKind kind, uint32_t parts);

}  // namespace spile::object
