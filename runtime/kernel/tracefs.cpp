#include "runtime/kernel/tracefs.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <cerrno>
#include <charconv>
#include <optional>

namespace spile::kernel {

namespace {

constexpr const char *kPlaces[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

std::optional<uint64_t> number_after(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  uint64_t number = 0;
  const char *begin = text.data() + at + mark.size();
  if (std::from_chars(begin, text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

Result<Tracefs> Tracefs::open() {
  for (const char *place : kPlaces) {
    Descriptor root(::open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root.is_open() && ::faccessat(root.get(), "events", R_OK, 0) == 0) return Tracefs(std::move(root));
  }
  const Descriptor made(::fsopen("tracefs", FSOPEN_CLOEXEC));
  if (made.is_open() && ::fsconfig(made.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0) {
    Descriptor root(::fsmount(made.get(), FSMOUNT_CLOEXEC, 0));
    if (root.is_open()) return Tracefs(std::move(root));
  }
  auto failed = os_error(errno, "the kernel's tracepoints cannot be seen: tracefs");
  failed.error().hint = "run as root; or have it mounted: mount -t tracefs tracefs /sys/kernel/tracing";
  return failed;
}

Result<std::string> Tracefs::read(std::string_view tracepoint, std::string_view file) const {
  const std::string path = fmt::format("events/{}/{}", tracepoint, file);
  const Descriptor opened(::openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.is_open() && errno == ENOENT)
    return std::unexpected(Error{Error::Kind::Environment,
                                 fmt::format("this kernel has no tracepoint `{}`", tracepoint),
                                 "`spile list` shows the hooks", 0});
  std::string text(8192, '\0');
  const ssize_t size = opened.is_open() ? ::read(opened.get(), text.data(), text.size()) : -1;
  if (size < 0) return os_error(errno, fmt::format("tracefs: {}", path));
  text.resize(static_cast<size_t>(size));
  return text;
}

Result<uint64_t> Tracefs::id_of(std::string_view tracepoint) const {
  const auto text = read(tracepoint, "id");
  if (!text) return std::unexpected(text.error());
  if (const auto id = number_after(*text, "")) return *id;
  return std::unexpected(Error{Error::Kind::Environment, fmt::format("tracepoint `{}` has no id", tracepoint), {}, 0});
}

Result<int16_t> Tracefs::offset_of(std::string_view tracepoint, std::string_view field) const {
  const auto text = read(tracepoint, "format");
  if (!text) return std::unexpected(text.error());
  const size_t at = text->find(fmt::format(" {};", field));
  const std::string_view line = at == std::string::npos ? std::string_view{} : std::string_view(*text).substr(at);
  if (const auto offset = number_after(line.substr(0, line.find('\n')), "offset:"))
    return static_cast<int16_t>(*offset);
  return std::unexpected(Error{Error::Kind::Environment,
                               fmt::format("tracepoint `{}` of this kernel has no field `{}`", tracepoint, field),
                               {},
                               0});
}

Descriptor open_perf_event(const perf_event_attr &attr, int cpu) {
  return Descriptor(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attr, -1, cpu, -1, static_cast<unsigned long>(PERF_FLAG_FD_CLOEXEC))));
}

Result<Descriptor> open_tracepoint(const Tracefs &tracefs, std::string_view tracepoint) {
  const auto id = tracefs.id_of(tracepoint);
  if (!id) return std::unexpected(id.error());
  // As libbpf asks for it: a program that hangs on it runs on every CPU, whatever stands here.
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.config = *id;
  Descriptor event = open_perf_event(attr, 0);
  if (!event.is_open()) return os_error(errno, fmt::format("tracepoint `{}`", tracepoint));
  return event;
}

}  // namespace spile::kernel
