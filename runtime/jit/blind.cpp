#include "runtime/jit/blind.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/NoFolder.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/Utils/LowerSwitch.h>

#include <random>

#include "runtime/jit/opaque.h"

namespace spile::jit {
namespace {

constexpr unsigned kSmallBits = 16;

class Blinder {
 public:
  void run(llvm::Function &function) {
    std::vector<llvm::Use *> uses;
    for (llvm::Instruction &insn : llvm::instructions(function))
      for (llvm::Use &use : insn.operands())
        if (may_change(insn, use) && number_of(use) != nullptr) uses.push_back(&use);
    for (llvm::Use *use : uses) replace(*use);
  }

 private:
  // The number that an operand is, as it is or as a pointer; null: it is none, or a small one.
  static const llvm::ConstantInt *number_of(const llvm::Use &use) {
    const llvm::Value *value = use.get();
    if (const auto *expression = llvm::dyn_cast<llvm::ConstantExpr>(value))
      if (expression->getOpcode() == llvm::Instruction::IntToPtr) value = expression->getOperand(0);
    const auto *number = llvm::dyn_cast<llvm::ConstantInt>(value);
    if (number == nullptr || number->getBitWidth() > 64) return nullptr;
    return number->getValue().getSignificantBits() > kSmallBits ? number : nullptr;
  }
  // Where only a constant may stand, none is the program's.
  static bool may_change(const llvm::Instruction &insn, const llvm::Use &use) {
    if (llvm::isa<llvm::AllocaInst>(insn)) return false;
    const auto *call = llvm::dyn_cast<llvm::CallBase>(&insn);
    return call == nullptr || !call->isArgOperand(&use) ||
           !call->paramHasAttr(call->getArgOperandNo(&use), llvm::Attribute::ImmArg);
  }

  void replace(llvm::Use &use) {
    if (number_of(use) == nullptr) return;  // another way from the same block into the same phi
    auto *const user = llvm::cast<llvm::Instruction>(use.getUser());
    auto *const phi = llvm::dyn_cast<llvm::PHINode>(user);
    llvm::IRBuilder<llvm::NoFolder> b(phi != nullptr ? phi->getIncomingBlock(use)->getTerminator() : user);
    llvm::IntegerType *const word = b.getInt64Ty();
    const uint64_t number = number_of(use)->getValue().getSExtValue();
    const uint64_t key = random();
    llvm::Value *value = b.CreateXor(opaque(b, b.getInt64(number ^ key)), b.getInt64(key));
    llvm::Type *const type = use->getType();
    if (type->isPointerTy())
      value = b.CreateIntToPtr(value, type);
    else if (type != word)
      value = b.CreateTrunc(value, type);
    // Of a block that comes into a phi more than once, all must bring the same.
    if (phi == nullptr) return use.set(value);
    for (unsigned i = 0; i < phi->getNumIncomingValues(); i++)
      if (phi->getIncomingBlock(i) == phi->getIncomingBlock(use)) phi->setIncomingValue(i, value);
  }
  uint64_t random() { return uint64_t{device_()} << 32 | device_(); }

  std::random_device device_;
};

}  // namespace

void blind_constants(llvm::Module &module) {
  llvm::FunctionAnalysisManager analyses;
  llvm::PassBuilder().registerFunctionAnalyses(analyses);
  Blinder blinder;
  for (llvm::Function &function : module) {
    if (function.isDeclaration()) continue;
    llvm::LowerSwitchPass().run(function, analyses);
    blinder.run(function);
  }
}

}  // namespace spile::jit
