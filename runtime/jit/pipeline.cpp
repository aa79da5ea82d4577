#include "runtime/jit/pipeline.h"

#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/GVN.h>
#include <llvm/Transforms/Scalar/IndVarSimplify.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopDeletion.h>
#include <llvm/Transforms/Scalar/LoopIdiomRecognize.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopRotation.h>
#include <llvm/Transforms/Scalar/LoopUnrollPass.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Vectorize/LoopVectorize.h>

#include "runtime/jit/fuel.h"
#include "runtime/jit/loops.h"

namespace spile::jit {
namespace {

// More than once over a large program takes more than linear time (23,000 instructions, unrolled by their author: 12 s
// in the whole pipeline, and three times the code).
constexpr size_t kManyInsns = 4096;

// Registers become SSA values, and the halves of them that nobody uses go.
void go_over(llvm::FunctionPassManager &functions) {
  functions.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  functions.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  functions.addPass(llvm::SimplifyCFGPass());
  functions.addPass(llvm::InstCombinePass());
  functions.addPass(llvm::SimplifyCFGPass());
}

void improve_loops(llvm::FunctionPassManager &functions) {
  const auto move_out = [] { return llvm::LICMPass(llvm::LICMOptions()); };
  llvm::LoopPassManager turn;
  turn.addPass(llvm::LoopRotatePass());
  turn.addPass(move_out());
  functions.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(turn), /*UseMemorySSA=*/true));
  functions.addPass(llvm::SimplifyCFGPass());
  functions.addPass(llvm::InstCombinePass());

  llvm::LoopPassManager count;
  count.addPass(llvm::LoopIdiomRecognizePass());
  count.addPass(llvm::IndVarSimplifyPass());
  count.addPass(llvm::LoopDeletionPass());
  count.addPass(llvm::LoopFullUnrollPass());
  functions.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(count)));
  functions.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));  // the stack, at indices that are constants now
  functions.addPass(llvm::GVNPass());
  functions.addPass(llvm::InstCombinePass());
  functions.addPass(llvm::SimplifyCFGPass());

  functions.addPass(llvm::LoopVectorizePass(
      llvm::LoopVectorizeOptions(/*InterleaveOnlyWhenForced=*/true, /*VectorizeOnlyWhenForced=*/false)));
  functions.addPass(llvm::SimplifyCFGPass(llvm::SimplifyCFGOptions()
                                              .convertSwitchRangeToICmp(true)
                                              .convertSwitchToLookupTable(true)
                                              .hoistCommonInsts(true)
                                              .sinkCommonInsts(true)));
  functions.addPass(llvm::InstCombinePass());
  functions.addPass(llvm::LoopUnrollPass());
  functions.addPass(llvm::InstCombinePass());
  functions.addPass(llvm::createFunctionToLoopPassAdaptor(move_out(), /*UseMemorySSA=*/true));
  functions.addPass(llvm::SimplifyCFGPass());
}

}  // namespace

// Interleaving makes none of the benchmarks faster, and twice the code of their loops.
llvm::PipelineTuningOptions pipeline_tuning() {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopInterleaving = false;
  tuning.CallGraphProfile = false;
  return tuning;
}

llvm::ModulePassManager pipeline_of(llvm::PassBuilder &builder, const vm::JitProgram &program) {
  const bool loops = program.insn_count < kManyInsns && has_loops(program);
  if (loops && program.unverified != nullptr) {
    ask_for_fuel_beforehand(builder);
    return builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2);
  }
  llvm::FunctionPassManager functions;
  go_over(functions);
  if (loops) improve_loops(functions);
  llvm::ModulePassManager modules;
  modules.addPass(llvm::AlwaysInlinerPass());
  modules.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(functions)));
  modules.addPass(llvm::GlobalDCEPass());
  return modules;
}

}  // namespace spile::jit
