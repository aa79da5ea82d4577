// ByteStream: a file from its beginning to its end, a window at a time. A pipe will do; a file that shrinks while it is
// read ends early, and that is all.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "support/file.h"
#include "support/result.h"

namespace spile::hooks {

class ByteStream {
 public:
  static Result<ByteStream> open(const std::string &path);

  // The next [size] bytes, fewer at the end; valid until the next call.
  Result<std::span<const std::byte>> look(size_t size) {
    if (end_ - begin_ < size)
      if (auto read = fill(size); !read) return std::unexpected(read.error());
    return std::span<const std::byte>(buffer_.get() + begin_, std::min(size, end_ - begin_));
  }
  // The same, and goes on behind them.
  Result<std::span<const std::byte>> take(size_t size) {
    auto bytes = look(size);
    if (bytes) begin_ += bytes->size();
    return bytes;
  }
  // Up to the next newline, which is not part of it, or the end; false: there is nothing more. A line that does not fit
  // is an input error.
  Result<bool> line(std::string_view &line);

 private:
  ByteStream(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  Result<void> fill(size_t size);

  std::string path_;
  Fd file_;
  std::unique_ptr<std::byte[]> buffer_;
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace spile::hooks
