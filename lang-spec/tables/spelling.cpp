#include "lang-spec/tables/spelling.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace spile::tables {
namespace {

constexpr size_t kTiny = 3, kShort = 5;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One is the other with two neighbours swapped.
bool are_swapped(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto [one, two] = std::ranges::mismatch(a, b);
  const auto at = static_cast<size_t>(one - a.begin());
  return at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] && a.substr(at + 2) == b.substr(at + 2);
}

// All that differs is one digit that stands for another: `arg9` is no slip for `arg0`.
bool differ_in_digits(std::string_view a, std::string_view b) {
  return a.size() == b.size() && a != b &&
         std::ranges::equal(a, b, [](char one, char two) { return one == two || (is_digit(one) && is_digit(two)); });
}

}  // namespace

size_t letters_apart(std::string_view a, std::string_view b) {
  std::array<std::vector<size_t>, 3> rows;  // of the table of distances: this one, the last, and the one above that
  for (std::vector<size_t> &row : rows) row.resize(b.size() + 1);
  auto &[row, last, above] = rows;
  for (size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (size_t i = 1; i <= a.size(); i++) {
    std::swap(above, last);
    std::swap(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], above[j - 2] + 1);
    }
  }
  return row.back();
}

size_t most_letters_apart(std::string_view wanted) { return wanted.size() <= kTiny ? 1 : wanted.size() / 3; }

bool may_be_meant(std::string_view wanted, std::string_view name, size_t distance) {
  if (wanted.empty() || name.empty() || distance > most_letters_apart(wanted)) return false;
  if (distance == 0 || are_swapped(wanted, name)) return true;
  if (wanted.size() <= kTiny || differ_in_digits(wanted, name)) return false;
  return wanted.size() > kShort || wanted.front() == name.front();
}

bool may_be_meant(std::string_view wanted, std::string_view name) {
  return may_be_meant(wanted, name, letters_apart(wanted, name));
}

}  // namespace spile::tables
