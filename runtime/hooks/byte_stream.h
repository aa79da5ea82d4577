// ByteStream: a file from its beginning to its end, a window at a time. A pipe will do; a file that shrinks while it is
// read ends early, and that is all.
//
// Who wants to know what a file is looks at its first bytes, and hands the stream on to who reads it: what came out of
// a pipe comes once.
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "support/file.h"
#include "support/result.h"

namespace spile::hooks {

class ByteStream {
 public:
  // "-" is standard input.
  static Result<ByteStream> open(const std::string &path);
  // [path]: what errors call it.
  ByteStream(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}

  const std::string &path() const { return path_; }

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
  static constexpr size_t kLongestLine = size_t{1} << 20;

  // What is ahead, a window of at least [size] bytes where there are as many.
  Result<std::string_view> look_text(size_t size);
  // All that is left. Input error above [limit] bytes.
  Result<std::string> rest(size_t limit);

  // What is left as a file of the C library, for libraries that take one.
  struct CloseFile {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, CloseFile>;
  Result<File> as_file() &&;
  // What is left as a file that has a name and can be read anywhere: [file], its name /proc/self/fd/N. Bytes of a pipe
  // are written down beforehand.
  Result<Fd> as_seekable() &&;

 private:
  Result<void> fill(size_t size);
  // Goes back to where this stands, where that is possible.
  bool rewind() const;

  std::string path_;
  Fd file_;
  std::unique_ptr<std::byte[]> buffer_;
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace spile::hooks
