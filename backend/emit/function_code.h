// One function through the back end: selection, allocation, clean-up, encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/emit/emit.h"
#include "backend/isa/insn.h"
#include "backend/regalloc/regalloc.h"
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
  // 64-bit loads of what only assembly names, for the loader to put a number to.
  struct UndefinedLoad {
    uint32_t insn = 0;
    int64_t addend = 0;
    std::string name;
  };
  std::vector<UndefinedLoad> undefined_loads;
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
  std::vector<Line> lines;  // one where the place changes
  regalloc::SpillCount spilled;
};

// Nothing after an error.
std::optional<EncodedFunction> generate(const ir::Module &module, ir::FunctionId function,
                                        const CodegenOptions &options, Diagnostics &diags);

// The same, stopping at machine IR: behind the stage [after]; without one, behind the first stage and the last.
std::string machine_text(const ir::Module &module, ir::FunctionId function, const CodegenOptions &options,
                         std::string_view after, Diagnostics &diags);

}  // namespace spile::codegen
