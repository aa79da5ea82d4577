// helper_function(): a SPILE_HELPER of helpers.def whose function is missing does not link; of the
// SPILE_KERNEL_HELPERs there is none, and whoever asks for one names it.
#include <algorithm>
#include <array>

#include "runtime/helpers/helpers.h"

namespace spile::vm {

namespace {
struct Row {
  uint32_t number;
  HelperFn function;
};
constexpr auto kFunctions = std::to_array<Row>({
#define SPILE_KERNEL_HELPER(...)
#define SPILE_HELPER(number, name, ...) {number, &helpers::name},
#include "lang-spec/tables/helpers.def"
});
}  // namespace

HelperFn helper_function(uint32_t number) {
  const auto *row = std::ranges::lower_bound(kFunctions, number, {}, &Row::number);
  return row != kFunctions.end() && row->number == number ? row->function : nullptr;
}

}  // namespace spile::vm
