// Calls of kernel functions: may this program call it here, and are the arguments what its prototype and its flags ask
// for (check_kfunc_call, check_kfunc_args)?
#include <fmt/format.h>

#include <algorithm>

#include "verifier/check_memory.h"
#include "verifier/dynptr.h"
#include "verifier/graph.h"
#include "verifier/locks.h"
#include "verifier/objects.h"

namespace spile::verifier {
namespace {

using object::BtfId;
using object::BtfKind;
using Outcome = std::optional<Failure>;

// Numbers, or a struct of nothing but numbers: what may lie in memory that a program made.
bool is_plain(const object::Btf &btf, BtfId type, unsigned depth = 8) {
  const BtfId id = btf.resolve(type);
  const object::BtfType t = btf.type(id);
  switch (t.kind) {
    case BtfKind::Int:
    case BtfKind::Enum:
    case BtfKind::Enum64:
    case BtfKind::Float:
      return true;
    case BtfKind::Array:
      return is_plain(btf, t.type, depth);
    case BtfKind::Struct:
    case BtfKind::Union: {
      const auto members = btf.members(id);
      return depth > 0 &&
             std::ranges::all_of(members, [&](const object::BtfMember &m) { return is_plain(btf, m.type, depth - 1); });
    }
    default:
      return false;
  }
}

class KfuncCall {
 public:
  KfuncCall(const Env &env, const State &state, uint32_t insn, const Kfunc &kfunc)
      : env_(env), state_(state), insn_(insn), kfunc_(kfunc), btf_(*kfunc.btf) {}

  Outcome check() const {
    if (kfunc_.row == nullptr)
      return rule(fmt::format("calling kernel function {} is not allowed", kfunc_.name),
                  fmt::format("the kernel has no function `{}` for programs", kfunc_.name));
    if (!tables::is_available(*kfunc_.row, env_.type.number) || is_filtered())
      return rule(fmt::format("calling kernel function {} is not allowed", kfunc_.name),
                  fmt::format("programs of type `{}` cannot call `{}`", env_.type.name, kfunc_.name));
    if (Outcome f = section()) return f;
    for (unsigned i = 0; i < kfunc_.parameters.size() && i < 5; i++)
      if (Outcome f = argument(i)) return f;
    return released();
  }

 private:
  Failure rule(std::string kernel, std::string words, unsigned reg = 0) const {
    Failure f{.cause = Cause::KfuncRule, .insn = insn_, .kernel = std::move(kernel), .detail = std::move(words)};
    if (reg != 0) {
      f.reg = static_cast<int>(reg);
      f.state = state_.reg(reg);
    }
    return f;
  }
  Failure wrong(unsigned index, std::string kernel, std::string what) const {
    Failure f{.cause = Cause::KfuncArgument,
              .insn = insn_,
              .kernel = std::move(kernel),
              .reg = static_cast<int>(index + 1),
              .state = state_.reg(index + 1),
              .arg = index + 1,
              .detail = std::move(what)};
    f.callee = kfunc_.name;
    return f;
  }

  // What a set's own filter keeps from programs that share its hook (bpf_fs_kfuncs_filter, tracing_iter_filter).
  bool is_filtered() const {
    const bool lsm = env_.type.number == BPF_PROG_TYPE_LSM,
               iterator = env_.type.attach == tables::AttachType::TRACE_ITER;
    return (kfunc_.has(tables::kOnlyIterator) && !iterator) || (kfunc_.has(tables::kOnlyLsm) && !lsm);
  }

  // Locks, sleep, RCU.
  Outcome section() const {
    if (state_.lock() != nullptr && !kfunc_.has(tables::kWhileLocked))
      return rule("function calls are not allowed while holding a lock",
                  fmt::format("`{}` is called while a lock is held", kfunc_.name));
    if (kfunc_.has(tables::kMaySleep)) {
      if (!may_sleep(env_, state_))
        return rule(fmt::format("program must be sleepable to call sleepable kfunc {}", kfunc_.name),
                    fmt::format("`{}` may sleep, this program must not", kfunc_.name));
      if (const Section *section = section_of(state_))
        return rule(
            fmt::format("kernel func {} is sleepable within {} region", kfunc_.name, section->kernel),
            fmt::format("`{}` may sleep, a section that `{}()` began must not", kfunc_.name, section->begun_by));
    }
    if (kfunc_.has(tables::kFromTaskContext) && env_.type.number != BPF_PROG_TYPE_LSM &&
        env_.type.attach != tables::AttachType::TRACE_ITER && !may_sleep(env_, state_))
      return rule(
          "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs",
          fmt::format("`{}` is for programs of security modules, iterators, and those that may sleep", kfunc_.name));
    if (kfunc_.has(tables::kRcuProtected) && !kfunc_.is_iterator_function() && !in_rcu_section(env_, state_))
      return rule(
          fmt::format("kernel func {} requires RCU critical section protection", kfunc_.name),
          fmt::format("`{}` must stand between `bpf_rcu_read_lock()` and `bpf_rcu_read_unlock()`", kfunc_.name));
    if (kfunc_.special == Special::RcuUnlock && state_.rcu_depth == 0)
      return rule(fmt::format("unmatched rcu read unlock (kernel function {})", kfunc_.name),
                  "there is no `bpf_rcu_read_lock()` before on this path");
    if (kfunc_.special == Special::PreemptEnable && state_.preempt_depth == 0)
      return rule(fmt::format("unmatched attempt to enable preemption (kernel function {})", kfunc_.name),
                  "there is no `bpf_preempt_disable()` before on this path");
    if (kfunc_.special == Special::DynptrSliceWritable && !may_write_packet(env_.type))
      return rule("the prog does not allow writes to packet data",
                  fmt::format("programs of type `{}` cannot write the packet: use `bpf_dynptr_slice`", env_.type.name));
    if (kfunc_.special == Special::Throw) {
      for (const Frame &frame : state_.frames)
        if (frame.in_callback)
          return rule(fmt::format("bpf_throw kfunc (insn {}) cannot be called from callback subprog {}", insn_,
                                  frame.subprogram),
                      "`bpf_throw` cannot be called from a callback");
      const auto catches = [](const Subprogram &sub) { return sub.ends_exception; };
      if (std::ranges::none_of(env_.structure.subprograms, catches))
        if (Outcome f = check_return_range(env_, state_.reg(1), 1, insn_)) return f;
      State whole = state_;
      whole.frames.resize(1);
      return check_leaks(whole, insn_, "bpf_throw");
    }
    return {};
  }

  Outcome argument(unsigned index) const {
    const KfuncParameter &p = kfunc_.parameters[index];
    const RegState &r = state_.reg(index + 1);
    if (p.ignored || r.type == RegType::Poisoned) return {};
    if (r.type == RegType::NotInit)
      return Failure{.cause = Cause::UninitializedValue,
                     .insn = insn_,
                     .kernel = fmt::format("R{} !read_ok", index + 1),
                     .reg = static_cast<int>(index + 1)};
    if (!p.is_pointer) return number(index, p, r);
    return pointer(index, p, r);
  }

  Outcome number(unsigned index, const KfuncParameter &p, const RegState &r) const {
    if (!is_number(btf_.type(btf_.resolve(p.type)).kind)) return {};
    if (!r.is_scalar()) return wrong(index, fmt::format("R{} is not a scalar", index + 1), "a number");
    if (p.constant && !r.value.is_const())
      return wrong(index, fmt::format("R{} must be a known constant", index + 1), "a constant");
    if (kfunc_.special == Special::ObjectNew && index == 0) return new_object(r);
    if (kfunc_.special == Special::ReadOnlyCast && index == 1) {
      const TypeRef type = env_.types.kernel_id(static_cast<uint32_t>(r.value.const_value()));
      const BtfKind kind = type ? env_.types.btf(type).type(env_.types.resolve(type).id).kind : BtfKind::Struct;
      if (kind != BtfKind::Struct && kind != BtfKind::Union)
        return wrong(index, "kfunc bpf_rdonly_cast type ID argument must be of a struct", "a struct's type");
    }
    return {};
  }

  // What the program names by a type of its own, to be allocated.
  Outcome new_object(const RegState &number) const {
    constexpr uint64_t kMaxPerCpu = 512;  // BPF_GLOBAL_PERCPU_MA_MAX_SIZE
    const object::Btf &own = env_.program.object->btf;
    const BtfId type{static_cast<uint32_t>(number.value.const_value())};
    if (own.type(own.resolve(type)).kind != BtfKind::Struct)
      return wrong(0, "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct", "a struct's type");
    if (!kfunc_.has(tables::kPerCpuObject)) return {};
    if (own.size_of(type) > kMaxPerCpu)
      return wrong(0,
                   fmt::format("bpf_percpu_obj_new type size ({}) is greater than {}", own.size_of(type), kMaxPerCpu),
                   fmt::format("a struct of at most {} bytes", kMaxPerCpu));
    if (!env_.types.fields_of(type).empty())
      return wrong(0, "bpf_percpu_obj_new type ID argument must not contain special fields",
                   "a struct without locks, timers, lists or kernel pointers");
    if (!is_plain(own, type))
      return wrong(0, "bpf_percpu_obj_new type ID argument must be of a struct of scalars", "a struct of numbers");
    return {};
  }

  Outcome pointer(unsigned index, const KfuncParameter &p, const RegState &r) const {
    const unsigned reg = index + 1;
    const BtfId target = btf_.resolve(btf_.type(btf_.resolve(p.type)).type);
    const object::BtfType t = btf_.type(target);
    const std::string_view name = env_.types.name_of(kfunc_.ref(target));
    if (p.nullable && r.is_null()) return {};
    if (kfunc_.has(tables::kTrustedArgs | tables::kRcuArgs | tables::kRelease) && (r.is_null() || r.or_null) &&
        !p.nullable)
      return wrong(index, fmt::format("Possibly NULL pointer passed to trusted arg{}", index),
                   "a pointer that is not NULL");
    if (name == tables::kContexts[static_cast<size_t>(env_.type.ctx)].type && r.type == RegType::Ctx)
      return check_unmoved(r, reg, insn_);
    if (kfunc_.special == Special::CastToKernelContext)
      return r.type == RegType::Ctx
                 ? check_unmoved(r, reg, insn_)
                 : Outcome(wrong(index, fmt::format("arg#{} expected pointer to ctx", index), "the context"));
    if (kfunc_.special == Special::RefcountAcquire && index == 0) return refcounted(r);
    if (p.allocated) return allocated(index, r);
    if (is_graph(kfunc_.special)) {
      if (name == "bpf_list_head" || name == "bpf_rb_root") return check_graph_root(env_, state_, insn_, kfunc_, reg);
      if (name == "bpf_list_node" || name == "bpf_rb_node") return check_graph_node(env_, state_, insn_, kfunc_, reg);
    }
    if (name == "bpf_dynptr" || name == "bpf_dynptr_kern")
      return check_dynptr(env_, state_, insn_, reg, {.uninit = p.uninit});
    if ((kfunc_.is_iterator_function() && index == 0) || p.is_iterator) return iterator(index, target, r);
    if (p.is_map) return map(index, r);
    if (name == "bpf_wq") return deferred(index, r, FieldKind::Workqueue);
    if (name == "bpf_task_work") return deferred(index, r, FieldKind::TaskWork);
    if (name == "bpf_res_spin_lock") return lock(index, r);
    if (uses_irq_flags(kfunc_.special) && index == irq_argument(kfunc_.special))
      return check_irq_flags(state_, insn_, reg, kfunc_.special);
    if (name == "bpf_map" && r.type == RegType::MapPtr) return {};
    if (r.type == RegType::BtfObject || r.is_socket()) return object(index, name, r);
    if (t.kind == BtfKind::FuncProto) {
      if (r.type != RegType::Func)
        return wrong(index, fmt::format("arg{} expected pointer to func", index), "a function");
      const Outcome moved = check_unmoved(r, reg, insn_);
      return moved ? wrong(index, moved->kernel, "the address of a function") : Outcome{};
    }
    return memory(index, p, target, r);
  }

  Outcome map(unsigned index, const RegState &r) const {
    if (r.type != RegType::MapPtr && !is_map_object(r))
      return wrong(index, fmt::format("pointer in R{} isn't map pointer", index + 1), "a map");
    // What lies in a value is set up with the map of that value.
    const RegState &value = state_.reg(index);
    if (index == 0 || r.type != RegType::MapPtr || value.type != RegType::MapValue) return {};
    if (value.target == r.target && value.map_uid == r.map_uid) return {};
    const bool work_queue = field_at(env_, value, {FieldKind::Workqueue}) != nullptr;
    return rule(fmt::format("{} pointer in R{} map_uid={} doesn't match map pointer in R{} map_uid={}",
                            work_queue ? "workqueue" : "bpf_task_work", index, value.map_uid, index + 1, r.map_uid),
                fmt::format("`{}` needs the map in whose value the work lies", kfunc_.name), index + 1);
  }

  // process_wq_func(), process_task_work_func(): exactly at the field in a map's value.
  Outcome deferred(unsigned index, const RegState &r, FieldKind kind) const {
    const std::string expected = fmt::format("the address of a `{}` in a map's value", name_of(kind));
    if (r.type != RegType::MapValue || r.or_null)
      return wrong(index, fmt::format("arg#{} doesn't point to a map value", index), expected);
    if (!r.value.is_const())
      return wrong(index,
                   fmt::format("R{} doesn't have constant offset. {} has to be at the constant offset", index + 1,
                               name_of(kind)),
                   expected);
    if (field_at(env_, r, {kind}) != nullptr) return {};
    const SpecialField *field = env_.find_field(r, kind);
    const int64_t at = r.constant_offset();
    return wrong(index,
                 field == nullptr ? fmt::format("map '{}' has no valid {}", env_.map(r.target).name, name_of(kind))
                                  : fmt::format("off {} doesn't point to 'struct {}' that is at {}", at, name_of(kind),
                                                field->offset),
                 expected);
  }

  Outcome lock(unsigned index, const RegState &r) const {
    const bool owned = r.type == RegType::BtfObject && r.has(kOwned) && !r.has(kNonOwning | kUntrusted | kPerCpu);
    if ((r.type != RegType::MapValue && !owned) || r.or_null)
      return wrong(index, fmt::format("arg#{} doesn't point to map value or allocated object", index),
                   "the address of a `bpf_res_spin_lock`");
    return check_lock(env_, state_, insn_, index + 1, lock_use(kfunc_.special));
  }

  // What an iterator over maps hands over.
  bool is_map_object(const RegState &r) const {
    return r.type == RegType::BtfObject && r.has(kTrusted) && !r.or_null && env_.types.name_of(type_of(r)) == "bpf_map";
  }

  Outcome refcounted(const RegState &r) const {
    if (r.type != RegType::BtfObject || !r.has(kOwned) || r.has(kUntrusted))
      return wrong(0, "arg#0 is neither owning or non-owning ref", "an object that this program allocated");
    if (env_.find_field(r, FieldKind::Refcount) != nullptr) return {};
    return wrong(0, "arg#0 doesn't point to a type with bpf_refcount field", "an object with a `bpf_refcount`");
  }

  Outcome allocated(unsigned index, const RegState &r) const {
    const bool per_cpu = kfunc_.has(tables::kPerCpuObject);
    if (r.type == RegType::BtfObject && r.has(kOwned) && !r.has(kNonOwning | kUntrusted) && !r.or_null &&
        r.has(kPerCpu) == per_cpu) {
      if (kfunc_.has(tables::kRelease) && r.ref_id == 0)
        return wrong(index, "allocated object must be referenced", "an object that this program owns");
      if (kfunc_.has(tables::kRelease) && (r.off != 0 || !r.value.is_zero()))
        return wrong(
            index,
            fmt::format("R{} must have zero offset when passed to release func or trusted arg to kfunc", index + 1),
            "the beginning of the object");
      return {};
    }
    return wrong(index, fmt::format("arg#{} expected pointer to allocated object", index),
                 "an object that this program allocated");
  }

  Outcome iterator(unsigned index, BtfId type, const RegState &r) const {
    const std::string_view name = env_.types.name_of(kfunc_.ref(type)).substr(4);  // "bpf_iter_num" -> "iter_num"
    if (r.type != RegType::Stack)
      return wrong(index, fmt::format("arg#{} expected pointer to an iterator on stack", index),
                   "the address of an iterator");
    const auto bytes = static_cast<int64_t>(btf_.size_of(type));
    if (kfunc_.has(tables::kIteratorNew)) {
      const int64_t off = r.constant_offset();
      const bool fits = r.value.is_const() && off % kSlotBytes == 0 && off >= -int64_t{kMaxStack} && off + bytes <= 0;
      if (fits && !forbids_write(state_, r.frame, off, off + bytes) && !holds_iterator(r.frame, off, bytes)) return {};
      return wrong(index, fmt::format("expected uninitialized {} as arg #{}", name, index),
                   "an iterator that is not in use");
    }
    const RegState *iterator = iterator_behind(state_, r);
    if (iterator == nullptr || iterator->target != type.value)
      return wrong(index, fmt::format("expected an initialized {} as arg #{}", name, index),
                   "an iterator that was begun");
    if (iterator->has(kUntrusted))
      return rule(
          fmt::format("expected an RCU CS when using {}", kfunc_.name),
          fmt::format("`{}` must stand between `bpf_rcu_read_lock()` and `bpf_rcu_read_unlock()`", kfunc_.name));
    return {};
  }
  bool holds_iterator(uint32_t frame, int64_t low, int64_t bytes) const {
    const Stack &stack = state_.frames[frame].stack;
    for (int64_t off = low; off < low + bytes; off += kSlotBytes)
      if (stack.kind(off) == ByteKind::Iterator) return true;
    return false;
  }

  Outcome object(unsigned index, std::string_view wanted, const RegState &r) const {
    const unsigned reg = index + 1;
    const bool trusted = r.has(kTrusted) || r.ref_id != 0 || r.is_socket();
    const std::string expected = fmt::format("a pointer to a `struct {}`", wanted);
    if (kfunc_.has(tables::kTrustedArgs | tables::kRcuArgs) && !trusted) {
      if (!kfunc_.has(tables::kRcuArgs))
        return wrong(index, fmt::format("R{} must be referenced or trusted", reg), "a pointer that is surely alive");
      if (!r.has(kRcu))
        return wrong(index, fmt::format("R{} must be a rcu pointer", reg), "a pointer that is surely alive");
    }
    if (kfunc_.has(tables::kRelease) && r.ref_id != 0 && r.off != 0)
      return wrong(index,
                   fmt::format("R{} must have zero offset when passed to release func or trusted arg to kfunc", reg),
                   expected);
    if (r.has(kUntrusted) && kfunc_.special != Special::ReadOnlyCast)
      return wrong(index, fmt::format("R{} must be referenced or trusted", reg), "a pointer that is surely alive");
    if (kfunc_.special == Special::ReadOnlyCast || wanted.empty() || r.is_socket()) return {};
    if (!r.value.is_zero())
      return wrong(index,
                   fmt::format("variable {} access var_off={} disallowed", type_name(r), to_string(r.value.bits)),
                   expected);
    const bool exactly = kfunc_.has(tables::kRelease) && r.ref_id != 0;
    // `nf_conn___init` is a type of its own: an entry that is not inserted yet (btf_type_ids_nocast_alias).
    constexpr std::string_view kInit = "___init";
    const BtfId param = btf_.resolve(btf_.type(btf_.resolve(kfunc_.parameters[index].type)).type);
    const bool have_init = env_.types.btf(type_of(r)).type(type_of(r).id).name.ends_with(kInit);
    if (have_init != btf_.type(param).name.ends_with(kInit))
      return wrong(index,
                   fmt::format("kernel function {} args#{} expected pointer to STRUCT {} but R{} has a pointer to "
                               "STRUCT {}",
                               kfunc_.name, index, btf_.type(param).name, reg,
                               env_.types.btf(type_of(r)).type(type_of(r).id).name),
                   expected);
    if (env_.types.begins_with(type_of(r), r.off, wanted, exactly) || is_projection(wanted, r)) return {};
    return wrong(
        index,
        fmt::format("kernel function {} args#{} expected pointer to STRUCT {} but R{} has a pointer to STRUCT {}",
                    kfunc_.name, index, wanted, reg, env_.types.name_of(type_of(r))),
        expected);
  }
  // What a program sees of a kernel object under another name.
  bool is_projection(std::string_view wanted, const RegState &r) const {
    const std::string_view have = env_.types.name_of(type_of(r));
    return (wanted == "__sk_buff" && have == "sk_buff") || (wanted == "xdp_md" && have == "xdp_buff") ||
           (wanted == "bpf_sock_ops" && have == "bpf_sock_ops_kern") ||
           (wanted == "bpf_sock_addr" && have == "bpf_sock_addr_kern");
  }

  Outcome memory(unsigned index, const KfuncParameter &p, BtfId target, const RegState &r) const {
    const unsigned reg = index + 1;
    if (p.optional && r.is_null()) return {};
    if (p.sized_by_next) {
      const RegState &size = state_.reg(reg + 1);
      if (!size.is_scalar()) return {};  // reported at that argument
      const Range64 &range = size.value.r64;
      if (range.smin < 0)
        return wrong(index + 1,
                     fmt::format("R{} min value is negative, either use unsigned or 'var &= const'", reg + 1),
                     "a size that is not negative");
      if (range.umax >= kMaxHelperSize)
        return wrong(index + 1,
                     fmt::format("R{} unbounded memory access, use 'var &= const' or 'if (var < const)'", reg + 1),
                     "a size with an upper bound");
      if (r.is_null() && range.umax == 0) return {};
      return accessible(index, r, range.umax);
    }
    if (p.is_string && r.type == RegType::MapValue) return {};
    const BtfKind kind = btf_.type(target).kind;
    if (kind == BtfKind::Void) return {};
    if (!is_plain(btf_, target))
      return wrong(index,
                   fmt::format("arg#{} pointer type STRUCT {} must point to scalar, or struct with scalar", index,
                               env_.types.name_of(kfunc_.ref(target))),
                   fmt::format("a pointer to a `struct {}` of the kernel", env_.types.name_of(kfunc_.ref(target))));
    return accessible(index, r, btf_.size_of(target));
  }
  Outcome accessible(unsigned index, const RegState &r, uint64_t size) const {
    if (r.or_null)
      return wrong(index, fmt::format("R{} invalid mem access '{}'", index + 1, type_name(r)),
                   "a pointer that is not NULL");
    for (const bool write : {false, true}) {  // for lack of knowledge what the function does (check_mem_reg)
      Outcome f = check_helper_memory(env_, state_, insn_, index + 1, size, write, true);
      if (f && f->cause == Cause::ArgumentType)
        return wrong(index, f->kernel, fmt::format("the address of {} bytes", size));
      if (f) return f;
    }
    return {};
  }

  Outcome released() const {
    if (!kfunc_.has(tables::kRelease)) return {};
    for (unsigned i = 0; i < kfunc_.parameters.size() && i < 5; i++) {
      const RegState &r = state_.reg(i + 1);
      if (r.type == RegType::Poisoned || (r.is_null() && kfunc_.parameters[i].nullable)) return {};
      if (r.ref_id != 0 && state_.holds(r.ref_id)) return {};
      const RegState *dynptr = r.type == RegType::Stack ? dynptr_behind(state_, r) : nullptr;
      if (dynptr != nullptr && dynptr->ref_id != 0) return {};
    }
    return rule(fmt::format("release kernel function {} expects refcounted PTR_TO_BTF_ID", kfunc_.name),
                fmt::format("`{}` gives back a reference, but this program holds none here", kfunc_.name), 1);
  }

  const Env &env_;
  const State &state_;
  uint32_t insn_;
  const Kfunc &kfunc_;
  const object::Btf &btf_;
};

}  // namespace

Outcome check_kfunc(const Env &env, const State &state, uint32_t insn) {
  const Kfunc *kfunc = env.structure.kfunc_at(env.insn(insn));
  if (env.insn(insn).imm == 0)
    return Failure{.cause = Cause::KfuncRule,
                   .insn = insn,
                   .kernel = "invalid kernel function call not eliminated in verifier pass",
                   .detail = "a function of the kernel that is not there is called"};
  if (kfunc == nullptr)
    return Failure{.cause = Cause::NotModelled, .insn = insn, .detail = "a kernel function without BTF"};
  return KfuncCall(env, state, insn, *kfunc).check();
}

}  // namespace spile::verifier
