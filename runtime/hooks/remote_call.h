// Making a traced thread do a system call of ours.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace spile::hooks {

// The address of a `syscall` instruction that every process has, in the vDSO; 0 when this one has none.
uint64_t find_syscall_instruction(pid_t tid);

// [tid] stands still, outside of system calls, with [regs]; so it does afterwards. [instruction]: of above. The result
// of the call, -errno too. None when the thread has ended: [ended] gets the status then.
std::optional<int64_t> call_system(pid_t tid, const user_regs_struct &regs, uint64_t instruction, uint64_t number,
                                   const std::array<uint64_t, 6> &arguments,
                                   const std::function<void(pid_t, int)> &ended);

// Reads and writes memory of a stopped process, whatever its protection. False: it is not mapped.
bool read_remote(pid_t tid, uint64_t address, void *to, size_t size);
bool write_word(pid_t tid, uint64_t address, uint64_t word);

}  // namespace spile::hooks
