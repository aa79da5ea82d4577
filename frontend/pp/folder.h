// Folder: one directory of the search for headers.
//
// It is opened once, and headers are sought below it by their own names: a path from the root costs the system a step
// for each of its parts, for every header and every directory that does not have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/source.h"

namespace spile::pp {

// A header that is there, open unless the system refuses to open what it has.
struct HeaderFile {
  std::string path;  // join_path()
  OpenSource open;
};
// The one at [path]; nothing when there is none, or a directory.
std::optional<HeaderFile> open_header(std::string path);

class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  const std::string &path() const { return path_; }
  // The header [name] in it; nothing when there is none.
  std::optional<HeaderFile> find(std::string_view name);

 private:
  enum class State { New, Open, Missing, ByPath };
  void open();
  bool has_folder(std::string_view name);

  std::string path_;
  Fd fd_;
  State state_ = State::New;
  std::vector<std::pair<std::string, bool>> folders_;  // directly in it that were asked for: whether they exist
};

}  // namespace spile::pp
