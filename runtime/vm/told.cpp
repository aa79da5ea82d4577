#include "runtime/vm/told.h"

#include <unistd.h>

#include <cerrno>

namespace spile::vm {

Result<void> Told::open() {
  if (auto opened = dump_.open(); !opened) return opened;
  const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
  map_.reset(fopen(path.c_str(), "ae"));
  if (map_ == nullptr) return os_error(errno, "cannot open " + path);
  return {};
}

Result<std::unique_ptr<GdbCode>> Told::add(const object::Program &program, const Resolved &resolved, const Code &code) {
  const std::vector<ListedFunction> functions = list_functions(program, resolved, code);
  for (const ListedFunction &function : functions)
    fmt::print(map_.get(), "{:x} {:x} {}\n", function.address, function.size, function.name);
  if (fflush(map_.get()) != 0) return os_error(errno, "writing perf's map");
  if (auto added = dump_.add(functions); !added) return std::unexpected(added.error());
  return std::make_unique<GdbCode>(program.name, functions);
}

}  // namespace spile::vm
