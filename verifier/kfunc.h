// Kfunc: a function of the kernel that a program calls by BTF: its row of kfuncs.def, its prototype, and which of the
// rules that BTF does not say apply to it.
//
// In: a call instruction, whose immediate is the function's id in the object's BTF. The suffixes of parameters' names
// (`__sz`, `__k`, `__nullable`, ...) are those of the kernel's Documentation/bpf/kfuncs.rst.
#pragma once

#include <string>
#include <vector>

#include "backend/object/btf.h"
#include "lang-spec/tables/kfuncs.h"
#include "verifier/types.h"

namespace spile::verifier {

enum class Special : uint8_t {
  None,
  RcuLock,
  RcuUnlock,
  PreemptDisable,
  PreemptEnable,
  ObjectNew,
  ObjectDrop,
  RefcountAcquire,
  CastToKernelContext,
  ReadOnlyCast,
  DynptrFromSkb,
  DynptrFromXdp,
  DynptrSlice,
  DynptrSliceWritable,
  DynptrClone,
  Throw,
  ListPush,
  ListPop,
  ListPeek,  // the first or the last, which stays
  TreeAdd,
  TreeRemove,
  TreePeek,  // the first, the root, a child
  IrqSave,
  IrqRestore,
  ResLock,
  ResUnlock,
  ResLockIrqSave,
  ResUnlockIrqRestore,
  SetWorkCallback,   // bpf_wq_set_callback
  ScheduleTaskWork,  // both of bpf_task_work
};
constexpr bool is_graph(Special s) { return s >= Special::ListPush && s <= Special::TreePeek; }
constexpr bool takes_res_lock(Special s) { return s == Special::ResLock || s == Special::ResLockIrqSave; }
constexpr bool is_res_lock(Special s) { return s >= Special::ResLock && s <= Special::ResUnlockIrqRestore; }
constexpr bool begins_irq_section(Special s) { return s == Special::IrqSave || s == Special::ResLockIrqSave; }
constexpr bool ends_irq_section(Special s) { return s == Special::IrqRestore || s == Special::ResUnlockIrqRestore; }
constexpr bool uses_irq_flags(Special s) { return begins_irq_section(s) || ends_irq_section(s); }
// The argument, from 0, that is the variable for the flags.
constexpr unsigned irq_argument(Special s) { return is_res_lock(s) ? 1 : 0; }
// Its callback runs later, by itself, and may sleep.
constexpr bool defers(Special s) { return s == Special::SetWorkCallback || s == Special::ScheduleTaskWork; }

struct KfuncParameter {
  std::string name;
  object::BtfId type;
  bool is_pointer = false;
  bool ignored = false, constant = false, nullable = false, optional = false, uninit = false, is_map = false,
       is_string = false, allocated = false, is_iterator = false;
  bool is_size = false;        // of the memory before it
  bool sized_by_next = false;  // and the other way round
};

struct Kfunc {
  std::string name;
  const tables::Kfunc *row = nullptr;  // null: not known
  const object::Btf *btf = nullptr;    // of its types
  bool in_kernel = false;              // they are the kernel's, which asks nobody what a program declared
  std::vector<KfuncParameter> parameters;
  object::BtfId result;
  Special special = Special::None;

  TypeRef ref(object::BtfId type) const { return {in_kernel, type}; }
  bool has(uint32_t flag) const { return row != nullptr && (row->flags & flag) != 0; }
  bool is_iterator_function() const {
    return has(tables::kIteratorNew | tables::kIteratorNext | tables::kIteratorDestroy);
  }
};

// [kernel]: the kernel's BTF, whose prototype counts, whatever a header of the program says; or null.
Kfunc describe_kfunc(const object::Btf &btf, object::BtfId function, const object::Btf *kernel);

}  // namespace spile::verifier
