// The engine of `--engine=auto`: a program runs in the interpreter at once. When it has taken about as much time there
// as LLVM would take for it, a thread compiles it, and the next run that begins is of the code. A program that the
// cache has is code from the start.
//
//   run() ──► interpreter ──hot──► queue ──► Workshop's thread: CodeSource ──► run() calls the code
//
// Results are the same either way, so that when it happens does not matter.
#pragma once

#include "runtime/vm/code_source.h"
#include "runtime/vm/engine.h"

namespace spile::vm {

// The interpreter alone where there is no JIT. A program that cannot be compiled goes on in the interpreter.
Result<std::unique_ptr<Engine>> make_tiered(const JitSettings &settings, HelperResolver resolve = helper_function);

}  // namespace spile::vm
