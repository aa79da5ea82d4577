// Which name may have been meant where another one was written: one rule for all hints that ask "did you mean".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spile::tables {

// Letters that may differ at most: a third of them. Words of up to 3 letters are meant only where two were swapped.
size_t most_letters_apart(std::string_view wanted);

// Letters to insert, drop, replace or swap with their neighbour until [a] is [b]. Beyond [most] it is only said that
// there are more.
size_t letters_apart(std::string_view a, std::string_view b, size_t most = SIZE_MAX);

// Whether [name] may be meant by [wanted], from which it is [distance] letters away.
// Short words begin with the same letter, and no number is a slip for another one.
bool may_be_meant(std::string_view wanted, std::string_view name, size_t distance);
// The same, with the distance counted.
bool may_be_meant(std::string_view wanted, std::string_view name);

// Of the names that it is shown, the one that is most like another one, where that may have been meant.
class Nearest {
 public:
  explicit Nearest(std::string_view wanted) : wanted_(wanted), distance_(most_letters_apart(wanted) + 1) {}
  // Whether [name] is nearer than all before.
  bool take(std::string_view name);
  size_t distance() const { return distance_; }
  const std::string &name() const { return name_; }  // empty: none

 private:
  std::string_view wanted_;
  std::string name_;
  size_t distance_;
};

}  // namespace spile::tables
