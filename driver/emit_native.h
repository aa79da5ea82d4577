// `build --emit=native`: the programs of an object, verified, as a shared object of machine code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/console.h"
#include "driver/judge.h"
#include "runtime/vm/native.h"

namespace spile::driver {

// None when an error was reported; [exit_code] then says which. [btf]: of CompileOptions.
std::optional<std::vector<std::byte>> emit_native(object::Object &object, const SourceManager &sources,
                                                  const std::string &btf, const std::string &march,
                                                  const std::string &soname, const vm::JitSettings &jit,
                                                  Console &console, int &exit_code);

}  // namespace spile::driver
