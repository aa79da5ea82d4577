// Substitution: the body of a macro with its arguments put in, `#` and `##` done (C11 6.10.3.1 to 6.10.3.3).
#include <cstring>
#include <string>
#include <vector>

#include "frontend/pp/machine.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

namespace {
constexpr uint8_t kSpacing = kLineStart | kSpaceBefore;

void set_spacing(Token &token, uint8_t from) {
  token.flags = static_cast<uint8_t>((token.flags & ~kSpacing) | (from & kSpacing));
}
}  // namespace

// A call while its body is put together.
struct Machine::Substitution {
  const Macro &macro;
  size_t first_argument;
  Loc spelling, base;  // of the first token of the body, and where that lies in the expansion
};

// The tokens that replace the call of [macro] at [name]. Tokens of the body get locations inside the expansion; those
// of arguments keep theirs, so that a fault in an argument is shown where the user wrote it.
std::span<const Token> Machine::substitute(const Token &name, const Macro &macro, size_t first_argument) {
  if (macro.body.empty()) return {};
  const Loc spelling = macro.body.front().token.loc;
  const uint32_t length = macro.body.back().token.end().raw - spelling.raw;
  const Loc base = sources_.add_expansion(spelling, range_of_call(name), length, macro.name);
  result_.clear();
  substitute_pieces({macro, first_argument, spelling, base}, macro.body);
  if (!result_.empty()) set_spacing(result_.front(), name.flags);
  return scratch_.copy(result_);
}

// Appends to result_.
void Machine::substitute_pieces(const Substitution &call, std::span<const BodyToken> pieces) {
  const Macro &macro = call.macro;
  const size_t first_result = result_.size();
  // Mostly one token, for which insert() takes three times as long.
  const auto append = [this](std::span<const Token> tokens) {
    for (const Token &token : tokens) result_.push_back(token);
  };
  bool left_is_empty = false;  // what stood before the current piece gave no token (a placemarker)
  for (size_t i = 0; i < pieces.size(); i++) {
    const BodyToken &piece = pieces[i];
    Token own = piece.token;
    own.loc = call.base + (own.loc.raw - call.spelling.raw);
    const bool is_rest = macro.is_variadic && piece.parameter >= 0 &&
                         static_cast<size_t>(piece.parameter) + 1 == macro.parameters.size();
    std::span<const Token> tokens(&own, 1);
    std::vector<Token> group;
    Token string;
    if (piece.parameter >= 0) {
      const Argument &argument = argument_stack_[call.first_argument + static_cast<size_t>(piece.parameter)];
      const bool is_pasted = piece.paste_before || (i + 1 < pieces.size() && pieces[i + 1].paste_before);
      const bool as_written = is_pasted || piece.stringify;
      const size_t begin = as_written ? argument.begin : argument.expanded_begin;
      const size_t end = as_written ? argument.end : argument.expanded_end;
      tokens = {token_stack_.data() + begin, end - begin};
    } else if (piece.is_va_opt) {
      // C23 6.10.5.1: what stands inside, when the variable arguments give any token; a placemarker else.
      const Argument &rest = argument_stack_[call.first_argument + macro.parameters.size() - 1];
      if (rest.expanded_begin != rest.expanded_end) {
        group.swap(result_);
        substitute_pieces(call, pieces.subspan(i + 1, piece.va_opt_length));
        group.swap(result_);
      }
      i += piece.va_opt_length;
      tokens = group;
    }
    if (piece.stringify) {
      string = stringify(tokens, own);
      tokens = {&string, 1};
    }
    if (piece.paste_before) {
      // GNU: in `, ## args` the comma goes when the variable arguments are omitted, and nothing is pasted else.
      const bool is_comma = is_rest && (&piece)[-1].parameter < 0 && (&piece)[-1].token.is(TokenKind::Comma);
      const bool is_omitted =
          is_rest && argument_stack_[call.first_argument + static_cast<size_t>(piece.parameter)].is_omitted;
      if (is_comma && is_omitted && result_.size() > first_result) result_.pop_back();
      if (tokens.empty()) continue;
      if (!is_comma && !left_is_empty && result_.size() > first_result && paste(result_.back(), tokens.front()))
        tokens = tokens.subspan(1);
      append(tokens);
      left_is_empty = false;
      continue;
    }
    left_is_empty = tokens.empty();
    if (tokens.empty()) continue;
    append(tokens);
    if (piece.parameter >= 0 || piece.is_va_opt) set_spacing(result_[result_.size() - tokens.size()], own.flags);
  }
}

// `#parameter`: the argument as written, as a string (C11 6.10.3.2).
Token Machine::stringify(std::span<const Token> tokens, const Token &like) {
  std::string text = "\"";
  for (const Token &token : tokens) {
    if (&token != tokens.data() && (token.flags & kSpacing) != 0) text += ' ';
    const bool is_quoted = token.is(TokenKind::StringLiteral) || token.is(TokenKind::CharLiteral);
    for (const char c : token.spelling()) {
      if (is_quoted && (c == '"' || c == '\\')) text += '\\';
      text += c;
    }
  }
  text += '"';
  return make_token(TokenKind::StringLiteral, text, like);
}

// `left ## right`: [left] becomes the token that both spell together. False, with both left alone, when that is none.
bool Machine::paste(Token &left, const Token &right) {
  const size_t length = size_t{left.length} + right.length;
  auto *both = static_cast<char *>(arena_.allocate(length + 1, 1));
  std::memcpy(both, left.text, left.length);
  std::memcpy(both + left.length, right.text, right.length);
  both[length] = '\0';
  const std::string_view text(both, length);
  Lexer lexer(text, Loc{1}, names_, arena_, nullptr);
  Token token;
  lexer.lex(token);
  const bool is_one = token.length == text.size() && !token.is(TokenKind::EndOfFile) &&
                      !(token.is(TokenKind::Unknown) && text.size() > 1);
  if (!is_one) {
    diagnostics_.report<diag::PasteNotToken>(left.range(), left.spelling(), right.spelling(), text);
    return false;
  }
  token.loc = left.loc;
  token.flags = static_cast<uint8_t>((left.flags & kSpacing) | kSynthetic);
  left = token;
  return true;
}

}  // namespace spile::pp
