// Which passes run, in which order. The order is in pipeline.cpp, on one screen.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ir/ir.h"
#include "support/result.h"

namespace spile {
class Diagnostics;
}

namespace spile::ir {

// O0: only what the back end cannot do without. O1: no inlining by choice. O2: everything.
enum class OptLevel : uint8_t { O0, O1, O2 };

// Runs the passes of [level] over [module]. False when a pass reported an error. When built with SPILE_CHECKED, the
// checker runs behind each pass and ends the process with the names of pass, function and instruction.
bool run_pipeline(Module &module, OptLevel level, Diagnostics &diags);

// Runs the named passes ("mem2reg,dce"; "O2" stands for all of that level) in their order. An unknown name is a usage
// error that lists the names; errors of the passes themselves go to [diags].
Result<void> run_passes(Module &module, std::string_view names, Diagnostics &diags);

// Empties static functions that nobody calls or takes the address of: they become declarations without linkage to
// anything, which the back end skips. The pipeline does it last.
void remove_unused_functions(Module &module);

struct PassInfo {
  std::string_view name, sentence;
};
std::span<const PassInfo> all_passes();

}  // namespace spile::ir
