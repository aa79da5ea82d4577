// Where headers come from: the directories of the command line, and those that ship with the language.
//
// The shipped ones (lang-spec/include, and bpf_helper_defs.h made from helpers.def) are in the binary, in
// shipped_headers.cpp, which the build writes; their paths begin with kShippedPrefix.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace spile::pp {

inline constexpr std::string_view kShippedPrefix = "<spile>/";

struct ShippedHeader {
  std::string_view path;  // as in #include <path>
  std::string_view text;
};
// Sorted by path.
std::span<const ShippedHeader> shipped_headers();
const ShippedHeader *find_shipped_header(std::string_view path);
// The shipped header whose path is most like [path] ("linux/bpff.h"); empty when none is near.
std::string_view nearest_shipped_header(std::string_view path);

// "a/b/c.h" -> "a/b/"; "c.h" -> "".
std::string_view directory_of(std::string_view path);
// [directory] and [name] joined, with "./" and "x/../" taken out, so that a file has one path.
std::string join_path(std::string_view directory, std::string_view name);

}  // namespace spile::pp
