#include "support/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

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

// The descriptor of standard output or error where that is this file, as /dev/stdout may be; else -1.
int standard_stream(const struct stat &file) {
  struct stat stream{};
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
    if (::fstat(fd, &stream) == 0 && stream.st_dev == file.st_dev && stream.st_ino == file.st_ino) return fd;
  return -1;
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
  struct stat status{};
  bool exists = ::lstat(path.c_str(), &status) == 0;
  const bool is_link = exists && S_ISLNK(status.st_mode);
  if (is_link) exists = ::stat(path.c_str(), &status) == 0;
  // A device or a pipe is written to, not replaced, and so is what goes on being written to behind this.
  std::string place = path, unfinished;
  Fd file;
  if (exists && !S_ISREG(status.st_mode)) {
    file = Fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  } else if (const int fd = exists ? standard_stream(status) : -1; fd >= 0) {
    file = Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  } else {
    if (is_link) {  // it stays one
      const std::unique_ptr<char, void (*)(void *)> real(::realpath(path.c_str(), nullptr), ::free);
      if (real != nullptr) place = real.get();
    }
    file = create_beside(place, mode, unfinished);
  }
  if (!file.valid()) return cannot_write(path);
  return WholeFile(std::move(place), std::move(unfinished), std::move(file));
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
  if (!take_place(unfinished_, path_, content)) {
    auto failed = cannot_write(path_);
    if (content == Content::Kept)
      failed.error().hint = fmt::format("what was to be in it is in `{}`", std::exchange(unfinished_, {}));
    return failed;
  }
  unfinished_.clear();
  return {};
}

}  // namespace spile
