// What programs are attached to, against the BTF of a kernel: a function that it has not is else found by the loader.
#pragma once

#include "backend/object/object.h"
#include "support/diagnostics.h"

namespace spile::driver {

// Warns of each program of fentry and its kin, lsm, tp_btf or iter whose function, hook, tracepoint or iterator
// [kernel] has not. What modules of that kernel have is not in it, so it is no error.
void check_attach_targets(const object::Object &object, const object::Btf &kernel, Diagnostics &diags);

}  // namespace spile::driver
