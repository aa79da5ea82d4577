// How long a system call may stand still for others, of those that a seccomp listener reports.
//
// A signal that comes before the report has been received takes the task out of the call with ERESTARTSYS: it has not
// begun. That is told from a call that a signal has interrupted when the call itself never ends so.
#pragma once

#include <cstdint>

namespace spile::hooks {

enum class SyscallWaits : uint8_t {
  Never,     // it does not end with ERESTARTSYS
  OnOpen,    // it does for what is seldom opened: a FIFO, a terminal line, a file with a lease
  ForOthers  // it may at any time, or is not known here
};
SyscallWaits waits_of(uint32_t number);

}  // namespace spile::hooks
