// A value by its BTF type, as the kernel's bpf_snprintf_btf() writes it (btf_show() of kernel/bpf/btf.c). Other
// printing of values is ours: backend/object/print_value.h.
#pragma once

#include <cstdint>
#include <string>

#include "backend/object/btf.h"
#include "runtime/vm/env.h"

namespace spile::helpers {

// enum BTF_F_* of linux/bpf.h.
struct ShowFlags {
  static constexpr uint64_t kCompact = 1, kNoName = 2, kRawPointers = 4, kZero = 8;
  static constexpr uint64_t kAll = kCompact | kNoName | kRawPointers | kZero;
};

// Appends the value of [type] (of [btf], not 0) at [address]. 0, or -EFAULT (-ERANGE: at an address that
// is none of a kernel) when a part of it cannot be read, which is then not in the text.
int64_t show_value(const vm::Env *env, const object::Btf &btf, object::BtfId type, uint64_t address, uint64_t flags,
                   std::string &text);

}  // namespace spile::helpers
