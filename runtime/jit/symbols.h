// Symbols: the objects of a program (JitProgram::objects) as LLVM knows them: one external symbol for each, so that
// code has no address of this process in it, and LLVM knows that two of them are not the same memory.
//
// Sound because: no object overlaps another, but for those that lie wholly in a larger one, which is then meant.
#pragma once

#include <llvm/ADT/StringRef.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/Module.h>

#include <map>
#include <optional>
#include <vector>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

class Symbols {
 public:
  Symbols(const vm::JitProgram &program, llvm::Module &module);
  // [address] lies in an object of the program. [type]: of a function.
  llvm::Constant *pointer_to(uint64_t address, llvm::FunctionType *type);

 private:
  llvm::Constant *symbol(size_t index, llvm::FunctionType *type);

  const vm::JitProgram &program_;
  llvm::Module &module_;
  std::map<uint64_t, size_t> by_address_;  // objects that lie in no other one
  std::vector<llvm::Constant *> made_;     // by object
};

// The index of an object by its symbol's name; LLVM's own calls (memcpy() and the like) are of objects that have
// theirs.
std::optional<uint32_t> object_of_symbol(const vm::JitProgram &program, llvm::StringRef name);

}  // namespace spile::jit
