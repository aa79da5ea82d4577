#include "runtime/vm/perf_map.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace spile::vm {

Result<void> PerfMap::open() {
  const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
  file_.reset(fopen(path.c_str(), "ae"));
  if (file_ == nullptr) return os_error(errno, "cannot open " + path);
  return {};
}

void PerfMap::add(const object::Program &program, const Resolved &resolved, const Code &code) {
  for (size_t i = 0; i < code.functions().size(); i++) {
    const JitFunction &function = code.functions()[i];
    if (function.size == 0) continue;
    const auto named =
        std::ranges::find(program.subprograms, resolved.subprograms[i], &object::Program::Subprogram::start);
    const bool is_entry = i == 0 || named == program.subprograms.end();
    fmt::print(file_.get(), "{:x} {:x} bpf_prog_{}{}{}\n", reinterpret_cast<uint64_t>(code.at(function.offset)),
               function.size, program.name, is_entry ? "" : "::", is_entry ? "" : named->name);
  }
  fflush(file_.get());
}

}  // namespace spile::vm
