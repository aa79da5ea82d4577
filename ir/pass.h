// What a pass is: a function over one function of a module, that says whether it changed something.
//
// A pass keeps the module as ir/checker.h wants it, and needs no analysis from outside: it makes what it reads. Its
// file says under Requires: what it is only useful after, and under Breaks: what it may undo of earlier passes.
#pragma once

#include "ir/ir.h"

namespace spile {
class Diagnostics;
}

namespace spile::ir {

struct PassContext {
  Module &module;
  Function &function;
  Diagnostics &diags;
  // By function: how often it was called, or its address taken, when the passes began.
  const std::vector<uint32_t> &function_uses;
};

namespace passes {
#define SPILE_IR_PASS(function, name, sentence) bool function(PassContext &context);
#include "ir/passes.def"
}  // namespace passes

}  // namespace spile::ir
