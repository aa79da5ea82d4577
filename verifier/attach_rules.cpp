#include "verifier/attach_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "verifier/objects.h"

namespace spile::verifier {
namespace {

using tables::AttachType;

// can_be_sleepable(), and the types that newer kernels added.
bool may_be_sleepable(const tables::ProgramType &type) {
  switch (type.number) {
    case BPF_PROG_TYPE_TRACING:
      return type.attach == AttachType::TRACE_FENTRY || type.attach == AttachType::TRACE_FEXIT ||
             type.attach == AttachType::MODIFY_RETURN || type.attach == AttachType::TRACE_ITER ||
             type.attach == AttachType::TRACE_FSESSION;
    case BPF_PROG_TYPE_LSM:
      return type.attach != AttachType::LSM_CGROUP;
    case BPF_PROG_TYPE_KPROBE:
    case BPF_PROG_TYPE_STRUCT_OPS:
    case BPF_PROG_TYPE_SYSCALL:
      return true;
    default:
      return (type.flags & tables::kSleepable) != 0;
  }
}

template <size_t N>
bool is_in(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

// Hooks whose result is no error number, or that hand out memory (bpf_lsm_disabled_hooks).
bool is_disabled(std::string_view hook) {
  static constexpr std::string_view kHooks[] = {"vm_enough_memory",   "inode_need_killpriv", "inode_getsecurity",
                                                "inode_listsecurity", "inode_copy_up_xattr", "getselfattr",
                                                "getprocattr",        "setprocattr",         "key_getsecurity",
                                                "audit_rule_match",   "ismaclabel"};
  return is_in(kHooks, hook);
}

// What the kernel's subsystems say of single members of their struct_ops (check_member, get_func_proto).
struct MemberRule {
  std::string_view ops, member;
  bool unsupported = false, never_sleeps = false, no_sockopt = false;
};
constexpr MemberRule kMemberRules[] = {
    {.ops = "bpf_dummy_ops", .member = "test_1", .never_sleeps = true},
    {.ops = "bpf_dummy_ops", .member = "test_2", .never_sleeps = true},
    {.ops = "tcp_congestion_ops", .member = "get_info", .unsupported = true},
    {.ops = "tcp_congestion_ops", .member = "release", .no_sockopt = true},
};
const MemberRule *member_rule(const Env &env) {
  const std::optional<StructOpsMember> place = struct_ops_member(env);
  if (!place) return nullptr;
  const auto *found = std::ranges::find_if(
      kMemberRules, [&](const MemberRule &r) { return r.ops == place->ops && r.member == place->member; });
  return found == std::end(kMemberRules) ? nullptr : found;
}

bool is_for_sleepable(uint32_t map_type) {
  const tables::MapType *type = tables::find_map_type(map_type);
  return type != nullptr && (type->flags & tables::kMapForSleepable) != 0;
}

// The special field that keeps a map out of the program; in the kernel's words.
const char *unfit_field(const Env &env, uint32_t map) {
  for (const SpecialField &f : env.fields_of_map(map)) {
    const bool lock = f.kind == FieldKind::SpinLock || f.kind == FieldKind::ResSpinLock;
    if (lock && env.type.number == BPF_PROG_TYPE_SOCKET_FILTER) return "socket filter progs cannot use bpf_spin_lock";
    if (!is_probe(env.type)) continue;
    if (lock) return "tracing progs cannot use bpf_spin_lock";
    if (f.kind == FieldKind::ListHead || f.kind == FieldKind::RbRoot)
      return "tracing progs cannot use bpf_{list_head,rb_root}";
    if (f.kind == FieldKind::Timer) return "tracing progs cannot use bpf_timer";
    if (f.kind == FieldKind::Workqueue) return "tracing progs cannot use bpf_wq";
  }
  return nullptr;
}

}  // namespace

bool is_probe(const tables::ProgramType &type) {
  return type.number == BPF_PROG_TYPE_KPROBE || type.number == BPF_PROG_TYPE_TRACEPOINT ||
         type.number == BPF_PROG_TYPE_PERF_EVENT || type.number == BPF_PROG_TYPE_RAW_TRACEPOINT ||
         type.number == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
}

std::optional<Failure> check_maps(const Env &env) {
  for (uint32_t i = 0; i < env.program.insns.size(); i++) {
    const isa::Insn &insn = env.insn(i);
    if (!insn.is_lddw() || (insn.src != isa::kPseudoMapIdx && insn.src != isa::kPseudoMapIdxValue)) continue;
    const auto map = static_cast<uint32_t>(insn.imm);
    if (const char *why = unfit_field(env, map))
      return Failure{
          .cause = Cause::LockRule,
          .insn = i,
          .kernel = fmt::format("{} yet", why),
          .map = map,
          .detail = fmt::format("programs of type `{}` cannot use `{}`, whose values hold a lock, a timer or "
                                "a list",
                                env.type.name, env.map(map).name)};
    if (env.is_sleepable() && !is_for_sleepable(env.map(map).type))
      return Failure{.cause = Cause::LockRule,
                     .insn = i,
                     .kernel = "Sleepable programs can only use array, hash, ringbuf and local storage maps",
                     .map = map,
                     .detail = fmt::format("a program that may sleep cannot use `{}`: its type of map is not for them",
                                           env.map(map).name)};
  }
  return {};
}

bool hands_over_dying(std::string_view hook) {  // untrusted_lsm_hooks
  static constexpr std::string_view kHooks[] = {"bpf_map_free",       "bpf_prog_free",     "file_alloc_security",
                                                "file_free_security", "sk_alloc_security", "sk_free_security",
                                                "task_free"};
  return is_in(kHooks, hook);
}

std::string_view target_of(const Env &env) {
  const std::string_view section = env.program.section;
  const size_t slash = section.find('/');
  return slash == std::string_view::npos ? std::string_view() : section.substr(slash + 1);
}

const TargetType *target_type(tables::AttachType attach) {
  using tables::AttachType;
  static constexpr TargetType kTypes[] = {
      {AttachType::TRACE_FENTRY, object::BtfKind::Func, "", "function"},
      {AttachType::TRACE_FEXIT, object::BtfKind::Func, "", "function"},
      {AttachType::MODIFY_RETURN, object::BtfKind::Func, "", "function"},
      {AttachType::TRACE_FSESSION, object::BtfKind::Func, "", "function"},
      {AttachType::LSM_MAC, object::BtfKind::Func, "bpf_lsm_", "LSM hook"},
      {AttachType::LSM_CGROUP, object::BtfKind::Func, "bpf_lsm_", "LSM hook"},
      {AttachType::TRACE_RAW_TP, object::BtfKind::Typedef, "btf_trace_", "tracepoint"},
      {AttachType::TRACE_ITER, object::BtfKind::Func, "bpf_iter_", "iterator"},
  };
  const auto *const row = std::ranges::find(kTypes, attach, &TargetType::attach);
  return row == std::end(kTypes) ? nullptr : row;
}

std::optional<Failure> check_attachment(const Env &env) {
  if (env.is_sleepable() && !may_be_sleepable(env.type))
    return Failure{.cause = Cause::KfuncRule,
                   .kernel = "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable",
                   .detail = fmt::format("programs of type `{}` cannot be sleepable here", env.type.name)};
  if (env.type.number == BPF_PROG_TYPE_STRUCT_OPS && !tables::is_gpl_compatible(env.program.license))
    return Failure{.cause = Cause::KfuncRule,
                   .kernel = "struct ops programs must have a GPL compatible license",
                   .detail = fmt::format("programs of struct_ops need a GPL-compatible licence; this one is `{}`",
                                         env.program.license)};
  if (env.type.number == BPF_PROG_TYPE_STRUCT_OPS)
    if (const MemberRule *rule = member_rule(env);
        rule != nullptr && (rule->unsupported || (rule->never_sleeps && env.is_sleepable())))
      return Failure{.cause = Cause::KfuncRule,
                     .kernel = fmt::format("attach to unsupported member {} of struct {}", rule->member, rule->ops),
                     .detail = fmt::format("no {}program may be the member `{}` of a `struct {}`",
                                           rule->unsupported ? "" : "sleepable ", rule->member, rule->ops)};
  if (env.type.number == BPF_PROG_TYPE_LSM && is_disabled(target_of(env)))
    return Failure{.cause = Cause::KfuncRule,
                   .kernel = fmt::format("points to disabled hook bpf_lsm_{}", target_of(env)),
                   .detail = fmt::format("no program may hang on the hook `{}`", target_of(env))};
  return {};
}

tables::ReturnRange return_range(const Env &env) {
  if (env.type.number != BPF_PROG_TYPE_LSM || env.type.attach != AttachType::LSM_MAC) return env.type.returns;
  static constexpr std::string_view kBool[] = {"audit_rule_known", "inode_xattr_skipcap"};
  return is_in(kBool, target_of(env)) ? tables::ReturnRange{false, 0, 1} : tables::ReturnRange{false, -kMaxErrno, 0};
}

bool may_set_sockets(const Env &env) {
  if (env.type.number != BPF_PROG_TYPE_STRUCT_OPS) return true;
  const MemberRule *rule = member_rule(env);
  return rule == nullptr || !rule->no_sockopt;
}

bool may_call_d_path(const Env &env) {
  static constexpr std::string_view kFunctions[] = {"security_file_permission",
                                                    "security_inode_getattr",
                                                    "security_file_open",
                                                    "security_path_truncate",
                                                    "vfs_truncate",
                                                    "vfs_fallocate",
                                                    "dentry_open",
                                                    "vfs_getattr",
                                                    "filp_close"};
  return env.type.number != BPF_PROG_TYPE_TRACING || env.type.attach == AttachType::TRACE_ITER ||
         is_in(kFunctions, target_of(env));
}

}  // namespace spile::verifier
