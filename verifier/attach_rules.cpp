#include "verifier/attach_rules.h"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

std::string_view target_of(const Env &env) {
  const std::string_view section = env.program.section;
  const size_t slash = section.find('/');
  return slash == std::string_view::npos ? std::string_view() : section.substr(slash + 1);
}

std::optional<Failure> check_attachment(const Env &env) {
  if (env.is_sleepable() && !may_be_sleepable(env.type))
    return Failure{.cause = Cause::KfuncRule,
                   .kernel = "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable",
                   .detail = fmt::format("programs of type `{}` cannot be sleepable here", env.type.name)};
  if (env.type.number == BPF_PROG_TYPE_LSM && is_disabled(target_of(env)))
    return Failure{.cause = Cause::KfuncRule,
                   .kernel = fmt::format("points to disabled hook bpf_lsm_{}", target_of(env)),
                   .detail = fmt::format("no program may hang on the hook `{}`", target_of(env))};
  return {};
}

tables::ReturnRange return_range(const Env &env) {
  constexpr int64_t kMaxErrno = 4095;
  if (env.type.number != BPF_PROG_TYPE_LSM || env.type.attach != AttachType::LSM_MAC) return env.type.returns;
  static constexpr std::string_view kBool[] = {"audit_rule_known", "inode_xattr_skipcap"};
  return is_in(kBool, target_of(env)) ? tables::ReturnRange{false, 0, 1} : tables::ReturnRange{false, -kMaxErrno, 0};
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
