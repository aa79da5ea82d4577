#include "runtime/hooks/user_probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <optional>

#include "backend/object/executable.h"
#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"
#include "runtime/hooks/code_events.h"

namespace spile::hooks {

namespace {

// Of libbpf's arch_specific_lib_paths().
#ifdef __aarch64__
constexpr std::string_view kLibraryFolders = "/usr/lib64:/usr/lib:/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu";
#else
constexpr std::string_view kLibraryFolders = "/usr/lib64:/usr/lib:/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu";
#endif
constexpr std::string_view kProgramFolders = "/usr/bin:/usr/sbin";

std::string_view variable(const char *name) {
  const char *const value = std::getenv(name);
  return value != nullptr ? value : std::string_view{};
}

// Calls [take] with each folder until it is true.
template <class F>
bool any_folder(std::string_view folders, F &&take) {
  while (!folders.empty()) {
    const size_t end = std::min(folders.find(':'), folders.size());
    if (end != 0 && take(std::string(folders.substr(0, end)))) return true;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return false;
}

bool is_library_name(std::string_view name) { return name.ends_with(".so") || name.contains(".so."); }

std::optional<std::string> find_in(std::string_view folders, const std::string &name, int access) {
  std::optional<std::string> found;
  any_folder(folders, [&](const std::string &folder) {
    const std::string path = fmt::format("{}/{}", folder, name);
    struct stat status{};
    if (::access(path.c_str(), access) != 0 || ::stat(path.c_str(), &status) != 0 || S_ISDIR(status.st_mode))
      return false;
    found = path;
    return true;
  });
  return found;
}

// `libc.so.6` of `libc`. What is called `libc.so` may be a script for the linker.
std::optional<std::string> find_versioned(std::string_view folders, const std::string &name) {
  const std::string prefix = name + ".so.";
  std::optional<std::string> found;
  any_folder(folders, [&](const std::string &folder) {
    const std::unique_ptr<DIR, int (*)(DIR *)> opened(::opendir(folder.c_str()), ::closedir);
    for (const dirent *entry; opened != nullptr && (entry = ::readdir(opened.get())) != nullptr;) {
      const std::string_view file = entry->d_name;
      // The shortest: `libz.so.1`, of which `libz.so.1.2.13` is another name.
      if (file.starts_with(prefix) && (!found || folder.size() + 1 + file.size() < found->size()))
        found = fmt::format("{}/{}", folder, file);
    }
    return found.has_value();
  });
  return found;
}

std::optional<std::string> find_program_file(const std::string &name) {
  const auto found = find_in(variable("PATH"), name, R_OK | X_OK);
  return found ? found : find_in(kProgramFolders, name, R_OK | X_OK);
}

std::optional<std::string> find_versioned_library(const std::string &name) {
  const auto found = find_versioned(variable("LD_LIBRARY_PATH"), name);
  return found ? found : find_versioned(kLibraryFolders, name);
}

std::unexpected<Error> unreadable(std::string_view section, std::string_view what, std::string hint) {
  return std::unexpected(Error{Error::Kind::Usage, fmt::format("SEC(\"{}\") {}", section, what), std::move(hint), 0});
}

#ifdef __x86_64__
// A breakpoint cannot stand in for one that the program has itself.
Result<void> check_instructions(const std::string &path, std::string_view section, std::vector<UserPlace> &places,
                                bool is_pattern) {
  constexpr char kInt3 = '\xcc';
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const size_t all = places.size();
  std::erase_if(places, [&](const UserPlace &place) {
    char byte = 0;
    return ::pread(fd, &byte, 1, static_cast<off_t>(place.file_offset)) == 1 && byte == kInt3;
  });
  ::close(fd);
  if (places.size() == all || (is_pattern && !places.empty())) return {};
  return unsupported_error("SEC(\"{}\"): the instruction there is a breakpoint of the program itself (int3)", section);
}
#else
Result<void> check_instructions(const std::string &, std::string_view, std::vector<UserPlace> &, bool) { return {}; }
#endif

Result<std::vector<UserPlace>> usdt_places(const object::Executable &executable, const UserProbeName &name) {
  auto probes = executable.usdt_probes();
  if (!probes) return std::unexpected(probes.error());
  const std::string wanted = fmt::format("{}:{}", name.provider, name.function);
  std::vector<UserPlace> places;
  for (const object::Executable::Usdt &probe : *probes)
    if (probe.provider == name.provider && probe.name == name.function && probe.arguments.size() <= kLongestArguments)
      places.push_back({probe.file_offset, probe.address, probe.semaphore, 0, std::string(probe.arguments), wanted});
  if (!places.empty()) return places;
  tables::Nearest nearest(wanted);
  for (const object::Executable::Usdt &probe : *probes) nearest.take(fmt::format("{}:{}", probe.provider, probe.name));
  return std::unexpected(Error{
      Error::Kind::Environment, fmt::format("`{}` has no USDT probe `{}`", executable.path(), wanted),
      probes->empty()           ? "it declares no USDT probes at all"
      : !nearest.name().empty() ? fmt::format("did you mean `{}`?", nearest.name())
                                : fmt::format("`spile list 'usdt/{}:*'` lists those that it has", executable.path()),
      0});
}

}  // namespace

Result<UserProbeName> parse_user_probe(std::string_view section) {
  UserProbeName name;
  const size_t slash = section.find('/');
  const std::string_view type = section.substr(0, slash);
  const bool is_usdt = type.starts_with("usdt");
  name.kind = is_usdt                         ? UserProbe::Kind::Usdt
              : type.starts_with("uretprobe") ? UserProbe::Kind::Return
                                              : UserProbe::Kind::Entry;
  name.is_pattern = type.contains(".multi") || type.contains(".session");
  const std::string example = is_usdt ? "SEC(\"usdt/libc.so.6:libc:setjmp\")" : "SEC(\"uprobe/libc.so.6:malloc\")";
  if (slash == std::string_view::npos)
    return unreadable(section, "does not say what to attach to", "say it with the section's name: " + example);
  const std::string_view rest = section.substr(slash + 1);
  const size_t colon = rest.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == rest.size())
    return unreadable(section, "names no function", fmt::format("a file and a function of it: {}", example));
  name.file = rest.substr(0, colon);
  std::string_view what = rest.substr(colon + 1);
  if (is_usdt) {
    const size_t second = what.find(':');
    if (second == 0 || second == std::string_view::npos || second + 1 == what.size())
      return unreadable(section, "does not name provider and probe", "they are written as in " + example);
    name.provider = what.substr(0, second);
    name.function = what.substr(second + 1);
    return name;
  }
  if (const size_t plus = what.rfind('+'); plus != std::string_view::npos && !name.is_pattern) {
    std::string_view digits = what.substr(plus + 1);
    const bool is_hex = digits.starts_with("0x");
    if (is_hex) digits.remove_prefix(2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), name.offset, is_hex ? 16 : 10);
    if (error != std::errc() || end != digits.data() + digits.size())
      return unreadable(section, "has no number behind the `+`", "an offset in bytes, as in main+0x1a");
    if (name.offset != 0 && name.kind == UserProbe::Kind::Return)
      return unreadable(section, "asks for a return from the middle of a function", "uretprobes take no offset");
    what = what.substr(0, plus);
  }
  if (what.contains('*') && !name.is_pattern)
    return unreadable(section, "is a pattern, which this kind of probe does not take",
                      fmt::format("write {}.multi/… for several functions at once", type.substr(0, type.find('.'))));
  name.function = what;
  return name;
}

Result<std::string> find_binary(const std::string &name) {
  std::optional<std::string> found;
  if (name.contains('/')) {
    if (::access(name.c_str(), R_OK) != 0) {
      auto error = os_error(errno, fmt::format("`{}` cannot be read", name));
      if (::access(("/" + name).c_str(), R_OK) == 0)
        error.error().hint = fmt::format("the path begins with a `/` of its own: `uprobe//{}:...`", name);
      return error;
    }
    found = name;
  } else if (is_library_name(name)) {
    found = find_in(variable("LD_LIBRARY_PATH"), name, R_OK);
    if (!found) found = find_in(kLibraryFolders, name, R_OK);
  } else {
    found = find_program_file(name);
    if (!found) found = find_versioned_library(name);
  }
  if (!found)
    return std::unexpected(
        Error{Error::Kind::Environment, fmt::format("there is no program or library `{}`", name),
              is_library_name(name)
                  ? fmt::format("libraries are looked for in LD_LIBRARY_PATH and {}; or give a path with `/`",
                                kLibraryFolders)
                  : "programs are looked for in PATH; or give a path with `/`",
              ENOENT});
  const std::unique_ptr<char, void (*)(void *)> real(::realpath(found->c_str(), nullptr), ::free);
  return real != nullptr ? std::string(real.get()) : *found;
}

Result<UserProbe> find_user_probe(std::string_view section) {
  if (section.starts_with('?')) section.remove_prefix(1);
  auto name = parse_user_probe(section);
  if (!name) return std::unexpected(name.error());
  auto path = find_binary(name->file);
  if (!path) return std::unexpected(path.error());
  auto executable = object::Executable::open(*path);
  if (!executable) return std::unexpected(executable.error());
  UserProbe probe;
  probe.kind = name->kind;
  probe.path = *path;
  struct stat status{};
  if (::stat(path->c_str(), &status) != 0) return os_error(errno, fmt::format("`{}` cannot be read", *path));
  probe.device = status.st_dev;
  probe.inode = status.st_ino;
  if (name->kind == UserProbe::Kind::Usdt) {
    auto places = usdt_places(*executable, *name);
    if (!places) return std::unexpected(places.error());
    probe.places = std::move(*places);
    return probe;
  }
  if (name->is_pattern) {
    for (const auto &function : executable->match(name->function))
      probe.places.push_back({function.file_offset, function.address, 0, 0, {}, std::string(function.name), true});
    if (probe.places.empty())
      return std::unexpected(Error{Error::Kind::Environment,
                                   fmt::format("no function of `{}` matches `{}`", *path, name->function),
                                   fmt::format("`spile list 'uprobe:{}:*'` shows them", name->file), 0});
  } else {
    const auto function = executable->find(name->function);
    if (!function) return std::unexpected(function.error());
    probe.places.push_back({function->file_offset + name->offset,
                            function->address + name->offset,
                            0,
                            0,
                            {},
                            name->function + (name->offset == 0 ? "" : fmt::format("+{:#x}", name->offset)),
                            name->offset == 0});
  }
  if (auto checked = check_instructions(*path, section, probe.places, name->is_pattern); !checked)
    return std::unexpected(checked.error());
  return probe;
}

std::string with_full_library_name(std::string_view section) {
  const auto name = parse_user_probe(section);
  if (!name || name->file.contains('/') || is_library_name(name->file) || find_program_file(name->file))
    return std::string(section);
  const auto library = find_versioned_library(name->file);
  if (!library) return std::string(section);
  const size_t at = section.find('/') + 1;
  return fmt::format("{}{}{}", section.substr(0, at), library->substr(library->rfind('/') + 1),
                     section.substr(at + name->file.size()));
}

}  // namespace spile::hooks
