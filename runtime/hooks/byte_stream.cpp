#include "runtime/hooks/byte_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace spile::hooks {

namespace {
// Large enough that system calls do not count, small enough to stay in a core's cache.
constexpr size_t kWindow = size_t{256} << 10;
constexpr size_t kLongestLine = size_t{1} << 20;
}  // namespace

Result<ByteStream> ByteStream::open(const std::string &path) {
  Fd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return os_error(errno, fmt::format("cannot read `{}`", path));
  return ByteStream(path, std::move(file));
}

Result<void> ByteStream::fill(size_t size) {
  const size_t wanted = std::max(size, kWindow);
  if (begin_ + wanted > capacity_) {
    const size_t kept = end_ - begin_;
    if (wanted > capacity_) {
      capacity_ = std::max(wanted, 2 * capacity_);
      auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity_);
      if (kept != 0) std::memcpy(larger.get(), buffer_.get() + begin_, kept);
      buffer_ = std::move(larger);
    } else if (kept != 0) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, kept);
    }
    begin_ = 0;
    end_ = kept;
  }
  while (end_ - begin_ < size) {
    const ssize_t got = ::read(file_.get(), buffer_.get() + end_, capacity_ - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return os_error(errno, fmt::format("cannot read `{}`", path_));
    if (got == 0) break;
    end_ += static_cast<size_t>(got);
  }
  return {};
}

Result<bool> ByteStream::line(std::string_view &line) {
  for (size_t known = 0;;) {
    const std::string_view have(reinterpret_cast<const char *>(buffer_.get()) + begin_, end_ - begin_);
    const size_t at = have.find('\n', known);
    if (at != std::string_view::npos) {
      line = have.substr(0, at);
      begin_ += at + 1;
      return true;
    }
    known = have.size();
    if (known >= kLongestLine) return input_error("`{}`: a line of more than {} bytes", path_, kLongestLine);
    if (auto more = fill(known + 1); !more) return std::unexpected(more.error());
    if (end_ - begin_ > known) continue;
    line = {reinterpret_cast<const char *>(buffer_.get()) + begin_, known};
    begin_ = end_;
    return known != 0;
  }
}

}  // namespace spile::hooks
