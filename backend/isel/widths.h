// Widths: how many low bits of a value's register may be set. Above them the register is known to be zero.
//
// An I32 that a 32-bit operation made has width 32, a loaded byte 8, a comparison 1; an I32 that was truncated from 64
// bits has width 64, because truncation does nothing. So `zext` of a value whose width is within its type is free, and
// so is the zero extension before a comparison.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/isel/isel.h"
#include "ir/ir.h"

namespace spile::isel {

// By ValueId: of the register that selection keeps the value in.
std::vector<uint8_t> register_widths(const ir::Function &function, const Target &target,
                                     const std::vector<uint32_t> &block_order);

}  // namespace spile::isel
