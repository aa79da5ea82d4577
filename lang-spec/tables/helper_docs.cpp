#include "lang-spec/tables/helper_docs.h"

#include <algorithm>

namespace spile::tables {
namespace {

struct Doc {
  std::string_view name, text;
};
constexpr auto kDocs = std::to_array<Doc>({
#define SPILE_HELPER_DOC(name, text) {#name, text},
#include "lang-spec/tables/helper_docs.def"
});

constexpr bool same_names() {
  for (size_t i = 0; i < kHelpers.size(); i++)
    if (i >= kDocs.size() || kDocs[i].name != kHelpers[i].name) return false;
  return kDocs.size() == kHelpers.size();
}
static_assert(same_names(), "helper_docs.def: a row for each of helpers.def, in the same order");

}  // namespace

std::string_view doc_of(const Helper &helper) {
  const auto *const row = std::ranges::find(kDocs, helper.name, &Doc::name);
  return row == kDocs.end() ? std::string_view() : row->text;
}

}  // namespace spile::tables
