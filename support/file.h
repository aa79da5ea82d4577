// Open files, read and written as wholes: what others read is the old file or the new one, never a part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "support/result.h"

namespace spile {

// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd &operator=(Fd &&other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Somebody else closes it from here on.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// All of [bytes], however often write(2) takes a part. Errors name [what].
Result<void> write_all(const Fd &file, std::span<const std::byte> bytes, std::string_view what);

// The bytes of [file] from [offset] on, however often pread(2) gives a part; how many there were, fewer than [to] has
// at the end of the file. Errors name [what].
Result<size_t> read_at(const Fd &file, uint64_t offset, std::span<std::byte> to, std::string_view what);

// What a machine that stops may leave of a file that is replaced: of what a person wrote the old text or the new one,
// of what can be made again perhaps nothing. To see to the first, the file system begins to write the file out at once.
enum class Content : uint8_t { Kept, Made };

// [path] holds [bytes] and nothing else. A file is replaced through a temporary one beside it and rename(2), and has
// [mode], less the umask; a pipe or a device is written to.
Result<void> write_file(const std::string &path, std::span<const std::byte> bytes, unsigned mode = 0666,
                        Content content = Content::Kept);

}  // namespace spile
