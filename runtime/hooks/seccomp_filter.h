// The seccomp filter of a traced command: stops at the system calls that somebody wants to see, or has them reported to
// a listener, and lets all others pass.
//
// A system call that is not wanted costs a few nanoseconds.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

namespace spile::hooks {

struct SyscallSelection {
  bool all = false;
  std::vector<uint32_t> numbers;   // sorted, each once; ignored when [all]
  std::vector<uint32_t> reported;  // as well; none of [numbers]: where they enter is all that matters
  bool mapping_of_code = false;    // mmap() of files with PROT_EXEC too
};

// Classic BPF for SECCOMP_SET_MODE_FILTER. System calls of another architecture (a 32-bit program) are let through.
// Beside [selection] it stops at prctl(PR_SET_NAME), which changes the name that events carry, and with a listener at
// seccomp() where it asks for another one. [has_listener]: SyscallSelection::reported is reported, else it stops too.
std::vector<sock_filter> make_seccomp_filter(const SyscallSelection &selection, bool has_listener);

}  // namespace spile::hooks
