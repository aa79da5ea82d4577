#include "runtime/jit/address_masks.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/PatternMatch.h>

#include <vector>

#include "runtime/jit/opaque.h"

namespace spile::jit {
namespace {

// Addresses scale by 2, 4 and 8: those are the masks that may become a part of one.
bool may_be_scale(const llvm::Instruction &insn) {
  using namespace llvm::PatternMatch;
  const llvm::APInt *mask = nullptr;
  if (!match(&insn, m_And(m_Shr(m_Value(), m_ConstantInt()), m_APInt(mask)))) return false;
  return insn.getType()->isIntegerTy() && mask->getBitWidth() <= 64 && mask->countr_zero() >= 1 &&
         mask->countr_zero() <= 3;
}

// Extended, it is the same number.
bool is_used_more_than_once(const llvm::Value &value) {
  if (!value.hasOneUse()) return !value.use_empty();
  const llvm::User *user = *value.user_begin();
  return llvm::isa<llvm::CastInst>(user) && is_used_more_than_once(*user);
}

}  // namespace

void keep_masks_out_of_addresses(llvm::Module &module) {
  std::vector<llvm::Instruction *> masks;
  for (llvm::Function &function : module)
    for (llvm::Instruction &insn : llvm::instructions(function))
      if (may_be_scale(insn) && is_used_more_than_once(insn)) masks.push_back(&insn);
  for (llvm::Instruction *mask : masks) {
    llvm::IRBuilder<> b(mask->getNextNode());
    llvm::CallInst *const copy = opaque(b, mask);
    mask->replaceUsesWithIf(copy, [copy](const llvm::Use &use) { return use.getUser() != copy; });
  }
}

}  // namespace spile::jit
