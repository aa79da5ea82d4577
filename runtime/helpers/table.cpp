// helper_function(): a SPILE_HELPER of helpers.def whose function is missing does not link.
//
// Of a SPILE_KERNEL_HELPER there is a function that says so: it returns -EOPNOTSUPP, or null where the result may be
// null, and is counted. Where the program would go on with a pointer that there is not, there is none, and whoever
// loads the program names the helper.
#include <algorithm>
#include <array>
#include <cerrno>

#include "lang-spec/tables/kfuncs.h"
#include "lang-spec/tables/tables.h"
#include "runtime/helpers/helpers.h"
#include "runtime/helpers/kfuncs.h"

namespace spile::vm {

namespace {

template <uint32_t number, bool gives_null>
uint64_t unavailable(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, Env *env) {
  env->count_failure(number, -EOPNOTSUPP);
  return gives_null ? 0 : static_cast<uint64_t>(-EOPNOTSUPP);
}

constexpr HelperFn kernel_only(const tables::Return &result, HelperFn number, HelperFn null) {
  if (result.kind == tables::ReturnKind::Integer || result.kind == tables::ReturnKind::Void) return number;
  return result.or_null ? null : nullptr;
}

struct Row {
  uint32_t number;
  HelperFn function;
};
constexpr auto kFunctions = std::to_array<Row>({
#define SPILE_KERNEL_HELPER(number, name, Result, ...) \
  {number,                                             \
   kernel_only(tables::detail::helper_rows::results::Result, unavailable<number, false>, unavailable<number, true>)},
#define SPILE_HELPER(number, name, ...) {number, &helpers::name},
#include "lang-spec/tables/helpers.def"
});

struct Named {
  std::string_view name;
  HelperFn function;
};
constexpr auto kKfuncs = std::to_array<Named>({
#define SPILE_ROW(name) {#name, &helpers::kfuncs::name},
    SPILE_KFUNCS_HERE(SPILE_ROW)
#undef SPILE_ROW
});
static_assert(std::ranges::is_sorted(kKfuncs, {}, &Named::name));

}  // namespace

HelperFn helper_function(uint32_t number) {
  if (const tables::Kfunc *kfunc = number < kKfuncNumbers ? nullptr : tables::kfunc_at(number - kKfuncNumbers)) {
    const auto *row = std::ranges::lower_bound(kKfuncs, kfunc->name, {}, &Named::name);
    return row != kKfuncs.end() && row->name == kfunc->name ? row->function : nullptr;
  }
  const auto *row = std::ranges::lower_bound(kFunctions, number, {}, &Row::number);
  return row != kFunctions.end() && row->number == number ? row->function : nullptr;
}

std::string_view function_name(uint32_t number) {
  if (const tables::Kfunc *kfunc = number < kKfuncNumbers ? nullptr : tables::kfunc_at(number - kKfuncNumbers))
    return kfunc->name;
  const tables::Helper *helper = tables::find_helper(number);
  return helper == nullptr ? std::string_view() : helper->name;
}

}  // namespace spile::vm
