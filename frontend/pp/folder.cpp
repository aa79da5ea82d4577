#include "frontend/pp/folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "frontend/pp/headers.h"

namespace spile::pp {

namespace {

// The header [name] below the open directory [at]; nothing where it is missing or a directory. One that exists and may
// not be read is found, and not open: reading it says what is wrong.
//
// Most headers are sought in vain in most directories: to ask for one costs less than half of what opening it does.
std::optional<OpenSource> open_at(int at, const char *name) {
  struct stat status{};
  if (::fstatat(at, name, &status, 0) != 0 && (errno == ENOENT || errno == ENOTDIR)) return {};
  if (S_ISDIR(status.st_mode)) return {};
  return OpenSource{Fd(::openat(at, name, O_RDONLY | O_CLOEXEC)), static_cast<size_t>(status.st_size)};
}

}  // namespace

std::optional<HeaderFile> open_header(std::string path) {
  auto open = open_at(AT_FDCWD, path.c_str());
  if (!open) return {};
  return HeaderFile{std::move(path), std::move(*open)};
}

void Folder::open() {
  fd_ = Fd(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  state_ = fd_.valid() ? State::Open : errno == ENOENT || errno == ENOTDIR ? State::Missing : State::ByPath;
}

// One that has no `linux` has none of its headers.
bool Folder::has_folder(std::string_view name) {
  const auto known = std::ranges::find(folders_, name, &std::pair<std::string, bool>::first);
  if (known != folders_.end()) return known->second;
  auto &[folder, exists] = folders_.emplace_back(name, false);
  struct stat status{};
  exists = ::fstatat(fd_.get(), folder.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode);
  return exists;
}

std::optional<HeaderFile> Folder::find(std::string_view name) {
  if (state_ == State::New) open();
  if (state_ == State::Missing) return {};
  // `x/../y.h` is the y.h beside x, wherever x leads to.
  if (state_ == State::ByPath || name.contains("..")) return open_header(join_path(path_, name));
  if (const size_t slash = name.find('/'); slash != std::string_view::npos && !has_folder(name.substr(0, slash)))
    return {};
  auto open = open_at(fd_.get(), std::string(name).c_str());
  if (!open) return {};
  return HeaderFile{join_path(path_, name), std::move(*open)};
}

}  // namespace spile::pp
