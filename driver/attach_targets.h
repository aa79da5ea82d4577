// What a program is attached to, against the BTF of a kernel: a function that it has not is else found by the loader.
#pragma once

#include "backend/object/object.h"
#include "support/diagnostics.h"

namespace spile::driver {

// Warns when the program [entry] of fentry and its kin, lsm, tp_btf or iter hangs on a function, hook, tracepoint or
// iterator that [kernel] has not. What modules of that kernel have is not in it, so it is no error.
void check_attach_target(const object::Object &object, const object::ProgramEntry &entry, const object::Btf &kernel,
                         Diagnostics &diags);

}  // namespace spile::driver
