// Which passes run, in which order. The order is in pipeline.cpp, on one screen.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/ir.h"
#include "support/result.h"

namespace spile {
class Diagnostics;
}

namespace spile::ir {

// O0: only what the back end cannot do without. O1: no inlining by choice. O2: everything.
enum class OptLevel : uint8_t { O0, O1, O2 };

// What one pass did in all functions together.
struct PassRecord {
  std::string_view name;
  size_t runs = 0, changes = 0;   // how often it ran, and found something
  int64_t insts = 0, blocks = 0;  // what there was less behind it; negative: more
  double seconds = 0;
  // What it says that it did, counted by name, in the order of first use.
  std::vector<std::pair<std::string_view, size_t>> deeds;

  void count(std::string_view deed, size_t times);
};
using PassLog = std::vector<PassRecord>;  // in the order of first run

// What else a run of the pipeline is asked for.
struct PipelineRequest {
  // Each function stops behind the nth run of this pass: "gvn" (the first), "gvn:2". Empty: at the end.
  std::string_view after;
  PassLog *log = nullptr;
};

// Whether [after] names a pass and a count; else a usage error that lists the names.
Result<void> check_after_option(std::string_view after);

// Runs the passes of [level] over [module]. False when a pass reported an error. When built with SPILE_CHECKED, the
// checker runs behind each pass and ends the process with the names of pass, function and instruction.
bool run_pipeline(Module &module, OptLevel level, Diagnostics &diags, const PipelineRequest &request = {});

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
