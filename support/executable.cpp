#include "support/executable.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace spile {

// With a slash; empty when /proc does not say.
static std::string executable_folder() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return {};
  const std::string_view text(path.data(), static_cast<size_t>(length));
  return std::string(text.substr(0, text.rfind('/') + 1));
}

std::expected<std::string, std::string> beside_executable(std::string_view name) {
  const std::string folder = executable_folder();
  for (std::string path : {fmt::format("{}{}", folder, name), fmt::format("{}../lib/spile/{}", folder, name)})
    if (::access(path.c_str(), R_OK) == 0) return path;
  return std::unexpected(fmt::format("{} is neither in {} nor in {}../lib/spile", name, folder, folder));
}

}  // namespace spile
