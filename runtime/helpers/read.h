// Reading memory that may not be there: of the traced task, or of this process (the program's own: its stack, its maps,
// its constants). A wrong address is an error, never a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/vm/env.h"

namespace spile::helpers {

// Which memory an address means. In the kernel an address tells by itself whether it is a user's or the kernel's; here
// the program's own memory lies in this process, at addresses that the traced task may use too. Helpers that take both
// look first where their pointers usually come from.
enum class Space : uint8_t { Task, Own, TaskThenOwn, OwnThenTask };

// Fills [to] from [address]. 0 or -EFAULT; [to] is undefined then.
int64_t read_memory(const vm::Env *env, Space space, uint64_t address, std::span<std::byte> to);

// Copies the string at [address], cut to fit and always ended by a NUL; bytes of [to] after it are left alone. Its
// length with the NUL, 0 for an empty [to], or -EFAULT.
int64_t read_string(const vm::Env *env, Space space, uint64_t address, std::span<std::byte> to);

}  // namespace spile::helpers
