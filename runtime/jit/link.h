// One relocatable object of LLVM's → an image that the host can put anywhere (JitImage): code first, constants behind
// it, and behind these the words through which code reaches the objects of the program.
#pragma once

#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBufferRef.h>

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/vm/jit_abi.h"

namespace spile::jit {

struct Image {
  std::vector<std::byte> bytes;
  uint64_t data_offset = 0;
  std::vector<vm::JitRelocation> relocations;
  std::vector<vm::JitFunction> functions;  // by subprogram
  std::vector<vm::JitLine> lines;          // of an object that has a table of them
};

// How code and what is behind it lie: code has whole [page]s, and behind it are [gap] bytes.
struct Layout {
  uint64_t page, gap;
};

// [entry_name]: of the first subprogram's function (translate.h). Fails on what LLVM is not expected to make.
llvm::Expected<Image> link(llvm::MemoryBufferRef object, const vm::JitProgram &program, const std::string &entry_name,
                           const Layout &layout);

}  // namespace spile::jit
