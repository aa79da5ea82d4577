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

size_t letters_apart(std::string_view a, std::string_view b, size_t most) {
  const size_t apart = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (apart > most) return apart;
  // Three rows of the table of distances: this one, the last, and the one above that.
  constexpr size_t kUsual = 64;
  std::array<size_t, 3 * (kUsual + 1)> usual;
  std::vector<size_t> longer(b.size() > kUsual ? 3 * (b.size() + 1) : 0);
  size_t *row = longer.empty() ? usual.data() : longer.data();
  size_t *last = row + b.size() + 1, *above = last + b.size() + 1;
  for (size_t j = 0; j <= b.size(); j++) row[j] = j;
  size_t least = 0;
  for (size_t i = 1; i <= a.size(); i++) {
    std::swap(above, last);
    std::swap(last, row);
    row[0] = i;
    const size_t least_of_last = std::exchange(least, i);
    for (size_t j = 1; j <= b.size(); j++) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], above[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    // What comes below grows from the last two rows.
    if (least > most && least_of_last > most) return least;
  }
  return row[b.size()];
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

bool Nearest::take(std::string_view name) {
  const size_t distance = letters_apart(name, wanted_, distance_ - 1);
  if (distance >= distance_ || !may_be_meant(wanted_, name, distance)) return false;
  distance_ = distance;
  name_ = name;
  return true;
}

}  // namespace spile::tables
