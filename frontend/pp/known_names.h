// What names of the kernel's and libc's headers are, for messages: where a macro, an enumerator or a struct that a
// program uses and does not declare comes from. Searched in the shipped headers' text, when something is wrong already.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spile::pp {

struct KnownConstant {
  std::string_view header;  // that a program would include; empty: none that ships defines it
  std::string value;        // as it is written there, a number or an expression of numbers; empty: it is neither
  bool is_macro = false;    // else an enumerator
};
// A macro without parameters, or an enumerator, of this name.
std::optional<KnownConstant> find_known_constant(std::string_view name);

// The shipped header that defines `struct NAME` (or union, enum); empty: none does.
std::string_view header_of_tag(std::string_view word, std::string_view name);

}  // namespace spile::pp
