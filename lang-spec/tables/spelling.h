// Which name may have been meant where another one was written: one rule for all hints that ask "did you mean".
#pragma once

#include <cstddef>
#include <string_view>

namespace spile::tables {

// Letters that may differ at most: a third of them. Words of up to 3 letters are meant only where two were swapped.
size_t most_letters_apart(std::string_view wanted);

// Letters to insert, drop, replace or swap with their neighbour until [a] is [b].
size_t letters_apart(std::string_view a, std::string_view b);

// Whether [name] may be meant by [wanted], from which it is [distance] letters away.
// Short words begin with the same letter, and no number is a slip for another one.
bool may_be_meant(std::string_view wanted, std::string_view name, size_t distance);
// The same, with the distance counted.
bool may_be_meant(std::string_view wanted, std::string_view name);

}  // namespace spile::tables
