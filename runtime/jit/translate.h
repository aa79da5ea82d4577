// eBPF bytecode → LLVM IR. In: a resolved program. Out: a module with one function per subprogram; the entry is
// external and named [entry_name], the others are internal.
#pragma once

#include <llvm/IR/Module.h>

#include <memory>
#include <optional>
#include <string>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

// Of the function that a subprogram becomes, here and in translate_checked.h.
inline std::string subprogram_name(const std::string &entry_name, size_t index) {
  return index == 0 ? entry_name : entry_name + "." + std::to_string(index);
}

inline std::optional<size_t> subprogram_of_name(const std::string &entry_name, llvm::StringRef name) {
  size_t index = 0;
  if (name == entry_name) return index;
  if (!name.consume_front(entry_name + ".") || name.getAsInteger(10, index)) return std::nullopt;
  return index;
}

std::unique_ptr<llvm::Module> translate(llvm::LLVMContext &context, const vm::JitProgram &program,
                                        const vm::JitHost &host, const std::string &entry_name, bool has_lines);

}  // namespace spile::jit
