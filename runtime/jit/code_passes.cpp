#include "runtime/jit/code_passes.h"

#include <llvm/Pass.h>
#include <llvm/PassInfo.h>
#include <llvm/PassRegistry.h>

namespace spile::jit {
namespace {

// By the name that LLVM's -stop-after knows.
bool is_worth_its_time(llvm::StringRef name, bool waiting) {
  // Looks for numbers that could live in mask registers, of which eBPF has none, in time that grows with the square of
  // a chain of them: half of the time of a program of 9,000 instructions.
  if (name == "x86-domain-reassignment") return false;
  // Each a tenth of the time of a program with loops, and the benchmarks run as fast without.
  return !waiting || (name != "loop-reduce" && name != "machine-scheduler");
}

}  // namespace

void WantedPasses::add(llvm::Pass *pass) {
  const llvm::PassInfo *const info = llvm::PassRegistry::getPassRegistry()->getPassInfo(pass->getPassID());
  if (info == nullptr || is_worth_its_time(info->getPassArgument(), waiting_))
    into_.add(pass);
  else
    delete pass;
}

}  // namespace spile::jit
