// How wide an access may be: the alignment that may be counted on.
//
// Kernel: memory that is not the stack may be accessed at any alignment on x86-64 and arm64 (the verifier asks for more
// only there, or with BPF_F_STRICT_ALIGNMENT), so what is behind a pointer to the packet, or behind one that was loaded
// or came from a helper, is cut into 8 bytes whatever its type says; clang uses the alignment of the type. Stack
// accesses must always be aligned. Called by expand_memory and loops_to_memory.
#pragma once

#include <algorithm>

#include "ir/analysis_address.h"

namespace spile::ir {

// The alignment of [pointer] that an access may count on: what [known] says or what can be seen.
inline uint64_t access_alignment(const Function &f, ValueId pointer, uint64_t known) {
  const Address a = address_of(f, pointer);
  const Inst &base = f[a.base];
  if (base.op == Op::SlotAddr && a.offset) {
    const auto offset = static_cast<uint64_t>(*a.offset);
    const uint64_t align = std::min<uint64_t>(8, f.slots[static_cast<size_t>(base.imm)].align);
    return std::max(known, offset == 0 ? align : std::min(align, offset & (0 - offset)));
  }
  const bool is_not_stack = base.op == Op::GlobalAddr || base.op == Op::CallHelper || is_packet_pointer(f, a.base) ||
                            (base.op == Op::Load && f[address_of(f, f.operand(a.base, 0)).base].op == Op::Param);
  return is_not_stack ? 8 : known;
}

}  // namespace spile::ir
