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

// What the kernel's names of integers are on the machines that Linux runs on with 64 bits.
struct IntegerName {
  std::string_view name, type;
};
constexpr auto kIntegers = std::to_array<IntegerName>({
    {"u32", "unsigned int"},
    {"__u32", "unsigned int"},
    {"uid_t", "unsigned int"},
    {"gid_t", "unsigned int"},
    {"qid_t", "unsigned int"},
    {"unsigned", "unsigned int"},
    {"__s32", "int"},
    {"pid_t", "int"},
    {"key_t", "int"},
    {"clockid_t", "int"},
    {"timer_t", "int"},
    {"mqd_t", "int"},
    {"rwf_t", "int"},
    {"key_serial_t", "int"},
    {"loff_t", "long"},
    {"off_t", "long"},
    {"size_t", "unsigned long"},
    {"aio_context_t", "unsigned long"},
    {"__u64", "unsigned long"},
    {"umode_t", "unsigned short"},
});
constexpr std::string_view kBasic[] = {"int", "unsigned int", "long", "unsigned long"};
constexpr std::string_view kPointees[] = {"char", "void", "int", "unsigned int", "long", "unsigned long"};

// [type] as it stands in a tracepoint's format.
std::string member_type(std::string_view type) {
  const bool is_const = type.starts_with("const ");
  if (is_const) type.remove_prefix(6);
  const size_t star = type.find(" *");
  if (star == std::string_view::npos) {
    if (std::ranges::find(kBasic, type) != std::end(kBasic)) return std::string(type);
    const auto *known = std::ranges::find(kIntegers, type, &IntegerName::name);
    if (known != kIntegers.end()) return std::string(known->type);
    return type.starts_with("enum ") ? "unsigned int" : "unsigned long";
  }
  const std::string_view pointee = type.substr(0, star);
  const bool is_known = star + 2 == type.size() && (pointee.starts_with("struct ") || pointee.starts_with("union ") ||
                                                    std::ranges::find(kPointees, pointee) != std::end(kPointees));
  return std::string(is_const ? "const " : "") + (is_known ? std::string(pointee) : "void") + " *";
}

}  // namespace

std::string context_struct(const Syscall &syscall) {
  std::string text =
      "struct sys_enter_" + std::string(syscall.tracepoint) + " {\n\tunsigned long long hidden;\n\tint __syscall_nr;\n";
  for (const SyscallArgument &argument : arguments_of(syscall)) {
    const std::string type = member_type(argument.type);
    const bool fills_slot = type.ends_with('*') || type.ends_with("long");
    text += "\t" + type + (type.ends_with('*') ? "" : " ") + std::string(argument.name) +
            (fills_slot ? ";\n" : " __attribute__((aligned(8)));\n");
  }
  return text + "};\n";
}

std::string_view common_context_structs() {
  return "struct sys_enter {\n\tunsigned long long hidden;\n\tint __syscall_nr;\n};\n"
         "struct sys_exit {\n\tunsigned long long hidden;\n\tint __syscall_nr;\n"
         "\tlong ret;\n};\n";
}

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
