// Explore: walks every path through the program, prunes those that are covered, bounds the work.
//
// Depth first, the fall-through side of a jump before its target, as the kernel does: then counts, limits and the first
// error agree. A failure is explained at once, while the path that led to it is at hand; the path then goes on with
// poisoned results, so that independent errors are all found.
#pragma once

#include "verifier/env.h"

namespace spile::verifier {

// Fills everything of the verdict but its kind.
void explore(const Env &env, Verdict &verdict);

}  // namespace spile::verifier
