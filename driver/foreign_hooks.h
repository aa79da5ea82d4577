// Hooks as the neighbours write them: bpftrace's `tracepoint:syscalls:sys_enter_open`, perf's
// `syscalls:sys_enter_open`, dtrace's `syscall::open:entry`, SystemTap's `syscall.open`, or the bare name of a
// tracepoint.
#pragma once

#include <string>
#include <string_view>

namespace spile::driver {

// How [hook] is written in SEC(); empty when it is nobody's spelling. What comes back is a known hook's form, but may
// name what this machine does not have.
std::string hook_spelled_here(std::string_view hook);

}  // namespace spile::driver
