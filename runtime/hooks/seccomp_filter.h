// The seccomp filter of a traced command: stops at the system calls that somebody wants to see, and at no others.
//
// A system call that is not wanted costs a few nanoseconds; a wanted one about 14 µs at each end, against as much for
// every system call when ptrace stops at all of them.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

namespace spile::hooks {

struct SyscallSelection {
  bool all = false;
  std::vector<uint32_t> numbers;  // sorted, each once; ignored when [all]
  bool mapping_of_code = false;   // mmap() of files with PROT_EXEC too
};

// Classic BPF for SECCOMP_SET_MODE_FILTER. System calls of another architecture (a 32-bit program) are let through.
// Beside [selection] it stops at prctl(PR_SET_NAME), which changes the name that events carry.
std::vector<sock_filter> make_seccomp_filter(const SyscallSelection &selection);

}  // namespace spile::hooks
