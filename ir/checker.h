// What must hold in the IR, checked: after the text is read, and between passes when SPILE_CHECKED is set.
//
// * Every block that is not removed ends in its only terminator; phis come first; block and inst agree on who holds
// whom.
// * A phi has exactly one operand for each distinct predecessor. The entry has no predecessors.
// * Operands, counts and types are those of ops.def and of what is called.
// * A placed value is defined in a block that dominates its use (for phis: the end of the predecessor). Unreachable
//   blocks are exempt.
#pragma once

#include <optional>
#include <string>

#include "ir/ir.h"

namespace spile::ir {

struct Fault {
  std::string function;
  std::string inst;  // as text; empty when no single instruction is at fault
  std::string what;  // one sentence
  Loc loc;
};

std::optional<Fault> check(const Module &module, const Function &function);
std::optional<Fault> check(const Module &module);  // the first fault of all functions

}  // namespace spile::ir
