// The macros whose replacement is computed: __LINE__ and its kin, _Pragma, the feature tests.
#include <string>

#include "frontend/pp/builtin_macros.h"
#include "frontend/pp/machine.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

static std::string quoted(std::string_view text) {
  std::string string = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') string += '\\';
    string += c;
  }
  return string + '"';
}

// Like expand(): true when the token is gone and its replacement comes next.
bool Machine::expand_builtin(Token &name, const Macro &macro) {
  std::string text;
  TokenKind kind = TokenKind::StringLiteral;
  switch (macro.builtin) {
    case BuiltinMacro::Line: {
      // As in gcc and clang: from the body of a macro, the line on which the call ends.
      const bool is_in_body = sources_.file_of(name.loc) == nullptr;
      const Range use = sources_.expansion(name.range());
      const Loc at = is_in_body && use.begin < use.end ? Loc{use.end.raw - 1} : use.begin;
      text = std::to_string(sources_.place(at).line);
      kind = TokenKind::IntegerLiteral;
      break;
    }
    case BuiltinMacro::File:
      text = quoted(sources_.place(name.loc).path);
      break;
    case BuiltinMacro::FileName: {
      const std::string_view path = sources_.place(name.loc).path;
      text = quoted(path.substr(path.rfind('/') + 1));
      break;
    }
    case BuiltinMacro::BaseFile:
      text = quoted(main_path_);
      break;
    // The same object on every day: the epoch, as clang has it under SOURCE_DATE_EPOCH=0.
    case BuiltinMacro::Date:
      text = "\"Jan  1 1970\"";
      break;
    case BuiltinMacro::Time:
      text = "\"00:00:00\"";
      break;
    case BuiltinMacro::Timestamp:
      text = "\"Thu Jan  1 00:00:00 1970\"";
      break;
    case BuiltinMacro::Counter:
      text = std::to_string(counter_++);
      kind = TokenKind::IntegerLiteral;
      break;
    case BuiltinMacro::IncludeLevel:
      text = std::to_string(inputs_.size() - 1);
      kind = TokenKind::IntegerLiteral;
      break;
    case BuiltinMacro::Pragma:
      return expand_pragma_operator(name);
    case BuiltinMacro::HasInclude:
      return expand_has_include(name, false);
    case BuiltinMacro::HasIncludeNext:
      return expand_has_include(name, true);
    case BuiltinMacro::HasWarning:
      return expand_has_warning(name);
    case BuiltinMacro::HasAttribute:
    case BuiltinMacro::HasCAttribute:
    case BuiltinMacro::HasDeclspecAttribute:
    case BuiltinMacro::HasBuiltin:
    case BuiltinMacro::HasFeature:
    case BuiltinMacro::HasExtension:
    case BuiltinMacro::BuildingModule:
    case BuiltinMacro::IsIdentifier:
    case BuiltinMacro::IsTargetArch:
    case BuiltinMacro::IsTargetEnvironment:
    case BuiltinMacro::IsTargetOs:
    case BuiltinMacro::IsTargetVariant:
    case BuiltinMacro::IsTargetVendor:
      return expand_feature_test(name, macro.builtin);
    case BuiltinMacro::None:
      return false;
  }
  name = make_token(kind, text, name);
  return false;
}

// _Pragma("text") does what `#pragma text` does, and can stand in a macro.
bool Machine::expand_pragma_operator(Token &name) {
  Token open, string, close;
  // The string may come from a macro: libbpf's headers say so what they miss.
  const bool is_call = next_is_left_paren() && next_token(open) && next_expanded(string) &&
                       string.is(TokenKind::StringLiteral) && string.length >= 2 && next_token(close) &&
                       close.is(TokenKind::RightParen);
  if (!is_call) {
    diagnostics_.report<diag::BadPragmaOperator>(name.range());
    name.flags |= kNoExpand;
    return false;
  }
  std::string text;
  const std::string_view inside = string.spelling();
  for (size_t i = inside.find('"') + 1; i + 1 < inside.size(); i++) {
    if (inside[i] == '\\' && (inside[i + 1] == '"' || inside[i + 1] == '\\')) i++;
    text += inside[i];
  }
  const std::string_view kept = keep(text + '\0').substr(0, text.size());
  Lexer line(kept, Loc{1}, names_, arena_, nullptr);
  line.begin_directive();
  std::vector<Token> words;
  for (Token word; line.lex(word), !word.is(TokenKind::EndOfFile);) words.push_back(word);
  // Printed as a line of its own, so it reads like the directive.
  const std::string_view as_line = keep("#pragma " + text);
  Token pragma;
  if (!execute_pragma(words, {name.loc, close.end()}, as_line, pragma)) return true;
  pragma.flags = kLineStart | kSynthetic;
  pragma.loc = name.loc;
  name = pragma;
  return false;
}

bool Machine::expand_feature_test(Token &name, BuiltinMacro test) {
  Token open, word, close;
  bool is_call = next_is_left_paren() && next_token(open) && next_token(word) && word.name != 0 && next_token(close);
  std::string_view attribute = word.spelling();
  bool has_vendor = false;
  // gnu::packed, clang::...: the vendor's name does not change the answer.
  if (is_call && close.is(TokenKind::Colon) && next_token(close) && close.is(TokenKind::Colon) && next_token(word) &&
      word.name != 0) {
    attribute = word.spelling();
    has_vendor = true;
    is_call = next_token(close);
  }
  is_call = is_call && close.is(TokenKind::RightParen);
  uint32_t answer = 0;
  if (!is_call) {
    diagnostics_.report<diag::BadFeatureTest>(name.range(), name.spelling(), "name");
  } else if (test == BuiltinMacro::HasAttribute) {
    answer = has_attribute(attribute) ? 1 : 0;
  } else if (test == BuiltinMacro::HasCAttribute) {
    answer = has_vendor ? (has_attribute(attribute) ? 1 : 0) : standard_attribute_date(attribute);
  } else if (test == BuiltinMacro::HasBuiltin) {
    answer = has_builtin(attribute) ? 1 : 0;
  } else if (test == BuiltinMacro::HasFeature) {
    answer = has_feature(attribute) ? 1 : 0;
  } else if (test == BuiltinMacro::HasExtension) {
    answer = has_extension(attribute) ? 1 : 0;
  } else if (test == BuiltinMacro::IsIdentifier) {
    answer = names_[word.name].kind == TokenKind::Identifier ? 1 : 0;
  } else {
    answer = is_target(test, attribute) ? 1 : 0;
  }
  name = make_token(TokenKind::IntegerLiteral, std::to_string(answer) + (answer > 1 ? "L" : ""), name);
  return false;
}

// __has_warning("-Wname"), the string perhaps in pieces.
bool Machine::expand_has_warning(Token &name) {
  Token open, piece;
  std::string option;
  bool is_call = next_is_left_paren() && next_token(open) && next_expanded(piece) && piece.is(TokenKind::StringLiteral);
  while (is_call && piece.is(TokenKind::StringLiteral)) {
    option += piece.spelling().substr(1, piece.length - 2);
    is_call = next_expanded(piece);
  }
  is_call = is_call && piece.is(TokenKind::RightParen);
  if (!is_call) diagnostics_.report<diag::BadFeatureTest>(name.range(), name.spelling(), "string");
  const bool is_known = option.starts_with("-W") && WarningOptions::is_name(std::string_view(option).substr(2));
  name = make_token(TokenKind::IntegerLiteral, is_known ? "1" : "0", name);
  return false;
}

bool Machine::expand_has_include(Token &name, bool is_next) {
  Token open, close;
  bool found = false;
  if (!next_is_left_paren() || !next_token(open)) {
    diagnostics_.report<diag::BadFeatureTest>(name.range(), name.spelling(), "header");
  } else if (const auto header = read_header_name(name.spelling())) {
    const std::string_view spelling = header->spelling();
    found = spelling.size() >= 2 &&
            find_header(spelling.substr(1, spelling.size() - 2), spelling[0] == '"', is_next).has_value();
    if (!next_token(close) || !close.is(TokenKind::RightParen))
      diagnostics_.report<diag::BadFeatureTest>(name.range(), name.spelling(), "header");
  }
  name = make_token(TokenKind::IntegerLiteral, found ? "1" : "0", name);
  return false;
}

}  // namespace spile::pp
