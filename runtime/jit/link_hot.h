// The code of hot helpers (hot.h), for the modules of programs.
#pragma once

#include <llvm/IR/Module.h>

#include <string>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

// The function's name, for a helper that is hot whatever its arguments are; empty for others. [repeated]: a run may
// come to the call many times (loops.h). Otherwise only short ones are hot: the call of a long one takes 1 to 4 ns more
// than its code, which takes some 3 ms to compile.
std::string hot_helper(int32_t number, bool repeated);
// Of a lookup in such a map; empty for others.
std::string hot_lookup(const vm::JitMap &map, bool repeated);

// Adds what [module] has declared of it, to be inlined.
void link_hot(llvm::Module &module);

}  // namespace spile::jit
