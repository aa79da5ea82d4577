#include "support/file.h"

#include <unistd.h>

#include <cerrno>

#include "support/whole_file.h"

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

Result<void> write_file(const std::string &path, std::span<const std::byte> bytes, unsigned mode, Content content) {
  auto file = WholeFile::create(path, mode);
  if (!file) return std::unexpected(file.error());
  file->write(bytes);
  return file->commit(content);
}

}  // namespace spile
