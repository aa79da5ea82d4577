// Explore: walks every path through the program, prunes those that are covered, bounds the work.
//
// Depth first, the fall-through side of a jump before its target, as the kernel does: then counts, limits and the first
// error agree. A failure is explained at once, while the path that led to it is at hand; the path then goes on with
// poisoned results, so that independent errors are all found.
#pragma once

#include <functional>

#include "verifier/domain/state.h"
#include "verifier/env.h"

namespace spile::verifier {

struct Watch {
  // Called with every state before its instruction; pruning then compares all values (observe.h).
  const std::function<void(uint32_t insn, const State &)> *see = nullptr;
};

// Fills everything of the verdict but its kind.
void explore(const Env &env, Verdict &verdict, const Watch &watch = {});

}  // namespace spile::verifier
