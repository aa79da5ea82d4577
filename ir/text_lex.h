// Tokens of the IR's text form. Only text_parse.cpp uses them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace spile::ir {

struct TextToken {
  enum class Kind : uint8_t {
    Word,     // identifier or number with a unit: load.i64, entry, 08ff
    Number,   // -12, 0x1f
    Value,    // %name, without the %
    Slot,     // $name, without the $
    Name,     // @name or @"name", without the @
    String,   // "text", with its quotes
    Line,     // !12
    Punct,    // one of ( ) { } [ ] , : = + or ->
    Unknown,  // anything else
    End,
  };
  Kind kind = Kind::End;
  std::string_view text;
  uint32_t offset = 0;  // from the beginning of the text
};

// Ends in one End token. Never fails: what it does not know becomes an Unknown token.
std::vector<TextToken> lex_text(std::string_view text);

}  // namespace spile::ir
