// Helpers that ask who caused the event. In a handler without an event (begin, end, interval) they answer for nobody:
// zeros and an empty name.
#include <algorithm>
#include <cstring>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

uint64_t get_current_pid_tgid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : uint64_t{env->event->pid} << 32 | env->event->tid;
}

uint64_t get_current_uid_gid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : uint64_t{env->event->gid} << 32 | env->event->uid;
}

uint64_t get_smp_processor_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return env->event == nullptr ? 0 : env->event->cpu;
}

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

}  // namespace spile::helpers
