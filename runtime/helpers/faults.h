// Faults: helpers that fail when a test says so. An engine that is made with faulty_helper_function() asks the FaultEnv
// before each helper that it calls; every other engine does not know of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/vm/env.h"

namespace spile::helpers {

struct Fault {
  uint32_t helper = 0;
  int64_t result = 0;  // what it returns; 0 is the null of those that return pointers
  uint64_t call = 0;   // which call from now on, from 1; 0: each
};

struct FaultEnv : vm::Env {
  std::vector<Fault> faults;
  // What this call of [helper] is to return in place of what it would do. Counts the call.
  std::optional<int64_t> take_fault(uint32_t helper);
};

// A HelperResolver. What it gives runs only with an Env that is a FaultEnv.
vm::HelperFn faulty_helper_function(uint32_t number);

}  // namespace spile::helpers
