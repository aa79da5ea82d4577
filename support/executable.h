// What lies beside the running executable: parts of Spile that are files of their own.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace spile {

// The path of a part: in the folder of the running executable, or in ../lib/spile from there. The error is one sentence
// that names both folders.
std::expected<std::string, std::string> beside_executable(std::string_view name);

}  // namespace spile
