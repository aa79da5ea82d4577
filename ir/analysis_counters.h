// Which values are never negative because a loop counts them.
//
// A counter is a phi that begins with a number that is not negative and only grows, by constants, on ways that a signed
// or unsigned test against an upper bound has let pass: it cannot have gone past the largest number. In: a function and
// its dominators. Out: for each value the largest that it can be, read as signed, where it is not negative.
// Called by gvn, which makes zero extensions of sign extensions.
//
// Not a reason to drop a check: of a loop that it does not follow round by round, the kernel's verifier knows less.
#pragma once

#include <optional>
#include <unordered_map>

#include "ir/analysis_dominators.h"

namespace spile::ir {

class Counters {
 public:
  Counters(const Function &function, const Cfg &cfg, const Dominators &dominators);

  // None: may be negative.
  std::optional<uint64_t> max_of(ValueId v) const { return max_of(v, 0); }

 private:
  static constexpr int kMaxDepth = 4;

  std::optional<uint64_t> max_of(ValueId v, int depth) const;
  std::optional<uint64_t> max_of_phi(ValueId phi) const;
  std::optional<uint64_t> passed(ValueId phi, ValueId next, BlockId head, BlockId latch,
                                 uint64_t &step_before_test) const;
  std::optional<uint64_t> bound(ValueId branch, BlockId to, ValueId tested) const;

  const Function &f_;
  const Cfg &cfg_;
  const Dominators &dominators_;
  std::unordered_map<uint32_t, uint64_t> max_;  // by phi
};

}  // namespace spile::ir
