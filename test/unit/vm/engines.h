// Every engine of verified programs, for tests that must hold on each, and programs in assembly for them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "backend/isa/asm.h"
#include "runtime/vm/interpreter.h"
#include "runtime/vm/jit_host.h"

namespace spile::vm {

struct NamedEngine {
  std::string name;
  std::shared_ptr<Engine> engine;
};

// The engines of this build, with helpers from [resolve].
inline std::vector<NamedEngine> all_engines(HelperResolver resolve) {
  std::vector<NamedEngine> engines{{"portable", make_portable_interpreter(resolve)}};
  if (auto pinned = make_pinned_interpreter(resolve)) engines.push_back({"pinned", std::move(pinned)});
#ifdef SPILE_JIT_PLUGIN
  if (auto jit = open_jit(SPILE_JIT_PLUGIN, resolve))
    engines.push_back({"jit", std::move(*jit)});
  else
    ADD_FAILURE() << jit.error().message;
#endif
  return engines;
}

inline object::Program program_of(std::vector<isa::Insn> insns) {
  object::Program program;
  program.name = "test";
  program.insns = std::move(insns);
  return program;
}

inline object::Program assembled(std::string_view text) {
  auto insns = isa::assemble(text);
  if (!insns) {
    ADD_FAILURE() << insns.error().message;
    return program_of({});
  }
  return program_of(std::move(*insns));
}

}  // namespace spile::vm
