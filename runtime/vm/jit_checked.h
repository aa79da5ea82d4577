// The JIT for programs that nobody verified: an accelerator (accelerate.h) whose steps are compiled. What compiled code
// does not do itself, the interpreter does, so faults are the same.
#pragma once

#include "runtime/vm/checked.h"
#include "runtime/vm/code_source.h"

namespace spile::vm {

// As make_checked_interpreter(). Environment error when there is no JIT.
Result<std::unique_ptr<Engine>> make_checked_jit(Supervision &supervision, const JitSettings &settings = {},
                                                 HelperResolver resolve = helper_function);
MakeAccelerator compiled_by(std::shared_ptr<CodeSource> source, HelperResolver resolve);

// Of JitHost.
int64_t jit_step(JitRun *run, uint64_t insn);
bool jit_enter(JitRun *run, uint64_t return_to);
void jit_leave(JitRun *run);

}  // namespace spile::vm
