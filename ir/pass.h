// What a pass is: a function over one function of a module, that says whether it changed something.
//
// A pass keeps the module as ir/checker.h wants it. The graph it asks of the context, other analyses it makes. Its file
// says under Requires: what it is only useful after, and under Breaks: what it may undo of earlier passes.
#pragma once

#include "ir/analyses.h"
#include "ir/ir.h"
#include "ir/pipeline.h"

namespace spile {
class Diagnostics;
}

namespace spile::ir {

// How often a function was called, or its address taken, when the passes began.
struct FunctionUses {
  uint32_t named = 0;  // in the text
  // Once what must be inlined is: a call in an always_inline function that ten programs call is ten.
  uint32_t copies = 0;
};

struct PassContext {
  Module &module;
  Function &function;
  Diagnostics &diags;
  Analyses &analyses;                              // of the function
  const std::vector<FunctionUses> &function_uses;  // by function
  // Bit n: parameter n points to a variable of the caller that no other parameter points to.
  uint32_t lone_params = 0;
  PassRecord *record = nullptr;  // where somebody asked what the passes do

  // For `build -v`: what a pass did, by a name that is a literal. Returns whether it did it at all.
  bool did(std::string_view deed, size_t times = 1) const {
    if (record != nullptr && times != 0) record->count(deed, times);
    return times != 0;
  }
};

namespace passes {
#define SPILE_IR_PASS(function, name, sentence) bool function(const PassContext &context);
#include "ir/passes.def"
}  // namespace passes

}  // namespace spile::ir
