// The formats of printf() in spile.h, over arguments that know their types.
//
//   %d %i %u %x %X %o %c %s %p, with the flags `- + 0 space #`, a width and a precision; l, ll, h, z, j, t are taken
//   and not needed: the argument's own type says its size and its sign. %pI4 %pI6 an address in network order   %pM a
//   MAC address       %ph bytes in hex %pe the name of an errno (-2: -ENOENT)   %pt a time of nsecs() as the clock on
//   the wall shows it
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace spile::session {

// An argument as a record holds it.
struct Argument {
  enum Kind : uint8_t { Unsigned, Signed, Bytes, Text } kind = Unsigned;
  std::span<const std::byte> bytes;  // of a number at most 8

  bool is_number() const { return kind == Unsigned || kind == Signed; }
  uint64_t number() const;        // zero-extended from its size; of bytes the first 8
  int64_t signed_number() const;  // extended by its own sign
  std::string_view text() const;  // up to the first NUL
};

// Argument [index] by its type; empty when that is not known.
using ShowByType = std::function<std::string(size_t index)>;

// Appends the text. What is wrong with [format] (an unknown conversion, too few arguments) stays in it as it is
// written. [wall_ahead_ns]: the wall clock less that of nsecs().
void append_formatted(std::string_view format, std::span<const Argument> arguments, int64_t wall_ahead_ns,
                      std::string &text, const ShowByType &by_type = {});

}  // namespace spile::session
