#include "lang-spec/tables/constants.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "lang-spec/tables/syscalls.h"

namespace spile::tables {

namespace {

struct Constant {
  std::string_view name;
  int64_t value;
};
constexpr auto kConstants = std::to_array<Constant>({
#define SPILE_CONSTANT(name) {#name, static_cast<int64_t>(name)},
#include "lang-spec/tables/constants.def"
});

}  // namespace

std::optional<int64_t> find_constant(std::string_view name) {
  const auto *row = std::ranges::find(kConstants, name, &Constant::name);
  if (row != kConstants.end()) return row->value;
  if (!name.starts_with("SYS_")) return std::nullopt;
  name.remove_prefix(4);
  for (const Syscall &syscall : syscalls())
    if (syscall.name == name && syscall.number() >= 0) return syscall.number();
  return std::nullopt;
}

std::string_view constant_name(std::string_view prefix, int64_t value) {
  const auto *row = std::ranges::find_if(
      kConstants, [&](const Constant &one) { return one.value == value && one.name.starts_with(prefix); });
  return row != kConstants.end() ? row->name : std::string_view{};
}

}  // namespace spile::tables
