// One function through the back end: selection, allocation, clean-up, encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/emit/emit.h"
#include "backend/isa/insn.h"
#include "ir/ir.h"

namespace spile::codegen {

struct EncodedFunction {
  std::vector<isa::Insn> insns;
  // Instructions that need the address of a global or a function; what they refer to.
  struct Fixup {
    uint32_t insn = 0;
    ir::GlobalId global;  // one of the two
    ir::FunctionId function;
    bool is_call = false;  // else a 64-bit load
    int64_t addend = 0;    // bytes, of a global
  };
  std::vector<Fixup> fixups;
  // Instructions that the loader adapts to its kernel; by which of ir::Module::core_relocs.
  struct Core {
    uint32_t insn = 0;
    uint32_t reloc = 0;
  };
  std::vector<Core> core;
  struct Line {
    uint32_t insn = 0;
    Loc loc;
  };
  std::vector<Line> lines;  // one for each instruction
};

// Nothing after an error.
std::optional<EncodedFunction> generate(const ir::Module &module, ir::FunctionId function,
                                        const CodegenOptions &options, Diagnostics &diags);

// The same, stopping at machine IR: as selected, then as allocated and cleaned up.
std::string machine_text(const ir::Module &module, ir::FunctionId function, const CodegenOptions &options,
                         Diagnostics &diags);

}  // namespace spile::codegen
