#include "runtime/jit/symbols.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/GlobalVariable.h>

#include <string>

namespace spile::jit {

namespace {
constexpr const char *kPrefix = "object.";
}

Symbols::Symbols(const vm::JitProgram &program, llvm::Module &module)
    : program_(program), module_(module), made_(program.object_count) {
  const auto end = [&](size_t i) {
    return program.objects[i].address + std::max<uint64_t>(program.objects[i].size, 1);
  };
  for (size_t i = 0; i < program.object_count; i++) {
    const uint64_t address = program.objects[i].address;
    if (address == 0) continue;
    const auto next = by_address_.upper_bound(address);
    const bool is_inside = next != by_address_.begin() && end(std::prev(next)->second) >= end(i);
    if (is_inside) continue;
    auto first = by_address_.lower_bound(address);
    while (first != by_address_.end() && end(first->second) <= end(i)) first = by_address_.erase(first);
    by_address_[address] = i;
  }
}

llvm::Constant *Symbols::symbol(size_t index, llvm::FunctionType *type) {
  llvm::Constant *&made = made_[index];
  if (made != nullptr) return made;
  const vm::JitObject &object = program_.objects[index];
  const std::string name = object.name != nullptr ? object.name : kPrefix + std::to_string(index);
  if (object.size == 0) return made = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module_);
  // Of a type without a size, so that nothing is concluded from it.
  auto *const opaque = llvm::StructType::create(module_.getContext(), name);
  return made = new llvm::GlobalVariable(module_, opaque, false, llvm::GlobalValue::ExternalLinkage, nullptr, name);
}

llvm::Constant *Symbols::pointer_to(uint64_t address, llvm::FunctionType *type) {
  auto &context = module_.getContext();
  const auto next = by_address_.upper_bound(address);
  const size_t index = std::prev(next)->second;
  const uint64_t offset = address - program_.objects[index].address;
  llvm::Constant *const base = symbol(index, type);
  if (offset == 0) return base;
  return llvm::ConstantExpr::getGetElementPtr(llvm::Type::getInt8Ty(context), base,
                                              llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), offset));
}

std::optional<uint32_t> object_of_symbol(const vm::JitProgram &program, llvm::StringRef name) {
  uint32_t index = 0;
  if (name.consume_front(kPrefix) && !name.getAsInteger(10, index)) return index;
  for (size_t i = 0; i < program.object_count; i++)
    if (program.objects[i].name != nullptr && name == program.objects[i].name) return static_cast<uint32_t>(i);
  return std::nullopt;
}

}  // namespace spile::jit
