// Every engine of verified programs, for tests that must hold on each, and programs in assembly for them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "backend/isa/asm.h"
#include "runtime/vm/interpreter.h"

namespace spile::vm {

struct NamedEngine {
  std::string name;
  std::shared_ptr<Engine> engine;
};

// The engines of this build, with helpers from [resolve].
inline std::vector<NamedEngine> all_engines(HelperResolver resolve) {
  std::vector<NamedEngine> engines{{"portable", make_portable_interpreter(resolve)}};
  if (auto pinned = make_pinned_interpreter(resolve)) engines.push_back({"pinned", std::move(pinned)});
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
