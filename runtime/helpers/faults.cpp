#include "runtime/helpers/faults.h"

#include <algorithm>
#include <array>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

namespace {

template <uint32_t number, vm::HelperFn function>
uint64_t unless_faulty(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env) {
  const auto fault = static_cast<FaultEnv *>(env)->take_fault(number);
  return fault ? returned(env, number, *fault) : function(r1, r2, r3, r4, r5, env);
}

struct Row {
  uint32_t number;
  vm::HelperFn function;
};
constexpr auto kFaulty = std::to_array<Row>({
#define SPILE_KERNEL_HELPER(...)
#define SPILE_HELPER(number, name, ...) {number, &unless_faulty<number, name>},
#include "lang-spec/tables/helpers.def"
});

}  // namespace

std::optional<int64_t> FaultEnv::take_fault(uint32_t helper) {
  for (auto fault = faults.begin(); fault != faults.end(); ++fault) {
    if (fault->helper != helper) continue;
    if (fault->call == 0) return fault->result;
    if (--fault->call != 0) continue;
    const int64_t result = fault->result;
    faults.erase(fault);
    return result;
  }
  return std::nullopt;
}

vm::HelperFn faulty_helper_function(uint32_t number) {
  const auto *row = std::ranges::lower_bound(kFaulty, number, {}, &Row::number);
  return row != kFaulty.end() && row->number == number ? row->function : vm::helper_function(number);
}

}  // namespace spile::helpers
