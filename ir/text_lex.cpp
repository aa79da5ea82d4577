#include "ir/text_lex.h"

namespace spile::ir {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '.' || c == '#';
}

}  // namespace

std::vector<TextToken> lex_text(std::string_view text) {
  using Kind = TextToken::Kind;
  std::vector<TextToken> tokens;
  size_t at = 0;
  auto words_end = [&](size_t i) {
    while (i < text.size() && is_word_char(text[i])) i++;
    return i;
  };
  auto string_end = [&](size_t i) {  // [i] is at the opening quote; npos when the line ends first
    for (i++; i < text.size() && text[i] != '\n'; i++) {
      if (text[i] == '"') return i + 1;
      if (text[i] == '\\') i++;
    }
    return std::string_view::npos;
  };
  auto add = [&](Kind kind, size_t begin, size_t end, size_t skip) {
    tokens.push_back({kind, text.substr(begin + skip, end - begin - skip), static_cast<uint32_t>(begin)});
    at = end;
  };
  while (at < text.size()) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      at++;
    } else if (c == ';' || (c == '/' && next == '/')) {
      while (at < text.size() && text[at] != '\n') at++;
    } else if (c == '-' && next == '>') {
      add(Kind::Punct, at, at + 2, 0);
    } else if (is_digit(c) || (c == '-' && is_digit(next))) {
      const size_t end = words_end(at + 1);
      add(Kind::Number, at, end, 0);
    } else if (c != '#' && is_word_char(c)) {
      add(Kind::Word, at, words_end(at), 0);
    } else if ((c == '%' || c == '$' || c == '@' || c == '!') && is_word_char(next)) {
      add(c == '%'   ? Kind::Value
          : c == '$' ? Kind::Slot
          : c == '@' ? Kind::Name
                     : Kind::Line,
          at, words_end(at + 1), 1);
    } else if (c == '"' || (c == '@' && next == '"')) {
      const size_t skip = c == '@' ? 1 : 0;
      const size_t end = string_end(at + skip);
      if (end == std::string_view::npos)
        add(Kind::Unknown, at, at + 1, 0);
      else
        add(c == '@' ? Kind::Name : Kind::String, at, end, skip);
    } else if (std::string_view("(){}[],:=+").contains(c)) {
      add(Kind::Punct, at, at + 1, 0);
    } else {
      add(Kind::Unknown, at, at + 1, 0);
    }
  }
  tokens.push_back({Kind::End, {}, static_cast<uint32_t>(text.size())});
  return tokens;
}

}  // namespace spile::ir
