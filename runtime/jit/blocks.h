// The blocks of a subprogram: where control goes between its instructions, and the IR's blocks by first instruction.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <map>

#include "runtime/jit/flow.h"

namespace spile::jit {

class Blocks {
 public:
  // Of the instructions from [start] to before [end].
  void make(llvm::Function *function, const vm::JitProgram &program, size_t start, size_t end) {
    by_insn_.clear();
    const auto add = [&](size_t insn) {
      llvm::BasicBlock *&block = by_insn_[insn];
      if (block == nullptr) block = llvm::BasicBlock::Create(function->getContext(), "", function);
    };
    add(start);
    for (size_t i = start; i < end; i += isa::width(program.insns[i])) {
      const isa::Shape shape = isa::lookup(program.insns[i])->shape;
      if (!vm::has_target(shape)) continue;
      add(program.values[i]);
      if (vm::goes_on(shape)) add(i + 1);
    }
  }
  llvm::BasicBlock *at(size_t insn) const { return by_insn_.at(insn); }
  // Has the builder go on where this instruction is. False when it is behind an exit or a jump, and no target: it never
  // runs.
  bool enter(llvm::IRBuilder<> &builder, size_t insn) const {
    const bool is_open = builder.GetInsertBlock()->getTerminator() == nullptr;
    const auto block = by_insn_.find(insn);
    if (block == by_insn_.end()) return is_open;
    if (is_open) builder.CreateBr(block->second);
    builder.SetInsertPoint(block->second);
    return true;
  }

 private:
  std::map<size_t, llvm::BasicBlock *> by_insn_;
};

}  // namespace spile::jit
