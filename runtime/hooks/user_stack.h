// UserStack: the call chain of a stopped thread, by frame pointers, as the kernel's perf_callchain_user() finds it.
#pragma once

#include <sys/user.h>

#include <array>
#include <cstdint>
#include <span>

#include "runtime/vm/event.h"

namespace spile::hooks {

class UserStack {
 public:
  // Return addresses, innermost first; valid until the next walk. [is_at_entry]: of a function that has pushed nothing
  // yet, so that its caller is on top of the stack. Code without frame pointers ends the chain, or misses callers.
  std::span<const uint64_t> walk(const user_regs_struct &regs, bool is_at_entry, vm::TaskMemory &memory);

 private:
  static constexpr size_t kMaxFrames = 127;  // PERF_MAX_STACK_DEPTH
  std::array<uint64_t, kMaxFrames> addresses_;
};

}  // namespace spile::hooks
