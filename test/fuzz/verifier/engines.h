// Engines: one random program on every engine, with the same input: they must give the same answer.
//
//   accepted program ──► checked (twice, elsewhere in memory) ──► is the answer a function of the input?
//                   └──► checked as if unverified, interpreter, JIT, kernel (BPF_PROG_TEST_RUN): equal results
#pragma once

#include <memory>
#include <string>

#include "runtime/vm/engine.h"
#include "support/result.h"
#include "test/fuzz/verifier/sources.h"

namespace spile::fuzz {

struct Agreement {
  enum Kind : uint8_t {
    Rejected,   // by our verifier, or its context holds objects of a kernel
    Undefined,  // the answer depends on where memory lies or what the stack holds, or takes too long: nothing to
                // compare
    Agree,
    Differ,
  } kind = Rejected;
  std::string why;         // Differ
  bool in_kernel = false;  // was compared with the kernel's too
};

class Engines {
 public:
  // The JIT's plugin lies beside the executable.
  static Result<std::unique_ptr<Engines>> open();
  // The same input for the same seed. [with_kernel]: this process may load programs.
  Agreement compare(const object::Program &program, const tables::ProgramType &type, uint64_t seed, bool with_kernel);

 private:
  explicit Engines(std::unique_ptr<vm::Engine> jit) : jit_(std::move(jit)) {}
  std::unique_ptr<vm::Engine> jit_;
};

}  // namespace spile::fuzz
