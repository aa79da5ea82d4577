// Clean-up of allocated code, and the order of its blocks.
//
//     r1 = r1              (nothing)
//     goto b4; b4: exit    exit                             (encode does that; here all ways out lead to one block)
//     w0 = 1; goto b7      w0 = 1; if r3 == 0 goto b7    when only `if r3 == 0` leads there
//     if a goto b5; if b goto b5     w0 = 0; if a goto exit; if b goto exit     where b5 is w0 = 0; exit
//     two equal blocks     one; a block that ends with all of another jumps there
//
// Requires: physical registers. Breaks: the correspondence that regalloc/replay.h needs.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/isel/mir.h"

namespace spile::codegen {

void clean_up(mir::Function &function);

// The order in which blocks are laid out, so that few jumps remain and the likely way falls through; of equal ones that
// which a verifier had better see first. Only blocks that can be reached.
std::vector<uint32_t> block_order(const mir::Function &function);

}  // namespace spile::codegen
