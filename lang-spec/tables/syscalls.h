// The system calls of Linux by their tracepoints: numbers, names, arguments. Expanded from syscalls.def.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spile::tables {

struct Syscall {
  std::string_view tracepoint;  // X of sys_enter_X
  int32_t x86_64, aarch64;      // numbers; -1 where there is none
  std::string_view name;        // as in the manual: "fstat", whose tracepoint is "newfstat"
  std::string_view arguments;   // "const char * filename, int flags, umode_t mode"

  // On the machine that Spile was built for; -1 where there is none.
  constexpr int32_t number() const {
#if defined(__x86_64__)
    return x86_64;
#elif defined(__aarch64__)
    return aarch64;
#else
    return -1;
#endif
  }
};

struct SyscallArgument {
  std::string_view type, name;
};
std::vector<SyscallArgument> arguments_of(const Syscall &syscall);

// The record of a tracepoint as a C struct that needs no other type, `struct sys_enter_openat { ... };`: integers by
// their size, pointers to what is no basic type or struct as `void *`. Of any sys_exit_X it is `struct sys_exit`; where
// only the number is common, `struct sys_enter`.
std::string context_struct(const Syscall &syscall);
std::string_view common_context_structs();

// All rows, in the order of the numbers of x86-64.
std::span<const Syscall> syscalls();
// Those of this machine, by number and by the name of the tracepoint; null when there is none.
const Syscall *find_syscall(uint32_t number);
const Syscall *find_syscall(std::string_view tracepoint);

}  // namespace spile::tables
