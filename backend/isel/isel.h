// Instruction selection: one function of the IR becomes machine IR over virtual registers.
//
// In: a checked ir::Function. Out: mir::Function without phis, in which every instruction is one that the target has.
// Called by emit for each function with a body.
#pragma once

#include <optional>

#include "backend/isel/mir.h"
#include "ir/ir.h"
#include "support/diagnostics.h"

namespace spile::isel {

// Which instructions may be used: clang's -mcpu=v1 to v4. The column `cpu` of insns.def says which came when.
struct Target {
  unsigned cpu = 3;
  bool has_less_jumps() const { return cpu >= 2; }  // JLT, JLE, JSLT, JSLE
  bool has_alu32() const { return cpu >= 3; }       // and 32-bit jumps: clang's v3 has both
  bool has_fetch_atomics() const { return cpu >= 3; }
  bool has_signed_division() const { return cpu >= 4; }
  bool has_sign_extension() const { return cpu >= 4; }  // moves and loads
  bool has_byte_swap() const { return cpu >= 4; }
  bool has_long_jump() const { return cpu >= 4; }
};

// Nothing after an error, which stands in [diags] then.
std::optional<mir::Function> select(const ir::Module &module, ir::FunctionId function, const Target &target,
                                    Diagnostics &diags);

}  // namespace spile::isel
