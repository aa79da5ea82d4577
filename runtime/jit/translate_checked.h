// Bytecode that nobody verified → LLVM IR. In: a resolved program, and what memory it may touch. Out: a module with
// one function per subprogram, named by subprogram_name().
#pragma once

#include <llvm/IR/Module.h>

#include <memory>
#include <string>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

std::unique_ptr<llvm::Module> translate_checked(llvm::LLVMContext &context, const vm::JitProgram &program,
                                                const vm::JitHost &host, const std::string &entry_name, bool has_lines);

}  // namespace spile::jit
