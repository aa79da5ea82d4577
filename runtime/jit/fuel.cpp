#include "runtime/jit/fuel.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/IndVarSimplify.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopRotation.h>
#include <llvm/Transforms/Scalar/SimpleLoopUnswitch.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <cstddef>
#include <optional>
#include <set>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {
namespace {

using llvm::Value;
namespace match = llvm::PatternMatch;

// Instructions that a loop may be asked for: what is left of the fuel when it is not enough goes the interpreter's way.
constexpr uint64_t kMostBeforehand = uint64_t{1} << 20;
// Loops in loops that each spend what is known.
constexpr unsigned kDepth = 3;

// Whether nothing but JitRun::fuel, less constants, goes into [value]. Nothing that a program computes does.
bool is_fuel(const Value *value, std::set<const Value *> &seen) {
  if (!seen.insert(value).second) return true;
  if (const auto *phi = llvm::dyn_cast<llvm::PHINode>(value))
    return llvm::all_of(phi->incoming_values(), [&](const Value *from) { return is_fuel(from, seen); });
  Value *from = nullptr;
  if (match::match(value, match::m_Add(match::m_Value(from), match::m_ConstantInt()))) return is_fuel(from, seen);
  const auto *load = llvm::dyn_cast<llvm::LoadInst>(value);
  if (load == nullptr) return false;
  llvm::APInt offset(64, 0);
  const Value *base = load->getPointerOperand()->stripAndAccumulateConstantOffsets(load->getDataLayout(), offset, true);
  const auto *argument = llvm::dyn_cast<llvm::Argument>(base);
  return argument != nullptr && argument->getArgNo() == 0 && offset == offsetof(vm::JitRun, fuel);
}

class AskBeforehand : public llvm::PassInfoMixin<AskBeforehand> {
 public:
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &analyses) {
    auto &evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
    auto &dominators = analyses.getResult<llvm::DominatorTreeAnalysis>(function);
    bool changed = false;
    for (llvm::Loop *loop : analyses.getResult<llvm::LoopAnalysis>(function).getLoopsInPreorder())
      changed |= change(*loop, evolution, dominators);
    if (!changed) return llvm::PreservedAnalyses::all();
    llvm::PreservedAnalyses preserved;
    preserved.preserveSet<llvm::CFGAnalyses>();
    return preserved;
  }

 private:
  // What a branch of a loop compares: it stays when [fuel], less [spends] each time around, is at least [least].
  struct Check {
    const llvm::SCEV *fuel;  // at first
    uint64_t spends, least;
    bool stays_when_true;
  };

  static bool change(llvm::Loop &loop, llvm::ScalarEvolution &evolution, const llvm::DominatorTree &dominators) {
    const std::optional<uint64_t> rounds = most_rounds(loop, evolution, dominators);
    llvm::BasicBlock *const before = loop.getLoopPreheader();
    if (!rounds || before == nullptr) return false;
    llvm::SmallVector<llvm::BasicBlock *> exiting;
    loop.getExitingBlocks(exiting);
    bool changed = false;
    for (llvm::BasicBlock *block : exiting) {
      auto *const branch = llvm::dyn_cast<llvm::BranchInst>(block->getTerminator());
      const std::optional<Check> check = branch == nullptr ? std::nullopt : find_check(loop, *branch, evolution);
      if (!check || *rounds > kMostBeforehand / check->spends) continue;
      llvm::SCEVExpander expander(evolution, block->getDataLayout(), "fuel");
      Value *const fuel = expander.expandCodeFor(check->fuel, nullptr, before->getTerminator());
      llvm::IRBuilder<> builder(before->getTerminator());
      Value *const enough = builder.CreateICmpUGE(fuel, builder.getInt64(check->least + check->spends * *rounds));
      branch->setCondition(check->stays_when_true ? enough : builder.CreateNot(enough));
      changed = true;
    }
    if (changed) evolution.forgetLoop(&loop);
    return changed;
  }

  // How often the loop jumps back at the most, as one of its exits says.
  static std::optional<uint64_t> most_rounds(llvm::Loop &loop, llvm::ScalarEvolution &evolution,
                                             const llvm::DominatorTree &dominators) {
    llvm::BasicBlock *const latch = loop.getLoopLatch();
    if (latch == nullptr) return std::nullopt;
    llvm::SmallVector<llvm::BasicBlock *> exiting;
    loop.getExitingBlocks(exiting);
    std::optional<uint64_t> least;
    for (llvm::BasicBlock *block : exiting) {
      if (!dominators.dominates(block, latch)) continue;
      const auto *count = llvm::dyn_cast<llvm::SCEVConstant>(
          evolution.getExitCount(&loop, block, llvm::ScalarEvolution::ConstantMaximum));
      if (count == nullptr || count->getAPInt().ugt(kMostBeforehand)) continue;
      least = std::min(least.value_or(UINT64_MAX), count->getAPInt().getZExtValue());
    }
    return least;
  }

  static std::optional<Check> find_check(llvm::Loop &loop, const llvm::BranchInst &branch,
                                         llvm::ScalarEvolution &evolution) {
    Value *fuel = nullptr;
    const llvm::APInt *bound = nullptr;
    llvm::CmpInst::Predicate predicate{};
    if (!branch.isConditional() ||
        !match::match(branch.getCondition(), match::m_ICmp(predicate, match::m_Value(fuel), match::m_APInt(bound))))
      return std::nullopt;
    std::set<const Value *> seen;
    if (!is_fuel(fuel, seen)) return std::nullopt;
    const auto *each = llvm::dyn_cast<llvm::SCEVAddRecExpr>(evolution.getSCEV(fuel));
    if (each == nullptr || each->getLoop() != &loop || !each->isAffine()) return std::nullopt;
    const auto *step = llvm::dyn_cast<llvm::SCEVConstant>(each->getStepRecurrence(evolution));
    if (step == nullptr || !step->getAPInt().isNegative()) return std::nullopt;
    const bool stays_when_true = loop.contains(branch.getSuccessor(0));
    if (!stays_when_true) predicate = llvm::CmpInst::getInversePredicate(predicate);
    if (predicate != llvm::CmpInst::ICMP_UGT && predicate != llvm::CmpInst::ICMP_UGE) return std::nullopt;
    const uint64_t least = bound->getZExtValue() + (predicate == llvm::CmpInst::ICMP_UGT ? 1 : 0);
    const uint64_t spends = (-step->getAPInt()).getZExtValue();
    if (least > kMostBeforehand || spends > kMostBeforehand) return std::nullopt;
    return Check{each->getStart(), spends, least, stays_when_true};
  }
};

}  // namespace

void ask_for_fuel_beforehand(llvm::PassBuilder &builder) {
  builder.registerPipelineEarlySimplificationEPCallback([](llvm::ModulePassManager &modules, llvm::OptimizationLevel) {
    llvm::FunctionPassManager functions;
    functions.addPass(llvm::InstCombinePass());
    functions.addPass(llvm::SimplifyCFGPass());
    llvm::LoopPassManager rotate;
    rotate.addPass(llvm::LoopRotatePass());
    rotate.addPass(llvm::IndVarSimplifyPass());
    functions.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(rotate)));
    for (unsigned i = 0; i < kDepth; i++) {
      functions.addPass(AskBeforehand());
      llvm::LoopPassManager unswitch;
      unswitch.addPass(llvm::SimpleLoopUnswitchPass(/*NonTrivial=*/true));
      unswitch.addPass(llvm::IndVarSimplifyPass());
      functions.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(unswitch), /*UseMemorySSA=*/true));
    }
    modules.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(functions)));
  });
}

}  // namespace spile::jit
