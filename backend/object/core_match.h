// Whether a type of the target is the one that a relocation means, and where in it the path leads.
//
// Members are found by name, through anonymous records wherever they lie; elements by index; records by their name
// without its flavour (`sk_buff___old` is `sk_buff`). Model: bpf_core_spec_match, bpf_core_types_are_compat and
// bpf_core_types_match of libbpf's relo_core.c.
#pragma once

#include <optional>
#include <string_view>

#include "backend/object/core_spec.h"

namespace spile::object {

// Without `___flavour`.
std::string_view essential_name(std::string_view name);

// Whether the loader looks at [target] at all when it looks for [local]: a record for a record, an enum for an enum.
bool may_be_candidate(const BtfType &local, const BtfType &target);

// [local] followed in [candidate] of [target]; nothing when it does not lead anywhere there.
Result<std::optional<CoreSpec>> match_core_spec(const Btf &local_btf, const CoreSpec &local, tables::CoreKind kind,
                                                const Btf &target, BtfId candidate);

}  // namespace spile::object
