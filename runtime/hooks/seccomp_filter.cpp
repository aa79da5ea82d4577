#include "runtime/hooks/seccomp_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>

namespace spile::hooks {

namespace {
#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the AUDIT_ARCH of this machine is missing here"
#endif

sock_filter load(size_t offset) { return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<uint32_t>(offset)}; }
// Goes on behind the next instruction unless the accumulator is [value].
sock_filter next_if(uint32_t value) { return {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value}; }
sock_filter result(uint32_t action) { return {BPF_RET | BPF_K, 0, 0, action}; }
}  // namespace

std::vector<sock_filter> make_seccomp_filter(const SyscallSelection &selection, bool has_listener) {
  // The kernel evaluates the filter once for every number with unknown arguments and remembers which are always
  // allowed, so the comparisons below are not made for those (Linux 5.11).
  std::vector<sock_filter> filter;
  filter.push_back(load(offsetof(seccomp_data, arch)));
  filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kArchitecture});
  filter.push_back(result(SECCOMP_RET_ALLOW));
  filter.push_back(load(offsetof(seccomp_data, nr)));
  for (const uint32_t number : selection.reported) {
    filter.push_back(next_if(number));
    filter.push_back(result(has_listener ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_TRACE));
  }
  if (selection.all) {
    filter.push_back(result(SECCOMP_RET_TRACE));
    return filter;
  }
  for (const uint32_t number : selection.numbers) {
    filter.push_back(next_if(number));
    filter.push_back(result(SECCOMP_RET_TRACE));
  }
  if (selection.mapping_of_code && !std::ranges::binary_search(selection.numbers, static_cast<uint32_t>(SYS_mmap))) {
    filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 7, SYS_mmap});
    filter.push_back(load(offsetof(seccomp_data, args[2])));
    filter.push_back({BPF_JMP | BPF_JSET | BPF_K, 1, 0, PROT_EXEC});
    filter.push_back(result(SECCOMP_RET_ALLOW));
    filter.push_back(load(offsetof(seccomp_data, args[3])));
    filter.push_back({BPF_JMP | BPF_JSET | BPF_K, 0, 1, MAP_ANONYMOUS});
    filter.push_back(result(SECCOMP_RET_ALLOW));
    filter.push_back(result(SECCOMP_RET_TRACE));
  }
  if (has_listener && !std::ranges::binary_search(selection.numbers, static_cast<uint32_t>(SYS_seccomp))) {
    filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_seccomp});
    filter.push_back(load(offsetof(seccomp_data, args[1])));
    filter.push_back({BPF_JMP | BPF_JSET | BPF_K, 0, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER});
    filter.push_back(result(SECCOMP_RET_TRACE));
    filter.push_back(result(SECCOMP_RET_ALLOW));
  }
  if (!std::ranges::binary_search(selection.numbers, static_cast<uint32_t>(SYS_prctl))) {
    filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_prctl});
    filter.push_back(load(offsetof(seccomp_data, args)));  // the low half of the first argument: little endian
    filter.push_back(next_if(PR_SET_NAME));
    filter.push_back(result(SECCOMP_RET_TRACE));
  }
  filter.push_back(result(SECCOMP_RET_ALLOW));
  return filter;
}

}  // namespace spile::hooks
