// How much of its stack a subprogram may touch: what engines zero when they enter it. A callback of a few instructions
// that hands a helper a key of four bytes would otherwise spend its time with 512.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/vm/resolve.h"

namespace spile::vm {

// Bytes below r10, at most kStackBytes, of the subprogram whose instructions are those from [start] to before [end].
// The verifier has accepted the program; its stack_bytes may be missing still.
//
// Sound because: an address in the stack is r10 or what `rX = r10; rX += N` makes, which nothing jumps between; moves,
// spills and what is added to it lead no lower, as long as no register that may hold one is lowered, and helpers use
// what they are given from there upwards. Where this is not all, and where a subprogram may get an address, it is all
// of the stack.
uint32_t stack_bytes_of(const Resolved &program, size_t start, size_t end);

}  // namespace spile::vm
