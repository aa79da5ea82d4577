// LLVM IR → machine code in this process. One Compiler lives as long as the process; it may be used by several threads.
#pragma once

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

// The code of one program; freeing it frees the code.
struct Compiled {
  llvm::orc::ResourceTrackerSP tracker;
  vm::JitEntry entry = nullptr;
  std::vector<vm::JitCheckedEntry> entries;  // in the place of [entry], of an unverified program
};

// A function that was put into memory.
struct Placed {
  std::string name;
  uint64_t address = 0, size = 0;
};

class Compiler {
 public:
  static llvm::Expected<std::unique_ptr<Compiler>> create();
  llvm::Expected<std::unique_ptr<Compiled>> compile(const vm::JitProgram &program, const vm::JitHost &host);

 private:
  Compiler(std::unique_ptr<llvm::orc::LLJIT> jit, std::unique_ptr<llvm::TargetMachine> machine)
      : jit_(std::move(jit)), machine_(std::move(machine)) {}
  void optimize(llvm::Module &module, bool checked);

  std::mutex mutex_;
  std::vector<Placed> placed_;  // by the compilation in work
  std::unique_ptr<llvm::orc::LLJIT> jit_;
  std::unique_ptr<llvm::TargetMachine> machine_;
  uint64_t programs_ = 0;
};

}  // namespace spile::jit
