// A listing of compiled code, for tools that look at this process: its functions by name and address, and the source
// lines of their bytes.
#pragma once

#include <elf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "runtime/vm/code.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {

// Of this process, as ELF names it.
inline constexpr Elf64_Half kElfMachine =
#ifdef __aarch64__
    EM_AARCH64;
#else
    EM_X86_64;
#endif

struct ListedLine {
  uint64_t address = 0;  // from here on, until the next one's
  const object::Program::Line *line = nullptr;
};
struct ListedFunction {
  std::string name;  // as the kernel names its own: bpf_prog_PROGRAM, and bpf_prog_PROGRAM::SUBPROGRAM
  uint64_t address = 0, size = 0;
  std::vector<ListedLine> lines;  // rising; empty when the code has none, or the program
};

// Points into [program].
std::vector<ListedFunction> list_functions(const object::Program &program, const Resolved &resolved, const Code &code);

}  // namespace spile::vm
