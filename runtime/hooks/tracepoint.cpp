#include "runtime/hooks/tracepoint.h"

#include <algorithm>

#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"

namespace spile::hooks {

namespace {

constexpr uint32_t kFirstArgument = 16, kArgumentSize = 8, kRawArguments = 6;
constexpr std::string_view kEnter = "sys_enter", kExit = "sys_exit";

Error no_tracepoint(std::string_view name, std::string hint) {
  return {Error::Kind::Environment, fmt::format("there is no tracepoint `{}`", name), std::move(hint), 0};
}

std::string nearest_names(std::string_view prefix, std::string_view wanted) {
  std::vector<std::pair<size_t, std::string_view>> ranked;
  for (const tables::Syscall &row : tables::syscalls())
    if (row.number() >= 0)
      ranked.push_back(
          {std::min(tables::letters_apart(row.tracepoint, wanted), tables::letters_apart(row.name, wanted)),
           row.tracepoint});
  constexpr size_t kShown = 3;
  std::ranges::partial_sort(ranked, ranked.begin() + std::min(kShown, ranked.size()));
  std::string names;
  for (size_t i = 0; i < std::min(kShown, ranked.size()); i++)
    names += fmt::format("{}`{}_{}`", i == 0 ? "" : ", ", prefix, ranked[i].second);
  return names;
}

Result<Tracepoint> find_syscall_tracepoint(std::string_view full, std::string_view event) {
  const bool enter = event.starts_with("sys_enter_");
  if (!enter && !event.starts_with("sys_exit_"))
    return std::unexpected(no_tracepoint(full, "names are `syscalls/sys_enter_…` and `syscalls/sys_exit_…`"));
  const std::string_view prefix = enter ? kEnter : kExit;
  const std::string_view wanted = event.substr(prefix.size() + 1);
  const tables::Syscall *syscall = tables::find_syscall(wanted);
  if (syscall != nullptr) {
    const size_t arguments = tables::arguments_of(*syscall).size();
    return Tracepoint{enter ? Tracepoint::Kind::SyscallEnter : Tracepoint::Kind::SyscallExit, syscall,
                      kFirstArgument + kArgumentSize * static_cast<uint32_t>(enter ? arguments : 1), nullptr};
  }
  for (const tables::Syscall &row : tables::syscalls())
    if (row.name == wanted && row.number() >= 0)
      return std::unexpected(
          no_tracepoint(full, fmt::format("the kernel's name of {} is `{}_{}`", wanted, prefix, row.tracepoint)));
  return std::unexpected(no_tracepoint(full, fmt::format("did you mean {}?", nearest_names(prefix, wanted))));
}

}  // namespace

std::unique_ptr<std::byte[]> tracepoint_context() { return std::make_unique<std::byte[]>(kRecordRoom); }

std::string_view tracepoint_name(std::string_view section) {
  if (section.starts_with('?')) section.remove_prefix(1);
  for (const std::string_view prefix : {"tracepoint/", "tp/"})
    if (section.starts_with(prefix)) return section.substr(prefix.size());
  return section;
}

std::optional<LocatedField> located_field(std::string_view name) {
  if (name.starts_with(kDataLoc)) return LocatedField{name.substr(kDataLoc.size()), false};
  if (name.starts_with(kRelLoc)) return LocatedField{name.substr(kRelLoc.size()), true};
  return std::nullopt;
}

Tracepoint Tracepoint::of(RecordFormat format, Kind kind) {
  const uint32_t size = format.size;
  return {kind, nullptr, size, std::make_shared<const RecordFormat>(std::move(format))};
}

Result<Tracepoint> find_tracepoint(std::string_view section) {
  const std::string_view name = tracepoint_name(section);
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos)
    return std::unexpected(no_tracepoint(name, "write the category too: `tracepoint/syscalls/sys_enter_openat`"));
  const std::string_view category = name.substr(0, slash), event = name.substr(slash + 1);
  if (category == "syscalls") return find_syscall_tracepoint(name, event);
  if (category == "raw_syscalls") {
    if (event == kEnter)
      return Tracepoint{Tracepoint::Kind::AnySyscallEnter, nullptr, kFirstArgument + kArgumentSize * kRawArguments,
                        nullptr};
    if (event == kExit)
      return Tracepoint{Tracepoint::Kind::AnySyscallExit, nullptr, kFirstArgument + kArgumentSize, nullptr};
    return std::unexpected(no_tracepoint(name, "names are `raw_syscalls/sys_enter` and `raw_syscalls/sys_exit`"));
  }
  return std::unexpected(Error{Error::Kind::Environment,
                               fmt::format("tracepoint `{}` cannot be observed from outside the kernel", name),
                               "of a command that Spile runs, `syscalls/…` and `raw_syscalls/…` can", 0});
}

std::string Tracepoint::name() const {
  switch (kind) {
    case Kind::SyscallEnter:
      return fmt::format("syscalls/{}_{}", kEnter, syscall->tracepoint);
    case Kind::SyscallExit:
      return fmt::format("syscalls/{}_{}", kExit, syscall->tracepoint);
    case Kind::AnySyscallEnter:
      return fmt::format("raw_syscalls/{}", kEnter);
    case Kind::AnySyscallExit:
      return fmt::format("raw_syscalls/{}", kExit);
    case Kind::Recorded:
    case Kind::Hit:
    case Kind::Sample:
      return format->name;
  }
  return {};
}

std::vector<TracepointField> Tracepoint::fields() const {
  std::vector<TracepointField> fields;
  if (format != nullptr) {
    for (const RecordFormat::Field &field : format->fields)
      fields.push_back({field.type, field.name, field.offset, field.size});
    return fields;
  }
  if (syscall != nullptr)
    fields.push_back({"int", "__syscall_nr", 8, 4});
  else
    fields.push_back({"long", "id", 8, 8});
  if (!is_enter()) {
    fields.push_back({"long", "ret", kFirstArgument, kArgumentSize});
  } else if (syscall == nullptr) {
    fields.push_back({"unsigned long", "args[6]", kFirstArgument, kArgumentSize * kRawArguments});
  } else {
    uint32_t offset = kFirstArgument;
    for (const tables::SyscallArgument &argument : tables::arguments_of(*syscall)) {
      fields.push_back({argument.type, argument.name, offset, kArgumentSize});
      offset += kArgumentSize;
    }
  }
  return fields;
}

}  // namespace spile::hooks
