#include "runtime/jit/pipeline.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/IndVarSimplify.h>
#include <llvm/Transforms/Scalar/JumpThreading.h>
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
void go_over(llvm::FunctionPassManager &functions, bool large) {
  functions.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  functions.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  // What is asked again is known on each of its ways. Programs ask again where their compiler has selected between
  // values, which only a branch can do; behind the next pass it would be a select for each, and addresses wait for all
  // of them.
  if (!large) functions.addPass(llvm::JumpThreadingPass());
  functions.addPass(llvm::SimplifyCFGPass());
  functions.addPass(llvm::InstCombinePass());
  functions.addPass(llvm::SimplifyCFGPass());
}

// A pass over loops, and whether it did something: a loop that was unrolled may leave as many loops as there were.
template <class Pass>
class Noting : public llvm::PassInfoMixin<Noting<Pass>> {
 public:
  Noting(Pass pass, bool &did_something) : pass_(std::move(pass)), did_something_(&did_something) {}
  llvm::PreservedAnalyses run(llvm::Loop &loop, llvm::LoopAnalysisManager &analyses,
                              llvm::LoopStandardAnalysisResults &results, llvm::LPMUpdater &updater) {
    llvm::PreservedAnalyses kept = pass_.run(loop, analyses, results, updater);
    *did_something_ |= !kept.areAllPreserved();
    return kept;
  }

 private:
  Pass pass_;
  bool *did_something_;
};

// Loops in their best form. What cleans up behind a step runs only where the step did something: most loops have too
// many turns to be unrolled, and no vectors.
class ImproveLoops : public llvm::PassInfoMixin<ImproveLoops> {
 public:
  explicit ImproveLoops(bool waiting) : waiting_(waiting) {}
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses) {
    if (analyses.getResult<llvm::LoopAnalysis>(function).empty()) return llvm::PreservedAnalyses::all();
    turn(function, analyses);
    unroll(function, analyses);
    vectorize(function, analyses);
    return llvm::PreservedAnalyses::none();
  }

 private:
  using Analyses = llvm::FunctionAnalysisManager;

  static void go(llvm::FunctionPassManager &passes, llvm::Function &function, Analyses &analyses) {
    analyses.invalidate(function, passes.run(function, analyses));
  }
  static llvm::LICMPass move_out() { return llvm::LICMPass(llvm::LICMOptions()); }

  static void turn(llvm::Function &function, Analyses &analyses) {
    llvm::LoopPassManager loops;
    loops.addPass(llvm::LoopRotatePass());
    loops.addPass(move_out());
    llvm::FunctionPassManager passes;
    passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(loops), /*UseMemorySSA=*/true));
    passes.addPass(llvm::SimplifyCFGPass());
    go(passes, function, analyses);
  }

  void unroll(llvm::Function &function, Analyses &analyses) const {
    bool did_something = false;
    llvm::LoopPassManager loops;
    loops.addPass(llvm::LoopIdiomRecognizePass());
    if (!waiting_) loops.addPass(llvm::IndVarSimplifyPass());
    loops.addPass(Noting(llvm::LoopDeletionPass(), did_something));
    loops.addPass(Noting(llvm::LoopFullUnrollPass(), did_something));
    llvm::FunctionPassManager passes;
    passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(loops)));
    go(passes, function, analyses);
    if (!did_something) return;
    llvm::FunctionPassManager after;
    after.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));  // the stack, at indices that are constants now
    after.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));     // GVN finds no more here, in twenty times the time
    after.addPass(llvm::InstCombinePass());
    after.addPass(llvm::SimplifyCFGPass());
    go(after, function, analyses);
  }

  void vectorize(llvm::Function &function, Analyses &analyses) const {
    const llvm::PreservedAnalyses kept =
        llvm::LoopVectorizePass(
            llvm::LoopVectorizeOptions(/*InterleaveOnlyWhenForced=*/true, /*VectorizeOnlyWhenForced=*/false))
            .run(function, analyses);
    analyses.invalidate(function, kept);
    llvm::FunctionPassManager after;
    after.addPass(llvm::SimplifyCFGPass(llvm::SimplifyCFGOptions()
                                            .convertSwitchRangeToICmp(true)
                                            .convertSwitchToLookupTable(true)
                                            .hoistCommonInsts(true)
                                            .sinkCommonInsts(true)));
    if (!kept.areAllPreserved()) after.addPass(llvm::InstCombinePass());
    // Several turns at a time: a third of the time, for one of the benchmarks' loops.
    if (!waiting_) {
      after.addPass(llvm::LoopUnrollPass());
      after.addPass(llvm::InstCombinePass());
      after.addPass(llvm::createFunctionToLoopPassAdaptor(move_out(), /*UseMemorySSA=*/true));
      after.addPass(llvm::SimplifyCFGPass());
    }
    go(after, function, analyses);
  }

  bool waiting_;
};

}  // namespace

// Interleaving makes none of the benchmarks faster, and twice the code of their loops.
llvm::PipelineTuningOptions pipeline_tuning() {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopInterleaving = false;
  tuning.CallGraphProfile = false;
  return tuning;
}

llvm::ModulePassManager pipeline_of(llvm::PassBuilder &builder, const vm::JitProgram &program, bool waiting) {
  const bool large = program.insn_count >= kManyInsns, loops = !large && has_loops(program);
  if (loops && program.unverified != nullptr) {
    ask_for_fuel_beforehand(builder);
    return builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2);
  }
  llvm::FunctionPassManager functions;
  go_over(functions, large);
  if (loops) functions.addPass(ImproveLoops(waiting));
  llvm::ModulePassManager modules;
  modules.addPass(llvm::AlwaysInlinerPass());
  modules.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(functions)));
  modules.addPass(llvm::GlobalDCEPass());
  return modules;
}

}  // namespace spile::jit
