// The two builds of the interpreter of verified programs. make_interpreter() (engine.h) takes the one that
// SPILE_INTERPRETER chose; tests compare both.
#pragma once

#include <memory>

#include "runtime/vm/engine.h"

namespace spile::vm {

// Registers of the program live in registers of the machine; handlers tail-call each other. Needs clang (musttail,
// preserve_none) on x86-64 or AArch64: null elsewhere, or when built with SPILE_INTERPRETER=goto.
std::unique_ptr<Engine> make_pinned_interpreter(HelperResolver resolve);

// Registers in an array, computed goto: any GCC or clang.
std::unique_ptr<Engine> make_portable_interpreter(HelperResolver resolve);

}  // namespace spile::vm
