#include "runtime/hooks/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace spile::hooks {

Result<WholeFile> WholeFile::create(const std::string &path) {
  // A device or a pipe is written to, not replaced.
  struct stat status{};
  const bool replace = ::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  std::string unfinished = replace ? path + ".XXXXXX" : "";
  const int fd = replace ? ::mkostemp(unfinished.data(), O_CLOEXEC) : ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return os_error(errno, fmt::format("cannot write `{}`", path));
  if (replace) {  // mkostemp() makes it private; the finished file is as any other
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(fd, 0666 & ~mask);
  }
  std::FILE *file = ::fdopen(fd, "wb");
  if (file == nullptr) {
    const int error = errno;
    ::close(fd);
    if (replace) ::unlink(unfinished.c_str());
    return os_error(error, fmt::format("cannot write `{}`", path));
  }
  return WholeFile(path, std::move(unfinished), file);
}

WholeFile::~WholeFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

Result<void> WholeFile::commit() {
  int error = std::ferror(file_) != 0 ? EIO : 0;
  if (std::fclose(std::exchange(file_, nullptr)) != 0) error = errno;
  if (!unfinished_.empty() && error == 0 && ::rename(unfinished_.c_str(), path_.c_str()) != 0) error = errno;
  if (error == 0) return {};
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
  return os_error(error, fmt::format("cannot write `{}`", path_));
}

}  // namespace spile::hooks
