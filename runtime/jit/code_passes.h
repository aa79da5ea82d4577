// The code generator's passes that are left out, because they find too little for the time that they take.
//
// In: passes, as a TargetMachine adds them. Out: those that are wanted, in a PassManager.
#pragma once

#include <llvm/IR/LegacyPassManager.h>

namespace spile::jit {

class WantedPasses : public llvm::legacy::PassManagerBase {
 public:
  // [waiting]: somebody waits for the code.
  WantedPasses(llvm::legacy::PassManager &into, bool waiting) : into_(into), waiting_(waiting) {}
  void add(llvm::Pass *pass) override;

 private:
  llvm::legacy::PassManager &into_;
  bool waiting_;
};

}  // namespace spile::jit
