// Special fields: locks, timers, kernel pointers, lists and trees inside a map's value (or an object that a program
// allocates), which no load or store may touch (btf_parse_fields).
//
// In: a struct of the object's BTF. Out: its special fields by offset.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/object/btf.h"

namespace spile::verifier {

enum class FieldKind : uint8_t {
  SpinLock,
  ResSpinLock,
  Timer,
  Workqueue,
  TaskWork,
  ListHead,
  ListNode,
  RbRoot,
  RbNode,
  Refcount,
  Kptr,           // __kptr: a counted pointer
  KptrUntrusted,  // __kptr_untrusted
  PerCpuKptr,     // __percpu_kptr
  UserPtr,        // __uptr
};

struct SpecialField {
  FieldKind kind;
  uint32_t offset, size;
  object::BtfId target;      // kptrs: the struct that is pointed to; lists and trees: the struct of the elements
  uint32_t node_offset = 0;  // lists and trees: of the node in an element
};

// Ordered by offset.
std::vector<SpecialField> special_fields(const object::Btf &btf, object::BtfId type);

// "bpf_spin_lock", "kptr": the kernel's name.
const char *name_of(FieldKind kind);
inline bool is_kptr(FieldKind kind) {
  return kind == FieldKind::Kptr || kind == FieldKind::KptrUntrusted || kind == FieldKind::PerCpuKptr ||
         kind == FieldKind::UserPtr;
}

}  // namespace spile::verifier
