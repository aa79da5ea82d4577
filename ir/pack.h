// A function's body in about a tenth of its memory, for the time in which nobody reads it. A module of 10 MB of source
// has some millions of instructions, of which the passes and the back end look at one function's at a time.
//
// Called by lowering, which packs what it has made, and by pipeline and emit, which unpack a function before they work
// on it. Ids of values, blocks and slots stay what they were.
#pragma once

#include <functional>

#include "ir/ir.h"

namespace spile::ir {

// Requires a body that is not packed.
void pack(Function &function);
// Nothing happens to a body that is not packed.
void unpack(Function &function);

// Leaves of a body that is not packed only that there was one: a block without instructions.
void forget_body(Function &function);

// Calls [visit] for each function and global that an instruction of the body refers to, once for each place; in the
// order of the blocks. Packed or not.
struct NameUse {
  NamedOutside name;
  bool is_call = false;
  Loc loc;  // of the instruction
};
void for_each_name_use(const Function &function, const std::function<void(const NameUse &)> &visit);

}  // namespace spile::ir
