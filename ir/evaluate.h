// Runs a function of the IR on concrete values: the oracle of the tests that passes preserve meaning.
//
// Memory is a list of buffers: the globals, one for each pointer parameter, the slots of the frames. An access outside
// of one is a fault, as is running for too long. Helpers are not Spile's: the result of one is a hash of its number and
// arguments (a pointer counts as the bytes behind it, so that slots may move), recorded in the trace; helpers with an
// even number write that hash through their first pointer as well. So two runs had the same effects when results,
// traces and buffers are equal. Undef is 0 and new slots hold 0: tests must not depend on either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ir/ir.h"

namespace spile::ir {

struct EvaluationInput {
  std::vector<uint64_t> integers;               // for the integer parameters, in order; missing ones are 0
  std::vector<std::vector<std::byte>> buffers;  // for the pointer parameters, in order
  uint64_t max_steps = 100'000;
};

struct Evaluation {
  std::string fault;  // what stopped the run; empty when it returned
  bool out_of_steps = false;
  uint64_t result = 0;                                   // zero-extended from its type
  std::vector<uint64_t> trace;                           // one hash for each call of a helper
  std::vector<std::vector<std::byte>> globals, buffers;  // as the run left them
  friend bool operator==(const Evaluation &, const Evaluation &) = default;
};

Evaluation evaluate(const Module &module, FunctionId function, const EvaluationInput &input);

}  // namespace spile::ir
