// Tables of functions that the kernel calls (struct_ops): what libbpf 1.1 needs to be told of them.
//
//   .struct_ops.link      ──► .struct_ops, the map gets BPF_F_LINK
//   SEC("struct_ops.s/f") ──► SEC("struct_ops/f"), the program gets BPF_F_SLEEPABLE
//
// Called where an object is loaded; attachments.h registers the tables.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "backend/object/object.h"
#include "support/result.h"

struct bpf_object;

namespace spile::kernel {

// Whether [object] says anything of it in a way that libbpf 1.1 does not know.
bool has_new_struct_ops(const object::Object &object);
// [object] then says it in the old way. Unsupported error for an object with tables of both sections.
Result<void> make_old_struct_ops(object::Object &object);

// Between opening and loading: the flags of the tables' maps. A table of which not all programs are [loaded] is left
// out, since it is registered whole.
void prepare_struct_ops(const object::Object &object, bpf_object *opened, const std::vector<std::string_view> &loaded);

// Whether the table is registered for as long as a link is open; else until it is unregistered.
inline constexpr uint32_t kStructOpsLink = 1u << 13;  // BPF_F_LINK

}  // namespace spile::kernel
