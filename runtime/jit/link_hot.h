// The code of hot helpers (hot.h), for the modules of programs.
#pragma once

#include <llvm/IR/Module.h>

#include <string>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

// The function's name, for a helper that is hot whatever its arguments are; empty for others.
std::string hot_helper(int32_t number);
// Of a lookup in such a map; empty for others.
std::string hot_lookup(const vm::JitMap &map);

// Adds what [module] has declared of it, to be inlined.
void link_hot(llvm::Module &module);

}  // namespace spile::jit
