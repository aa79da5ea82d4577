#include "lang-spec/tables/syscalls.h"

#include <algorithm>
#include <array>

namespace spile::tables {

namespace {
constexpr auto kSyscalls = std::to_array<Syscall>({
#define SPILE_SYSCALL(tracepoint, x86_64, aarch64, name, arguments) {#tracepoint, x86_64, aarch64, name, arguments},
#include "lang-spec/tables/syscalls.def"
});

constexpr bool x86_numbers_rise() {
  for (size_t i = 1; i < kSyscalls.size(); i++)
    if (kSyscalls[i].x86_64 >= 0 && kSyscalls[i - 1].x86_64 >= kSyscalls[i].x86_64) return false;
  return true;
}
static_assert(x86_numbers_rise(), "syscalls.def: rows must stand in the order of the x86-64 numbers");
}  // namespace

std::vector<SyscallArgument> arguments_of(const Syscall &syscall) {
  std::vector<SyscallArgument> arguments;
  std::string_view rest = syscall.arguments;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(", "), rest.size());
    const std::string_view argument = rest.substr(0, end);
    const size_t space = argument.rfind(' ');
    arguments.push_back({argument.substr(0, space), argument.substr(space + 1)});
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return arguments;
}

std::span<const Syscall> syscalls() { return kSyscalls; }

const Syscall *find_syscall(uint32_t number) {
  const auto *row = std::ranges::find_if(
      kSyscalls, [&](const Syscall &syscall) { return syscall.number() == static_cast<int64_t>(number); });
  return row != kSyscalls.end() ? row : nullptr;
}

const Syscall *find_syscall(std::string_view tracepoint) {
  const auto *row = std::ranges::find_if(
      kSyscalls, [&](const Syscall &syscall) { return syscall.tracepoint == tracepoint && syscall.number() >= 0; });
  return row != kSyscalls.end() ? row : nullptr;
}

}  // namespace spile::tables
