#include "runtime/kernel/tracefs.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"

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
    Fd root(::open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root.valid() && ::faccessat(root.get(), "events", R_OK, 0) == 0) return Tracefs(std::move(root));
  }
  const Fd made(::fsopen("tracefs", FSOPEN_CLOEXEC));
  if (made.valid() && ::fsconfig(made.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0) {
    Fd root(::fsmount(made.get(), FSMOUNT_CLOEXEC, 0));
    if (root.valid()) return Tracefs(std::move(root));
  }
  auto failed = os_error(errno, "the kernel's tracepoints cannot be seen: tracefs");
  failed.error().hint = "run as root; or have it mounted: mount -t tracefs tracefs /sys/kernel/tracing";
  return failed;
}

Result<std::string> Tracefs::read(const std::string &path) const {
  const Fd opened(::openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.valid()) return os_error(errno, fmt::format("tracefs: {}", path));
  constexpr size_t kStep = 65536;
  std::string text;
  for (size_t have = 0;;) {
    text.resize(have + kStep);
    const ssize_t size = ::read(opened.get(), text.data() + have, kStep);
    if (size < 0) return os_error(errno, fmt::format("tracefs: {}", path));
    have += static_cast<size_t>(size);
    text.resize(have);
    if (size == 0) return text;
  }
}

Result<std::string> Tracefs::read(std::string_view tracepoint, std::string_view file) const {
  auto text = read(fmt::format("events/{}/{}", tracepoint, file));
  if (text || text.error().os_error != ENOENT) return text;
  Error error{Error::Kind::Environment, fmt::format("this kernel has no tracepoint `{}`", tracepoint),
              "`spile list` shows the hooks", 0};
  if (!tracepoint.contains('/')) error.hint = "it has a category and a name: `sched/sched_switch`; " + error.hint;
  if (const auto known = tracepoints()) {
    tables::Nearest nearest(tracepoint);
    for (const std::string &name : *known) nearest.take(name);
    if (!nearest.name().empty())
      error.hint = fmt::format("did you mean `{}`? `spile list` shows the hooks", nearest.name());
  }
  return std::unexpected(std::move(error));
}

Result<std::vector<std::string>> Tracefs::tracepoints() const {
  auto text = read("available_events");
  if (!text) return std::unexpected(text.error());
  std::vector<std::string> names;
  for (std::string_view rest = *text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::ranges::replace(names.emplace_back(rest.substr(0, end)), ':', '/');
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

// `	field:pid_t prev_pid;	offset:24;	size:4;	signed:1;`, first the common ones, then an empty line.
Result<std::vector<Tracefs::Field>> Tracefs::layout(std::string_view tracepoint) const {
  const auto text = read(tracepoint, "format");
  if (!text) return std::unexpected(text.error());
  std::vector<Field> fields;
  constexpr std::string_view kField = "field:";
  const size_t common_end = text->find("\n\n");
  for (size_t at = text->find(kField, std::min(common_end, text->size())); at != std::string::npos;
       at = text->find(kField, at)) {
    at += kField.size();
    const std::string_view line = std::string_view(*text).substr(at, text->find('\n', at) - at);
    fields.push_back({std::string(line.substr(0, line.find(';'))),
                      static_cast<uint32_t>(number_after(line, "offset:").value_or(0)),
                      static_cast<uint32_t>(number_after(line, "size:").value_or(0))});
  }
  return fields;
}

Result<std::vector<std::string>> Tracefs::fields(std::string_view tracepoint) const {
  auto places = layout(tracepoint);
  if (!places) return std::unexpected(places.error());
  std::vector<std::string> fields;
  for (Field &field : *places) fields.push_back(std::move(field.declaration));
  return fields;
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

Fd open_perf_event(const perf_event_attr &attr, int cpu) {
  return Fd(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attr, -1, cpu, -1, static_cast<unsigned long>(PERF_FLAG_FD_CLOEXEC))));
}

Result<Fd> open_tracepoint(const Tracefs &tracefs, std::string_view tracepoint) {
  const auto id = tracefs.id_of(tracepoint);
  if (!id) return std::unexpected(id.error());
  // As libbpf asks for it: a program that hangs on it runs on every CPU, whatever stands here.
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.config = *id;
  Fd event = open_perf_event(attr, 0);
  if (!event.valid()) return os_error(errno, fmt::format("tracepoint `{}`", tracepoint));
  return event;
}

}  // namespace spile::kernel
