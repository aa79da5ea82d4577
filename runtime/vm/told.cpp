#include "runtime/vm/told.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "support/file.h"

namespace spile::vm {

Result<void> Told::open() {
  const std::lock_guard lock(mutex_);
  if (map_ != nullptr) return {};
  if (auto opened = dump_.open(); !opened) return opened;
  const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
  // Anyone can make files there: one that leads elsewhere, or that another owns, is none of ours.
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return os_error(errno, "cannot open " + path);
  if (status.st_uid != ::geteuid()) return os_error(EACCES, path + " belongs to another user");
  map_.reset(::fdopen(file.get(), "a"));
  if (map_ == nullptr) return os_error(errno, "cannot open " + path);
  file.release();
  return {};
}

Result<std::unique_ptr<GdbCode>> Told::add(const object::Program &program, const Resolved &resolved, const Code &code) {
  const std::vector<ListedFunction> functions = list_functions(program, resolved, code);
  const std::lock_guard lock(mutex_);
  for (const ListedFunction &function : functions)
    fmt::print(map_.get(), "{:x} {:x} {}\n", function.address, function.size, function.name);
  if (fflush(map_.get()) != 0) return os_error(errno, "writing perf's map");
  if (auto added = dump_.add(functions); !added) return std::unexpected(added.error());
  return std::make_unique<GdbCode>(program.name, functions);
}

}  // namespace spile::vm
