// Lines: which instruction of the program each byte of its code was made of, through all that LLVM does between. To
// LLVM instruction i is line i + 1 of a file: Lines gives IR its locations, and read_lines() takes the table of the
// object apart that says where they went. What line of the source an instruction is of, the host knows
// (object::Program).
#pragma once

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/Object/ObjectFile.h>

#include <vector>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

class Lines {
 public:
  explicit Lines(llvm::Module &module);
  // What the builder makes from here on is of this instruction, of this function.
  void enter(llvm::IRBuilder<> &builder, llvm::Function &function, size_t insn);
  // Before the module is optimized.
  void finish() { debug_.finalize(); }

 private:
  llvm::DIBuilder debug_;
  llvm::DIFile *file_;
};

// Rising. Code, in one section of the object, begins at 0.
std::vector<vm::JitLine> read_lines(const llvm::object::ObjectFile &object);

}  // namespace spile::jit
