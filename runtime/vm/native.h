// Programs as a shared object: the JIT's code, ahead of time, for a process that has nothing else of Spile.
//
// What it exports and what it asks for is written down for users in docs/native.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/vm/code_source.h"

namespace spile::vm {

// As `uname -m` names it.
inline constexpr std::string_view kThisMachine =
#ifdef __aarch64__
    "aarch64";
#else
    "x86_64";
#endif

struct NativeOptions {
  std::string march;  // x86_64 or aarch64: any machine of it
  std::string name;   // DT_SONAME
};

// [programs] are of one object, linked, and accepted by the verifier.
Result<std::vector<std::byte>> native_library(std::span<const object::Program *const> programs,
                                              const object::Object &object, CodeSource &source,
                                              const NativeOptions &options);

}  // namespace spile::vm
