#include "driver/libraries.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "support/executable.h"

namespace spile::driver {

// The kernel tells each process where its dynamic linker lies.
bool can_open_libraries() { return ::getauxval(AT_BASE) != 0; }

Result<void> need_libraries(Arguments words) {
  if (can_open_libraries()) return {};
  const auto program = beside_executable("spile-engines");
  if (!program)
    return std::unexpected(Error{Error::Kind::Environment, program.error(), "build or install it with `spile`", 0});
  std::vector<char *> arguments;
  arguments.push_back(const_cast<char *>("spile"));
  for (const std::string &word : words) arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(program->c_str(), arguments.data());
  return os_error(errno, fmt::format("starting `{}`", *program));
}

}  // namespace spile::driver
