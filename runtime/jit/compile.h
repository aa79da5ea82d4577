// LLVM IR → an image of machine code. One Compiler for a kind of machine; it may be used by several threads.
#pragma once

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/Support/MemoryBufferRef.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>
#include <mutex>

#include "runtime/jit/link.h"
#include "runtime/vm/jit_abi.h"

namespace spile::jit {

class Compiler {
 public:
  // [march]: of JitOptions.
  static llvm::Expected<std::unique_ptr<Compiler>> create(const char *march);
  llvm::Expected<Image> compile(const vm::JitProgram &program, const vm::JitHost &host, const vm::JitOptions &options);

 private:
  Compiler(std::unique_ptr<llvm::TargetMachine> machine, uint64_t page, bool waiting)
      : machine_(std::move(machine)), page_(page), waiting_(waiting) {}
  void optimize(llvm::Module &module, const vm::JitProgram &program);
  // The object is there until the next one is.
  // [quickly]: by LLVM's fast selection of instructions.
  llvm::MemoryBufferRef emit(llvm::Module &module, bool quickly);

  std::mutex mutex_;
  std::unique_ptr<llvm::TargetMachine> machine_;
  uint64_t page_;
  bool waiting_;  // for code, which is to run here; nobody waits for what goes into a file
  // Of the code generator, for every module: to make its passes takes longer than a short program takes in them.
  llvm::SmallVector<char, 0> object_;
  llvm::raw_svector_ostream out_{object_};
  std::unique_ptr<llvm::legacy::PassManager> generator_;
};

}  // namespace spile::jit
