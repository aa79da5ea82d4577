// WholeFile: a file that appears whole or not at all; what is no regular file (a pipe, a device) is written to at once.
#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include "support/result.h"

namespace spile::hooks {

class WholeFile {
 public:
  // Writes into a new file beside [path]; commit() gives it its name. Without commit() nothing is left.
  static Result<WholeFile> create(const std::string &path);
  ~WholeFile();
  WholeFile(WholeFile &&other) noexcept
      : path_(std::move(other.path_)),
        unfinished_(std::exchange(other.unfinished_, {})),
        file_(std::exchange(other.file_, nullptr)) {}
  WholeFile &operator=(WholeFile &&) = delete;

  // Errors of the disk show in commit().
  void write(std::span<const std::byte> bytes) { std::fwrite(bytes.data(), 1, bytes.size(), file_); }
  template <class T>
  void write_value(const T &value) {
    write(std::as_bytes(std::span(&value, 1)));
  }
  Result<void> commit();

 private:
  WholeFile(std::string path, std::string unfinished, std::FILE *file)
      : path_(std::move(path)), unfinished_(std::move(unfinished)), file_(file) {}
  std::string path_, unfinished_;  // the latter is empty when [path] is written to directly
  std::FILE *file_;
};

}  // namespace spile::hooks
