// Translation: what both ways to translate a program share: the module, a function for each subprogram, and short words
// for IR. Derived classes say what begins a function and what each instruction becomes.
//
// Requires: a Resolved program (resolve.h).
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/jit/blocks.h"
#include "runtime/jit/lines.h"
#include "runtime/jit/link_hot.h"
#include "runtime/jit/loops.h"
#include "runtime/jit/operations.h"
#include "runtime/jit/origins.h"
#include "runtime/jit/symbols.h"
#include "runtime/vm/jit_abi.h"

namespace spile::jit {

class Translation {
 protected:
  // [type]: of every subprogram. [has_lines]: JitOptions::lines.
  Translation(llvm::LLVMContext &context, const vm::JitProgram &program, const vm::JitHost &host,
              llvm::FunctionType *type, bool has_lines)
      : program_(program),
        host_(host),
        module_(std::make_unique<llvm::Module>(program.name, context)),
        symbols_(program, *module_),
        b_(context),
        i64_(b_.getInt64Ty()),
        ptr_(b_.getPtrTy()),
        function_type_(type),
        origins_(find_origins(program)),
        repeated_(repeated_insns(program)) {
    if (has_lines) lines_.emplace(*module_);
  }

  llvm::ConstantInt *constant(uint64_t value) { return b_.getInt64(value); }
  // What lies at an address of this process: a symbol (JitProgram::objects), and how far from it.
  llvm::Constant *pointer_to(uint64_t address) { return symbols_.pointer_to(address, function_type_); }
  llvm::Constant *address_of(uint64_t address) { return llvm::ConstantExpr::getPtrToInt(pointer_to(address), i64_); }
  llvm::BasicBlock *block(const char *name) { return llvm::BasicBlock::Create(b_.getContext(), name, function_); }

  llvm::Function *declare(size_t index, llvm::GlobalValue::LinkageTypes linkage, const std::string &name) {
    auto *const function = llvm::Function::Create(function_type_, linkage, name, *module_);
    function->addFnAttr(llvm::Attribute::NoUnwind);
    functions_[program_.subprograms[index]] = function;
    return function;
  }

  // [make_frame] gets the first instruction and the one behind the last.
  void translate_subprogram(size_t index, const auto &make_frame, const auto &translate_insn) {
    const uint32_t start = program_.subprograms[index];
    const size_t end = index + 1 < program_.subprogram_count ? program_.subprograms[index + 1] : program_.insn_count;
    function_ = functions_[start];
    auto *const prologue = block("prologue");
    blocks_.make(function_, program_, start, end);
    b_.SetInsertPoint(prologue);
    if (lines_) lines_->enter(b_, *function_, start);
    make_frame(start, end);
    b_.CreateBr(blocks_.at(start));
    for (size_t i = start; i < end; i += isa::width(program_.insns[i]))
      if (blocks_.enter(b_, i)) {
        if (lines_) lines_->enter(b_, *function_, i);
        translate_insn(i);
      }
  }

  llvm::CallInst *call_host(auto *function, llvm::Type *result, llvm::ArrayRef<llvm::Value *> arguments) {
    std::vector<llvm::Type *> types;
    for (llvm::Value *argument : arguments) types.push_back(argument->getType());
    auto *const type = llvm::FunctionType::get(result, types, false);
    return b_.CreateCall(type, symbols_.pointer_to(reinterpret_cast<uint64_t>(function), type), arguments);
  }
  // Of a function that returns a C bool.
  llvm::Value *ask_host(auto *function, llvm::ArrayRef<llvm::Value *> arguments) {
    auto *const answer = call_host(function, b_.getInt1Ty(), arguments);
    answer->addRetAttr(llvm::Attribute::ZExt);
    return answer;
  }

  // The map that a helper gets as its first argument; null when it is not known.
  const vm::JitMap *map_of_call(size_t index) const {
    const Origin map = origins_[index][1];
    return map.kind == Origin::Map ? &program_.maps[map.index] : nullptr;
  }
  // What is called in the place of a helper (hot.h); null: there is nothing. [arguments]: r1 to r5 and the environment.
  llvm::CallInst *call_hot(size_t index, std::array<llvm::Value *, 6> arguments, llvm::Value *helper) {
    if (!program_.hot_helpers) return nullptr;
    const int32_t number = program_.insns[index].imm;
    const vm::JitMap *const map = map_of_call(index);
    const bool is_lookup = number == vm::kMapLookup && map != nullptr;
    const std::string name = is_lookup ? hot_lookup(*map, repeated_[index]) : hot_helper(number, repeated_[index]);
    if (name.empty()) return nullptr;
    if (is_lookup && map->kind == vm::JitMap::Hash) {
      arguments[0] = address_of(map->buckets);
      arguments[2] = address_of(map->values);
      arguments[3] = constant(uint64_t{map->key_size} << 32 | (map->count - 1));
      arguments[4] = constant(map->stride);
    }
    auto *const type = llvm::FunctionType::get(i64_, {i64_, i64_, i64_, i64_, i64_, ptr_, ptr_}, false);
    const auto [r1, r2, r3, r4, r5, env] = arguments;
    return b_.CreateCall(module_->getOrInsertFunction(name, type), {r1, r2, r3, r4, r5, env, helper});
  }
  std::unique_ptr<llvm::Module> finish() {
    if (lines_) lines_->finish();
    link_hot(*module_);
    return std::move(module_);
  }

  // Goes on in a new block where [condition] holds; what the builder makes in between runs where it does not.
  void unless(llvm::Value *condition, const char *name, const auto &otherwise) {
    auto *const out = block(name), *const next = block("");
    b_.CreateCondBr(condition, next, out);
    b_.SetInsertPoint(out);
    otherwise();
    b_.SetInsertPoint(next);
  }

  const vm::JitProgram &program_;
  const vm::JitHost &host_;
  std::unique_ptr<llvm::Module> module_;
  std::optional<Lines> lines_;
  Symbols symbols_;
  llvm::IRBuilder<> b_;
  Operations ops_{b_};
  llvm::IntegerType *i64_;
  llvm::PointerType *ptr_;
  llvm::FunctionType *function_type_;
  std::map<uint32_t, llvm::Function *> functions_;  // by first instruction
  std::vector<Origins> origins_;                    // by instruction
  std::vector<bool> repeated_;                      // by instruction

  // Of the function that is being made.
  llvm::Function *function_ = nullptr;
  Blocks blocks_;
};

}  // namespace spile::jit
