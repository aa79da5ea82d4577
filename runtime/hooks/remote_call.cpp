#include "runtime/hooks/remote_call.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace spile::hooks {

namespace {

constexpr size_t kPage = 4096;
// The vDSO has two pages or so of code.
constexpr size_t kMaxVdso = 4 * kPage;

uint64_t vdso_of(pid_t tid) {
  const int fd = ::open(fmt::format("/proc/{}/auxv", tid).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  std::array<Elf64_auxv_t, 64> entries{};
  const ssize_t size = ::read(fd, entries.data(), sizeof entries);
  ::close(fd);
  for (size_t i = 0; size > 0 && i < static_cast<size_t>(size) / sizeof entries[0]; i++)
    if (entries[i].a_type == AT_SYSINFO_EHDR) return entries[i].a_un.a_val;
  return 0;
}

// One of our own: the caller waits for nothing else of this thread, so what comes is its.
bool wait_for(pid_t tid, int &status) {
  while (::waitpid(tid, &status, __WALL) < 0)
    if (errno != EINTR) return false;
  return true;
}

}  // namespace

bool read_remote(pid_t tid, uint64_t address, void *to, size_t size) {
  const iovec local{to, size};
  const iovec remote{reinterpret_cast<void *>(address), size};
  return ::process_vm_readv(tid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

bool write_word(pid_t tid, uint64_t address, uint64_t word) {
  return ::ptrace(PTRACE_POKETEXT, tid, address, word) == 0;
}

uint64_t find_syscall_instruction(pid_t tid) {
  const uint64_t vdso = vdso_of(tid);
  if (vdso == 0) return 0;
  std::vector<uint8_t> code;
  for (std::array<uint8_t, kPage> page;
       code.size() < kMaxVdso && read_remote(tid, vdso + code.size(), page.data(), kPage);)
    code.insert(code.end(), page.begin(), page.end());
  // Whatever the bytes belong to: as an instruction they are one.
  constexpr std::array<uint8_t, 2> kSyscall{0x0f, 0x05};
  const auto found = std::ranges::search(code, kSyscall);
  return found.empty() ? 0 : vdso + static_cast<uint64_t>(found.begin() - code.begin());
}

std::optional<int64_t> call_system(pid_t tid, const user_regs_struct &regs, uint64_t instruction, uint64_t number,
                                   const std::array<uint64_t, 6> &arguments,
                                   const std::function<void(pid_t, int)> &ended) {
  user_regs_struct call = regs;
  call.rip = instruction;
  call.rax = number;
  call.orig_rax = ~0ull;  // no system call that would be begun again
  call.rdi = arguments[0];
  call.rsi = arguments[1];
  call.rdx = arguments[2];
  call.r10 = arguments[3];
  call.r8 = arguments[4];
  call.r9 = arguments[5];
  // Signals wait until it is done.
  uint64_t mask = 0;
  const uint64_t all = ~0ull;
  ::ptrace(PTRACE_GETSIGMASK, tid, sizeof mask, &mask);
  ::ptrace(PTRACE_SETSIGMASK, tid, sizeof all, &all);
  ::ptrace(PTRACE_SETREGS, tid, nullptr, &call);
  std::optional<int64_t> result;
  while (!result) {
    int status = 0;
    if (::ptrace(PTRACE_SYSCALL, tid, nullptr, nullptr) != 0 || !wait_for(tid, status)) return std::nullopt;
    if (!WIFSTOPPED(status)) {
      ended(tid, status);
      return std::nullopt;
    }
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;  // of seccomp, of job control
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) > 0 && info.op == PTRACE_SYSCALL_INFO_EXIT)
      result = info.exit.rval;
  }
  user_regs_struct after = regs;
  after.orig_rax = ~0ull;
  ::ptrace(PTRACE_SETREGS, tid, nullptr, &after);
  ::ptrace(PTRACE_SETSIGMASK, tid, sizeof mask, &mask);
  return result;
}

}  // namespace spile::hooks
