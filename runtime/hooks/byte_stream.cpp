#include "runtime/hooks/byte_stream.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace spile::hooks {

namespace {
// Large enough that system calls do not count, small enough to stay in a core's cache.
constexpr size_t kWindow = size_t{256} << 10;
}  // namespace

Result<ByteStream> ByteStream::open(const std::string &path) {
  Fd file(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
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

Result<std::string_view> ByteStream::look_text(size_t size) {
  if (auto looked = look(size); !looked) return std::unexpected(looked.error());
  return std::string_view(reinterpret_cast<const char *>(buffer_.get()) + begin_, end_ - begin_);
}

Result<std::string> ByteStream::rest(size_t limit) {
  std::string text;
  for (;;) {
    const auto bytes = take(kWindow);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) return text;
    if (bytes->size() > limit - text.size()) return input_error("`{}` has more than {} bytes", path_, limit);
    text.append(reinterpret_cast<const char *>(bytes->data()), bytes->size());
  }
}

bool ByteStream::rewind() const { return ::lseek(file_.get(), -static_cast<off_t>(end_ - begin_), SEEK_CUR) >= 0; }

Result<ByteStream::File> ByteStream::as_file() && {
  std::FILE *file = nullptr;
  if (rewind()) {
    file = ::fdopen(file_.get(), "r");
    if (file != nullptr) file_.release();
  } else {
    auto stream = std::make_unique<ByteStream>(std::move(*this));
    cookie_io_functions_t functions{};
    functions.read = [](void *cookie, char *to, size_t size) -> ssize_t {
      ByteStream &from = *static_cast<ByteStream *>(cookie);
      if (!from.look(1)) return -1;  // what is there, without waiting for more
      const auto bytes = from.take(std::min(size, from.end_ - from.begin_));
      std::ranges::copy(*bytes, reinterpret_cast<std::byte *>(to));
      return static_cast<ssize_t>(bytes->size());
    };
    functions.close = [](void *cookie) {
      delete static_cast<ByteStream *>(cookie);
      return 0;
    };
    file = ::fopencookie(stream.get(), "r", functions);
    if (file != nullptr) {
      [[maybe_unused]] ByteStream *const closed_by_file = stream.release();
      return File(file);
    }
  }
  if (file == nullptr) return os_error(errno, "a file in memory");
  return File(file);
}

Result<Fd> ByteStream::as_seekable() && {
  if (rewind()) return std::move(file_);
  Fd copy(::memfd_create("spile recording", MFD_CLOEXEC));
  if (!copy.valid()) return os_error(errno, "a file in memory");
  for (;;) {
    const auto bytes = take(kWindow);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) return copy;
    if (auto written = write_all(copy, *bytes, path_); !written) return std::unexpected(written.error());
  }
}

}  // namespace spile::hooks
