// Code generation, from a module of the IR to an object.
//
//     ir::Function ── isel ──► mir ── stages.def ──► mir ── encode ──► EncodedFunction
//     functions, globals, debug types ──► sections, symbols, relocations, BTF, line info ──► object::Object
//
// In: a checked module, optimised or not. Out: an object as libbpf wants it, finished (object::finish). Called by the
// driver and by tests. Faults of the program (frame too large, operation that the target lacks) go to [diags].
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/object/object.h"
#include "backend/regalloc/regalloc.h"
#include "ir/ir.h"
#include "support/diagnostics.h"

namespace spile::codegen {

struct CodegenOptions {
  unsigned mcpu = 3;       // 1 to 4, as clang's -mcpu=v1 to v4
  bool debug_info = true;  // BTF and .BTF.ext
  // A definition of a map that no loader takes is a warning, as clang knows nothing of it; else an error.
  bool unloadable_maps = false;
  // What a map leaves unsaid is a warning: its loader may set it.
  bool sized_by_loaders = false;
};

// Nothing after an error. Bodies of [module] that were packed are gone afterwards. [spilled]: what register allocation
// could not keep, of all functions.
std::optional<object::Object> emit(ir::Module &module, const CodegenOptions &options, Diagnostics &diags,
                                   regalloc::SpillCount *spilled = nullptr);

// The stages of stages.def, in their order.
std::vector<std::string_view> stage_names();

// Machine code of every function as text, behind the stage [after]; without one, as selected and as laid out:
// `--emit=mir`. What cannot be compiled is left out; why stands in [diags].
std::string print_mir(ir::Module &module, const CodegenOptions &options, std::string_view after, Diagnostics &diags);

}  // namespace spile::codegen
