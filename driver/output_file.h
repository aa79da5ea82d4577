// `run -o FILE`: what the probe prints, in a file. A disk that is full ends the run, and is told at the end.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "support/result.h"

namespace spile::driver {

// Usage error: [path], which [option] is about to write, is one of the files that are [read].
Result<void> check_not_read(std::string_view option, const std::string &path, std::span<const std::string> read);

class OutputFile {
 public:
  // "10M" or "10M,3": a file that has this many bytes becomes FILE.1, and what was FILE.1 becomes FILE.2, up to FILE.N;
  // what a program prints at once is not torn apart. Usage error.
  Result<void> set_rotation(std::string_view text);

  // Where the output goes, which is not touched yet; [read]: files that the run reads, none of which it can be. Usage
  // error.
  Result<void> choose(const std::string &path, std::span<const std::string> read);
  // Empties the file, when one was chosen.
  Result<void> open();
  // False: nothing can be written any more; close() says why.
  bool write(std::string_view text);
  Result<void> close();

 private:
  bool rotate();

  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::string path_;
  uint64_t written_ = 0, limit_ = 0;  // bytes; no limit: 0
  unsigned kept_ = 5;
  int error_ = 0;
};

}  // namespace spile::driver
