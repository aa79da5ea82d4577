// Which load is better made again than known from an earlier one, because branches ask for both.
//
// A load of memory that a helper was given is a number that the kernel's verifier does not know. Where a branch has
// compared it, there are two states of the verifier, which differ as long as the value is kept: n values that are asked
// for twice, with a call between, are up to 2^n states on the way. Loaded again, each is a number that nobody knows,
// and the states are one. In: a function. Out: the answer, about two loads of the same unwritten memory. The tests are
// looked for when somebody asks first. Called by gvn and join_loads.
#pragma once

#include <vector>

#include "ir/analysis_dominators.h"
#include "ir/analysis_memory.h"

namespace spile::ir {

class Tests {
 public:
  Tests(const Function &function, const Cfg &cfg, const Dominators &dominators, const Memory &memory)
      : f_(function), cfg_(cfg), dominators_(dominators), memory_(memory) {}

  // Whether [load], of a slot that helpers are given, and the [earlier] one in another block are both compared with
  // constants to branch, and the block of [load] does not lie on one side of such a branch on [earlier].
  bool are_apart(ValueId load, ValueId earlier);

 private:
  void find();
  bool is_decided(ValueId earlier, BlockId at) const;

  const Function &f_;
  const Cfg &cfg_;
  const Dominators &dominators_;
  const Memory &memory_;
  bool is_found_ = false;
  std::vector<bool> is_passed_;  // by slot: to a helper
  struct Test {
    ValueId value;
    BlockId block;
  };
  std::vector<Test> tests_;  // ordered by value
};

}  // namespace spile::ir
