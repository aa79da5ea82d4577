#include "verifier/kfunc.h"

#include <algorithm>
#include <array>

namespace spile::verifier {
namespace {

using object::BtfId;
using object::BtfKind;

constexpr auto kSpecials = std::to_array<std::pair<std::string_view, Special>>({
    {"bpf_rcu_read_lock", Special::RcuLock},
    {"bpf_rcu_read_unlock", Special::RcuUnlock},
    {"bpf_preempt_disable", Special::PreemptDisable},
    {"bpf_preempt_enable", Special::PreemptEnable},
    {"bpf_obj_new_impl", Special::ObjectNew},
    {"bpf_percpu_obj_new_impl", Special::ObjectNew},
    {"bpf_obj_drop_impl", Special::ObjectDrop},
    {"bpf_percpu_obj_drop_impl", Special::ObjectDrop},
    {"bpf_refcount_acquire_impl", Special::RefcountAcquire},
    {"bpf_cast_to_kern_ctx", Special::CastToKernelContext},
    {"bpf_rdonly_cast", Special::ReadOnlyCast},
    {"bpf_dynptr_from_skb", Special::DynptrFromSkb},
    {"bpf_dynptr_from_xdp", Special::DynptrFromXdp},
    {"bpf_dynptr_slice", Special::DynptrSlice},
    {"bpf_dynptr_slice_rdwr", Special::DynptrSliceWritable},
    {"bpf_dynptr_clone", Special::DynptrClone},
    {"bpf_throw", Special::Throw},
    {"bpf_list_push_front_impl", Special::ListPush},
    {"bpf_list_push_back_impl", Special::ListPush},
    {"bpf_list_pop_front", Special::ListPop},
    {"bpf_list_pop_back", Special::ListPop},
    {"bpf_list_front", Special::ListPeek},
    {"bpf_list_back", Special::ListPeek},
    {"bpf_rbtree_add_impl", Special::TreeAdd},
    {"bpf_rbtree_remove", Special::TreeRemove},
    {"bpf_rbtree_first", Special::TreePeek},
    {"bpf_rbtree_root", Special::TreePeek},
    {"bpf_rbtree_left", Special::TreePeek},
    {"bpf_rbtree_right", Special::TreePeek},
    {"bpf_local_irq_save", Special::IrqSave},
    {"bpf_local_irq_restore", Special::IrqRestore},
    {"bpf_res_spin_lock", Special::ResLock},
    {"bpf_res_spin_unlock", Special::ResUnlock},
    {"bpf_res_spin_lock_irqsave", Special::ResLockIrqSave},
    {"bpf_res_spin_unlock_irqrestore", Special::ResUnlockIrqRestore},
    {"bpf_wq_set_callback_impl", Special::SetWorkCallback},
    {"bpf_task_work_schedule_signal_impl", Special::ScheduleTaskWork},
    {"bpf_task_work_schedule_resume_impl", Special::ScheduleTaskWork},
});

}  // namespace

Kfunc describe_kfunc(const object::Btf &btf, object::BtfId function, const object::Btf *kernel) {
  Kfunc k;
  const object::BtfType f = btf.type(function);
  if (f.kind != BtfKind::Func) return k;
  k.name = without_flavour(f.name);
  k.row = tables::find_kfunc(k.name);
  for (const auto &[name, special] : kSpecials)
    if (name == k.name) k.special = special;
  const BtfId theirs = kernel != nullptr ? kernel->find(k.name, BtfKind::Func) : BtfId{};
  k.in_kernel = static_cast<bool>(theirs);
  k.btf = k.in_kernel ? kernel : &btf;
  const BtfId proto = k.in_kernel ? kernel->type(theirs).type : f.type;
  k.result = k.btf->type(proto).type;
  const bool allocates = k.special == Special::ObjectNew,
             owns = k.special == Special::ObjectDrop || k.special == Special::RefcountAcquire;
  for (const object::BtfParam &param : k.btf->params(proto)) {
    const size_t at = k.parameters.size();
    const std::string_view name = param.name;
    KfuncParameter p{.name = std::string(name), .type = param.type};
    p.is_pointer = k.btf->type(k.btf->resolve(param.type)).kind == BtfKind::Ptr;
    // bpf_obj_new() and its kin hide their second argument from programs.
    p.ignored = name.ends_with("__ign") || name.ends_with("__prog") || ((allocates || owns) && at > 0);
    p.constant = (allocates && at == 0) || name.ends_with("__k") || name.ends_with("__szk") ||
                 name == "rdonly_buf_size" || name == "rdwr_buf_size";
    p.nullable = name.ends_with("__nullable");
    p.optional = name.ends_with("__opt");
    p.uninit = name.ends_with("__uninit");
    p.is_map = name.ends_with("__map");
    p.is_string = name.ends_with("__str");
    p.allocated = (owns && at == 0) || name.ends_with("__alloc") || name.ends_with("__refcounted_kptr");
    p.is_iterator = name.ends_with("__iter");
    p.is_size = !p.is_pointer && (name.ends_with("__sz") || name.ends_with("__szk"));
    if (p.is_size && !k.parameters.empty() && k.parameters.back().is_pointer) k.parameters.back().sized_by_next = true;
    k.parameters.push_back(std::move(p));
  }
  return k;
}

}  // namespace spile::verifier
