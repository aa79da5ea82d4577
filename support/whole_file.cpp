#include "support/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace spile {

namespace {

// Who reads a pipe at its other end does not wait for much.
constexpr size_t kMostWaiting = 4096;

std::unexpected<Error> cannot_write(const std::string &path) {
  return os_error(errno, fmt::format("cannot write `{}`", path));
}

// A new file beside [path], whose name goes to [name]. What a process of the same number left, killed, stays where it
// is.
Fd create_beside(const std::string &path, unsigned mode, std::string &name) {
  for (unsigned n = 0;; n++) {
    name = fmt::format("{}.{}.{}.tmp", path, ::getpid(), n);
    Fd file(::open(name.c_str(), O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, mode));
    if (file.valid() || errno != EEXIST) return file;
  }
}

// The new file has the name of the old one, which is gone. A file system that looks after programs without fsync(2)
// writes the new one out in a rename() over another, but not where the two change names.
bool take_place(const std::string &made, const std::string &old, Content content) {
  if (content == Content::Made && ::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, old.c_str(), RENAME_EXCHANGE) == 0)
    return ::unlink(made.c_str()) == 0;
  return ::rename(made.c_str(), old.c_str()) == 0;
}

}  // namespace

Result<WholeFile> WholeFile::create(const std::string &path, unsigned mode) {
  // A device or a pipe is written to, not replaced.
  struct stat status{};
  const bool replace = ::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  std::string unfinished;
  Fd file = replace ? create_beside(path, mode, unfinished) : Fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return cannot_write(path);
  return WholeFile(path, std::move(unfinished), std::move(file));
}

WholeFile::~WholeFile() {
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

void WholeFile::write(std::span<const std::byte> bytes) {
  if (waiting_.size() + bytes.size() <= kMostWaiting) {
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    return;
  }
  put(waiting_);
  waiting_.clear();
  put(bytes);
}

void WholeFile::put(std::span<const std::byte> bytes) {
  if (written_) written_ = write_all(file_, bytes, path_);
}

Result<void> WholeFile::commit(Content content) {
  put(waiting_);
  if (::close(file_.release()) != 0 && written_) written_ = cannot_write(path_);
  if (!written_ || unfinished_.empty()) return written_;
  if (!take_place(unfinished_, path_, content)) return cannot_write(path_);
  unfinished_.clear();
  return {};
}

}  // namespace spile
