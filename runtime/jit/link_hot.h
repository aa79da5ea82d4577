// The code of hot helpers (hot.h), for the modules of programs.
#pragma once

#include <llvm/IR/Module.h>

#include <string>

namespace spile::jit {

// The function's name, for a helper that is hot whatever its arguments are; empty for others.
std::string hot_helper(int32_t number);
// Of a lookup in a hash.
std::string hot_lookup(uint32_t key_size);

// Adds what [module] has declared of it, to be inlined.
void link_hot(llvm::Module &module);

}  // namespace spile::jit
