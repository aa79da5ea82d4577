// eBPF bytecode → LLVM IR. In: a resolved program. Out: a module with one function per subprogram; the entry is
// external and named [entry_name], the others are internal.
#pragma once

#include <llvm/IR/Module.h>

#include <memory>
#include <string>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

// Names of functions but the entry: this, and the place among the subprograms.
inline constexpr const char *kSubprogram = "subprogram";

std::unique_ptr<llvm::Module> translate(llvm::LLVMContext &context, const vm::JitProgram &program,
                                        const vm::JitHost &host, const std::string &entry_name);

}  // namespace spile::jit
