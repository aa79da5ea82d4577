// WholeFile: a file that appears whole or not at all, written piece by piece. What is no regular file (a pipe, a
// device), and standard output by another name (/dev/stdout), is written to as it is; of a link, the file that it leads
// to is replaced. write_file() of file.h is the same for bytes that lie together.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/file.h"
#include "support/result.h"

namespace spile {

class WholeFile {
 public:
  // Writes into a new file beside [path], which has [mode], less the umask; commit() gives it its name. Without
  // commit() nothing is left.
  static Result<WholeFile> create(const std::string &path, unsigned mode = 0666);
  ~WholeFile();
  WholeFile(WholeFile &&other) noexcept
      : path_(std::move(other.path_)),
        unfinished_(std::exchange(other.unfinished_, {})),
        file_(std::move(other.file_)),
        waiting_(std::move(other.waiting_)),
        written_(std::move(other.written_)) {}
  WholeFile &operator=(WholeFile &&) = delete;

  // Errors of the disk show in commit().
  void write(std::span<const std::byte> bytes);
  template <class T>
  void write_value(const T &value) {
    write(std::as_bytes(std::span(&value, 1)));
  }
  // Where the new file cannot get its name, one of Content::Kept stays under the one that it has, as the error's hint
  // says.
  Result<void> commit(Content content = Content::Kept);

 private:
  WholeFile(std::string path, std::string unfinished, Fd file)
      : path_(std::move(path)), unfinished_(std::move(unfinished)), file_(std::move(file)) {}
  void put(std::span<const std::byte> bytes);

  std::string path_, unfinished_;  // the latter is empty when [path] is written to directly
  Fd file_;
  std::vector<std::byte> waiting_;  // small pieces
  Result<void> written_;
};

}  // namespace spile
