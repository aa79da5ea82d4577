// How much stack a chain of calls needs, all chains considered (check_max_stack_depth).
#pragma once

#include <optional>
#include <vector>

#include "verifier/env.h"
#include "verifier/failure.h"

namespace spile::verifier {

struct StackUse {
  uint32_t deepest = 0;  // bytes of the chain that needs most
  std::optional<Failure> failure;
};

// [frame_bytes]: by subprogram, as exploration saw it.
StackUse measure_stack(const Env &env, const std::vector<uint32_t> &frame_bytes);

}  // namespace spile::verifier
