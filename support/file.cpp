#include "support/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace spile {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> write_all(const Fd &file, std::span<const std::byte> bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(file.get(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return os_error(errno, fmt::format("writing `{}`", what));
    bytes = bytes.subspan(static_cast<size_t>(done));
  }
  return {};
}

Result<size_t> read_at(const Fd &file, uint64_t offset, std::span<std::byte> to, std::string_view what) {
  size_t done = 0;
  while (done < to.size()) {
    const ssize_t got = ::pread(file.get(), to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_error(errno, fmt::format("reading `{}`", what));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

// The new file has the name of the old one, which is gone. A file system that looks after programs without fsync(2)
// writes the new one out in a rename() over another, but not where the two change names.
static bool take_place(const std::string &made, const std::string &old, bool exists, Content content) {
  if (content == Content::Made && exists &&
      ::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, old.c_str(), RENAME_EXCHANGE) == 0)
    return ::unlink(made.c_str()) == 0;
  return ::rename(made.c_str(), old.c_str()) == 0;
}

Result<void> write_file(const std::string &path, std::span<const std::byte> bytes, unsigned mode, Content content) {
  struct stat status{};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  const bool replace = !exists || S_ISREG(status.st_mode);
  const std::string target = replace ? fmt::format("{}.{}.tmp", path, ::getpid()) : path;
  const int flags = O_WRONLY | O_CLOEXEC | (replace ? O_CREAT | O_TRUNC | O_NOFOLLOW : 0);
  const Fd file(::open(target.c_str(), flags, mode));
  if (!file.valid()) return os_error(errno, fmt::format("creating `{}`", path));
  Result<void> written = write_all(file, bytes, path);
  if (!replace) return written;
  if (written && !take_place(target, path, exists, content))
    written = os_error(errno, fmt::format("creating `{}`", path));
  if (!written) ::unlink(target.c_str());
  return written;
}

}  // namespace spile
