// Helpers that read memory which may not be there: probe_read and its variants. On a fault the destination is zeroed
// and the result is -EFAULT, as in the kernel; -ERANGE where `_kernel` is given what can be no address of the kernel's,
// null among them (copy_from_kernel_nofault_allowed()).
//
// Kernel: `_kernel` reads any kernel address there; here only memory of this process, where the program's own stack,
// maps and constants lie.
#include <algorithm>
#include <cerrno>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/read.h"

namespace spile::helpers {

// What a read of [address] into [to] gave, told and returned.
static uint64_t finish(vm::Env *env, uint32_t helper, Space space, uint64_t address, std::span<std::byte> to,
                       int64_t result) {
  constexpr uint64_t kFirst = 0xffff'8000'0000'0000;  // of the upper half of canonical addresses
  if (result < 0) {
    std::ranges::fill(to, std::byte{0});
    result = space == Space::Own && address < kFirst ? -ERANGE : -EFAULT;
  }
  return returned(env, helper, result);
}

static uint64_t probe(vm::Env *env, uint32_t helper, Space space, uint64_t to, uint64_t size, uint64_t address) {
  const std::span<std::byte> buffer = buffer_at(to, size);
  return finish(env, helper, space, address, buffer, read_memory(env, space, address, buffer));
}

static uint64_t probe_string(vm::Env *env, uint32_t helper, Space space, uint64_t to, uint64_t size, uint64_t address) {
  const std::span<std::byte> buffer = buffer_at(to, size);
  return finish(env, helper, space, address, buffer, read_string(env, space, address, buffer));
}

// The old names take both kinds of address; most programs mean the task's.
uint64_t probe_read(uint64_t to, uint64_t size, uint64_t address, uint64_t, uint64_t, vm::Env *env) {
  return probe(env, k_probe_read, Space::TaskThenOwn, to, size, address);
}
uint64_t probe_read_str(uint64_t to, uint64_t size, uint64_t address, uint64_t, uint64_t, vm::Env *env) {
  return probe_string(env, k_probe_read_str, Space::TaskThenOwn, to, size, address);
}

uint64_t probe_read_user(uint64_t to, uint64_t size, uint64_t address, uint64_t, uint64_t, vm::Env *env) {
  return probe(env, k_probe_read_user, Space::Task, to, size, address);
}
uint64_t probe_read_user_str(uint64_t to, uint64_t size, uint64_t address, uint64_t, uint64_t, vm::Env *env) {
  return probe_string(env, k_probe_read_user_str, Space::Task, to, size, address);
}

uint64_t probe_read_kernel(uint64_t to, uint64_t size, uint64_t address, uint64_t, uint64_t, vm::Env *env) {
  return probe(env, k_probe_read_kernel, Space::Own, to, size, address);
}
uint64_t probe_read_kernel_str(uint64_t to, uint64_t size, uint64_t address, uint64_t, uint64_t, vm::Env *env) {
  return probe_string(env, k_probe_read_kernel_str, Space::Own, to, size, address);
}

// Kernel: may sleep until the page is there.
uint64_t copy_from_user(uint64_t to, uint64_t size, uint64_t address, uint64_t, uint64_t, vm::Env *env) {
  return probe(env, k_copy_from_user, Space::Task, to, size, address);
}
// Of another task nothing is known; the current one is the only one that a program here can name.
uint64_t copy_from_user_task(uint64_t to, uint64_t size, uint64_t address, uint64_t, uint64_t flags, vm::Env *env) {
  if (flags != 0) return returned(env, k_copy_from_user_task, -EINVAL);
  return probe(env, k_copy_from_user_task, Space::Task, to, size, address);
}

}  // namespace spile::helpers
