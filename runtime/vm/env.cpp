#include "runtime/vm/env.h"

#include <algorithm>

namespace spile::vm {

void Env::count_failure(uint32_t helper, int64_t error) {
  const auto known = std::ranges::find_if(
      failures, [&](const Failure &failure) { return failure.helper == helper && failure.error == error; });
  if (known != failures.end())
    known->count++;
  else
    failures.push_back({helper, error, 1});
}

void Env::forget_packets() {
  targets.clear();
  clones.clear();
}

}  // namespace spile::vm
