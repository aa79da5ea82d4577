// spile exec --conformance: the plugin protocol of bpf_conformance (https://github.com/Alan-Jowett/bpf_conformance).
//
// In: the memory in hexadecimal as an argument, or none; on stdin a line of instructions in hexadecimal. r1 is the
// memory, r2 its length, helper 5 returns r1. Out: r0 in hexadecimal and exit code 0, or a message and another code.
#pragma once

#include <span>
#include <string>

#include "driver/console.h"

namespace spile::driver {

// The vectors are nobody's programs to verify: each runs in the checked interpreter first, and only when that found no
// fault in the engines asked for. [engines]: "checked", "interp", "jit"; none: "checked". [unverified]: the JIT's code
// checks, too.
int run_conformance(const std::string &memory, std::span<const std::string> engines, bool unverified, Console &console);

}  // namespace spile::driver
