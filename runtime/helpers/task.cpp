// Helpers that ask who caused the event. In a handler without an event (begin, end, interval) they answer for nobody:
// zeros and an empty name.
#include <linux/bpf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

// strscpy_pad(): cut to fit, always ended by a NUL, the rest zero.
uint64_t get_current_comm(uint64_t to, uint64_t size, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  const std::span<std::byte> buffer = buffer_at(to, size);
  std::ranges::fill(buffer, std::byte{0});
  if (env->event == nullptr) return 0;
  const auto &comm = env->event->comm;
  const size_t length = std::min(::strnlen(comm.data(), comm.size()), buffer.size() - 1);
  std::memcpy(buffer.data(), comm.data(), length);
  return 0;
}

// A name for the task, as storage is kept by; its members are a kernel's (session::check_runs_here).
uint64_t get_current_task_btf(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return get_current_task(0, 0, 0, 0, 0, env);
}

// Level 0 is the root, whose id is 1 in every hierarchy.
uint64_t get_current_ancestor_cgroup_id(uint64_t level, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  return static_cast<uint32_t>(level) == 0 ? 1 : 0;
}
// A cgroup array has no element until someone puts a group in: an index that it has is -EAGAIN.
uint64_t current_task_under_cgroup(uint64_t map, uint64_t index, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  const bool inside = static_cast<uint32_t>(index) < map_at(map).definition().max_entries;
  return returned(env, k_current_task_under_cgroup, inside ? -EAGAIN : -E2BIG);
}

// The ids of the event are those of this process's namespace: no other is known.
uint64_t get_ns_current_pid_tgid(uint64_t device, uint64_t inode, uint64_t to, uint64_t size, uint64_t, vm::Env *env) {
  const std::span<std::byte> buffer = buffer_at(to, size);
  std::ranges::fill(buffer, std::byte{0});
  if (buffer.size() != sizeof(bpf_pidns_info)) return returned(env, k_get_ns_current_pid_tgid, -EINVAL);
  static const auto own = [] {
    struct stat found{};
    if (::stat("/proc/self/ns/pid", &found) != 0) found = {};
    return found;
  }();
  if (env->event == nullptr || own.st_ino == 0 || own.st_dev != device || own.st_ino != inode)
    return returned(env, k_get_ns_current_pid_tgid, -EINVAL);
  const bpf_pidns_info info{env->event->tid, env->event->pid};
  std::memcpy(buffer.data(), &info, sizeof info);
  return 0;
}

// The result of the system call that the control group's programs may change.
uint64_t get_retval(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return static_cast<uint64_t>(int64_t{env->return_value});
}
uint64_t set_retval(uint64_t value, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  env->return_value = static_cast<int32_t>(value);
  return 0;
}

}  // namespace spile::helpers
