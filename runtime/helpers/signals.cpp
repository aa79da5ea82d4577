// bpf_send_signal() and its kin: to the task that causes the event. A task that lives, and that is traced, gets it;
// what would be sent otherwise (to one of a recording, of a test) is noted in Env::unsent.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

namespace {

// bpf_send_signal_common()
int64_t send(vm::Env *env, uint32_t signal, bool to_thread) {
  constexpr uint32_t kLast = 64;  // _NSIG
  const vm::Event *event = env->event;
  if (event == nullptr || event->pid == 0 || event->pid == 1) return -EPERM;
  if (signal > kLast) return -EINVAL;
  const auto own = static_cast<uint32_t>(::getpid());
  if (!env->signals_tasks || event->pid == own) {
    env->unsent.push_back({signal, event->pid, event->tid, to_thread});
    return 0;
  }
  const long done =
      to_thread ? ::syscall(SYS_tgkill, event->pid, event->tid, signal) : ::syscall(SYS_kill, event->pid, signal);
  return done == 0 ? 0 : -errno;
}

}  // namespace

uint64_t send_signal(uint64_t signal, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_send_signal, send(env, static_cast<uint32_t>(signal), false));
}
uint64_t send_signal_thread(uint64_t signal, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_send_signal_thread, send(env, static_cast<uint32_t>(signal), true));
}

}  // namespace spile::helpers
