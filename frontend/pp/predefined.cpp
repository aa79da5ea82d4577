#include "frontend/pp/predefined.h"

#include <algorithm>
#include <array>

#include "frontend/pp/builtin_macros.h"

namespace spile::pp {

namespace {

// The name is stringified before it can be expanded: our own compiler predefines most of them too.
#define SPILE_PREDEFINED(NAME, replacement) "#define " #NAME " " replacement "\n"
constexpr std::string_view kText =
#include "lang-spec/tables/predefined_macros.def"
    ;

#define SPILE_PREDEFINED(NAME, replacement) +1
constexpr size_t kCount = 0
#include "lang-spec/tables/predefined_macros.def"
    ;

struct Row {
  std::string_view name;
  uint32_t offset = 0;
};

constexpr auto kRows = [] {
  std::array<Row, kCount> rows{};
  constexpr std::string_view kDefine = "#define ";
  size_t at = 0;
  for (Row &row : rows) {
    const size_t begin = at + kDefine.size();
    row = {kText.substr(begin, kText.find(' ', begin) - begin), static_cast<uint32_t>(begin)};
    at = kText.find('\n', begin) + 1;
  }
  return rows;
}();
static_assert(std::ranges::is_sorted(kRows, {}, &Row::name), "predefined_macros.def: rows must stand sorted by name");

constexpr auto kWords = [] {
  WordFilter words;
  for (const Row &row : kRows) words.add(row.name);
  return words;
}();

const Row *find_row(std::string_view name) {
  const auto *it = std::ranges::lower_bound(kRows, name, {}, &Row::name);
  return it != kRows.end() && it->name == name ? it : nullptr;
}

}  // namespace

bool is_predefined(std::string_view name) {
  if (name.empty() || name[0] != '_') return false;
  return (builtin_macro_words().contains(name) && find_builtin_macro(name) != BuiltinMacro::None) ||
         (kWords.contains(name) && find_row(name) != nullptr);
}

WordFilter predefined_words() {
  WordFilter words = kWords;
  words.add(builtin_macro_words());
  return words;
}

std::string_view predefined_text() { return kText; }

int64_t predefined_offset(std::string_view name) {
  const Row *row = find_row(name);
  return row != nullptr ? static_cast<int64_t>(row->offset) : -1;
}

}  // namespace spile::pp
