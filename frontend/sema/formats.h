// What the checks of the two languages of formats have in common: those of the kernel's helpers (warn_formats.cpp) and
// of printf() in spile.h (warn_printf.cpp).
#pragma once

#include <cstddef>
#include <string_view>

namespace spile::sema {

struct Conversion {
  size_t begin = 0, end = 0;   // in the text
  char letter = 0;             // 0: the text ends before it
  int longs = 0;               // `l`s in front of it
  std::string_view extension;  // of %p, in printf(): "I4"
  bool is_known = true;
};

struct FormatRules {
  // The conversion at text[at], a `%`.
  Conversion (*read)(std::string_view text, size_t at);
  bool is_kernels;
  std::string_view known;  // the conversions that there are, for people
};

}  // namespace spile::sema
