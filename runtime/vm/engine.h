// Engine: runs linked programs. The interpreter is runtime/vm/interpreter.h; the JIT is a plugin (runtime/jit).
//
// Loading resolves a verified object::Program against its maps: map indices become addresses of maps::Map objects,
// map values addresses of their storage, helper numbers functions, callbacks tokens that Env::call_back takes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "backend/object/object.h"
#include "runtime/maps/map.h"
#include "runtime/vm/env.h"
#include "support/result.h"

namespace spile::vm {

// A program loaded into an engine. Immutable and shareable between threads; each thread brings its own Env.
class Loaded {
 public:
  virtual ~Loaded() = default;
  // r1 = ctx, r2 = ctx_size (programs of the kernel ignore it; raw execution uses it), r10 = a fresh stack. Returns r0.
  virtual uint64_t run(void *ctx, uint64_t ctx_size, Env &env) const = 0;
  // A subprogram that the program passed as a callback (a timer's), outside of a run.
  virtual uint64_t call(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const = 0;
};

// [maps] are indexed as Program::object->maps. The program must have been accepted by the verifier: nothing is
// checked while it runs.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual Result<std::unique_ptr<Loaded>> load(const object::Program &program, std::span<maps::Map *const> maps) = 0;
};

// Where an engine finds the function of a helper number: helper_function, or a table of a test.
using HelperResolver = HelperFn (*)(uint32_t number);

std::unique_ptr<Engine> make_interpreter(HelperResolver resolve = helper_function);
// Opens the JIT plugin (spile-jit.so, beside the executable or in ../lib/spile). Environment error when it is missing.
Result<std::unique_ptr<Engine>> make_jit(HelperResolver resolve = helper_function);

}  // namespace spile::vm
