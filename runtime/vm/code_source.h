// CodeSource: where compiled code comes from: the cache, or else the JIT plugin, which is opened the first time that
// code must be made. Safe from several threads.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/vm/code.h"
#include "runtime/vm/code_cache.h"
#include "runtime/vm/jit_program.h"
#include "runtime/vm/told.h"

namespace spile::vm {

struct JitSettings {
  std::string plugin;            // its path; empty: spile-jit.so, beside the executable or in ../lib/spile
  std::string cache;             // folder of compiled code; empty: none
  std::shared_ptr<Told> told;    // of where code lies, and of what lines it is; null: nobody is
  bool blind_constants = false;  // such code is not cached: it differs each time
};

class CodeSource {
 public:
  // Environment error when there is no plugin; whether it is one, is seen when it is opened.
  static Result<std::shared_ptr<CodeSource>> find(const JitSettings &settings);
  CodeSource(std::string plugin, const JitSettings &settings);

  // Only what is in the cache and can be placed; none otherwise.
  std::optional<Code> cached(const JitInput &input) const;
  Result<Code> compile(const JitInput &input);
  // The one or else the other.
  Result<Code> code_of(const JitInput &input);
  // Hands the image for a machine of this name, with this gap (JitOptions), to [use].
  Result<void> compile_for(const char *march, uint64_t gap, const JitInput &input,
                           const std::function<void(const JitImage &)> &use);
  // Opens it now.
  Result<const JitApi *> plugin();
  // Whoever is told of code: makes their files now.
  Result<void> open_told();
  // GDB knows of the code while the result lives. Null when nobody is told.
  Result<std::unique_ptr<GdbCode>> tell(const object::Program &program, const Resolved &resolved, const Code &code);

 private:
  bool uses_cache() const { return !settings_.cache.empty() && !settings_.blind_constants; }
  std::vector<std::byte> key_of(const JitInput &input) const;

  std::string path_;
  JitSettings settings_;
  CodeCache cache_;
  std::vector<std::byte> identity_;  // what code depends on besides its program
  std::mutex mutex_;
  const JitApi *api_ = nullptr;  // null: not opened
};

}  // namespace spile::vm
