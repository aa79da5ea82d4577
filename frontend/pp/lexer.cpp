#include "frontend/pp/lexer.h"

#include <cstring>
#include <string>

#include "frontend/pp/characters.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

namespace {

// The length of a line splice at [p]: 2, 3 with a carriage return, 0 when there is none.
size_t splice_length(const char *p) {
  if (p[0] != '\\') return 0;
  if (p[1] == '\n') return 2;
  return p[1] == '\r' && p[2] == '\n' ? 3 : 0;
}

// The last character that stands at [p] or, where splices end there, before them; none is sought before [first].
const char *before_splices(const char *p, const char *first) {
  for (;;) {
    const char *backslash = p - (p > first && p[-1] == '\r' ? 2 : 1);
    if (*p != '\n' || backslash < first || *backslash != '\\') return p;
    p = backslash - 1;
  }
}

// Whether it is certain that no comment of the line goes on behind it.
bool has_whole_comments(std::string_view line) {
  constexpr size_t kNone = std::string_view::npos;
  size_t at = line.find("/*");
  if (at == kNone) return true;
  // What stands in quotes or behind `//` begins no comment.
  if (line.contains("//") || line.find_first_of("\"'") != kNone) return false;
  while (at != kNone) {
    const size_t end = line.find("*/", at + 2);
    if (end == kNone) return false;
    at = line.find("/*", end + 2);
  }
  return true;
}

bool is_string_prefix(std::string_view word) { return word == "L" || word == "u" || word == "U" || word == "u8"; }

}  // namespace

bool Lexer::at_splice(const char *p) const { return *p == '\\' && splice_length(p) != 0; }

void Lexer::finish(Token &token, const char *start, const char *end, TokenKind kind) {
  token.text = start;
  token.length = static_cast<uint32_t>(end - start);
  token.loc = loc_of(start);
  token.kind = kind;
  at_ = end;
}

void Lexer::lex(Token &token) {
  uint8_t flags = line_start_ ? kLineStart : 0;
  const char *p = at_;
  token.name = 0;
  for (;;) {
    const char c = *p;
    const uint8_t c_class = class_of(c);
    if ((c_class & kLetter) != 0) {
      const char *start = p;
      do p++;
      while (is_word(*p));
      token.flags = flags;
      line_start_ = false;
      if (*p == '\\' && at_splice(p) && lex_spliced(token, start)) return;
      const std::string_view word{start, static_cast<size_t>(p - start)};
      if ((*p == '"' || *p == '\'') && is_string_prefix(word)) return lex_quoted(token, start, p);
      const Name &name = names_->intern(word);
      token.name = name.number;
      return finish(token, start, p, name.kind);
    }
    if ((c_class & kBlank) != 0) {
      flags |= kSpaceBefore;
      p++;
      continue;
    }
    if (c == '\n') {
      if (in_directive_) return finish(token, p, p, TokenKind::EndOfFile);
      flags |= kLineStart;
      p++;
      continue;
    }
    if (c == '/' && p[1] == '/') {
      flags |= kSpaceBefore;
      p = skip_line_comment(p);
      continue;
    }
    if (c == '/' && p[1] == '*') {
      flags |= kSpaceBefore;
      p = skip_block_comment(p);
      continue;
    }
    if (c == '\\' && at_splice(p)) {
      p += splice_length(p);
      continue;
    }
    if (c == '\0') {
      if (p >= end_) {
        token.flags = flags;
        return finish(token, end_, end_, TokenKind::EndOfFile);
      }
      flags |= kSpaceBefore;  // a NUL in the file counts as white space, as in clang
      p++;
      continue;
    }
    break;
  }
  token.flags = flags;
  line_start_ = false;
  if ((class_of(*p) & kDigit) != 0 || (*p == '.' && (class_of(p[1]) & kDigit) != 0)) return lex_number(token, p);
  if (*p == '"' || *p == '\'') return lex_quoted(token, p, p);
  lex_punctuator(token, p);
}

const char *Lexer::skip_line_comment(const char *p) {
  for (;;) {
    const auto *newline = static_cast<const char *>(std::memchr(p, '\n', static_cast<size_t>(end_ - p)));
    if (newline == nullptr) return end_;
    const char *before = newline[-1] == '\r' ? newline - 2 : newline - 1;
    if (before < p || *before != '\\') return newline;
    p = newline + 1;
  }
}

const char *Lexer::skip_block_comment(const char *p) {
  const char *start = p;
  // The `/` is sought, not the `*`: most lines of a long comment begin with one.
  for (p += 3; p < end_; p++) {
    p = static_cast<const char *>(std::memchr(p, '/', static_cast<size_t>(end_ - p)));
    if (p == nullptr) break;
    const char *star = before_splices(p - 1, start + 2);
    if (*star == '*' && star > start + 1) return p + 1;
  }
  if (diagnostics_ != nullptr) diagnostics_->report<diag::UnterminatedComment>(Range{loc_of(start), loc_of(start + 2)});
  return end_;
}

// A preprocessing number (C11 6.4.8): digits, letters, dots, and signs after an exponent.
void Lexer::lex_number(Token &token, const char *p) {
  const char *start = p;
  const bool is_hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
  bool is_float = false;
  for (;; p++) {
    const char c = *p;
    const char lower = static_cast<char>(c | 0x20);
    if (c == '.') {
      is_float = true;
    } else if (lower == 'e' || lower == 'p') {
      const bool is_exponent = is_hex ? lower == 'p' : lower == 'e';
      is_float |= is_exponent && p > start;
      // `0x1e+1` is one preprocessing number too, and no integer: clang says so, and so do we (in sema).
      if (p[1] == '+' || p[1] == '-') p++;
    } else if (!is_word(c)) {
      break;
    }
  }
  if (*p == '\\' && at_splice(p) && lex_spliced(token, start)) return;
  finish(token, start, p, is_float ? TokenKind::FloatLiteral : TokenKind::IntegerLiteral);
}

// A string or character constant: [start] is its prefix or quote, [quote] its opening quote.
void Lexer::lex_quoted(Token &token, const char *start, const char *quote) {
  const char *p = quote + 1;
  bool is_spliced = false;
  for (;; p++) {
    if (*p == *quote) break;
    if (*p == '\\') {
      if (const size_t splice = splice_length(p); splice != 0) {
        is_spliced = true;
        p += splice - 1;
      } else if (p + 1 < end_ && p[1] != '\n') {
        p++;
      }
    } else if (*p == '\n' || (*p == '\0' && p >= end_)) {
      return unclosed_quote(token, start, quote, p);
    }
  }
  if (*quote == '\'' && p == quote + 1 && diagnostics_ != nullptr)
    diagnostics_->report<diag::EmptyCharacter>(Range{loc_of(start), loc_of(p + 1)});
  finish(token, start, p + 1, *quote == '"' ? TokenKind::StringLiteral : TokenKind::CharLiteral);
  if (!is_spliced) return;
  std::string clean;
  for (const char *from = start; from <= p; from++) {
    if (const size_t splice = splice_length(from); splice != 0) {
      from += splice - 1;
    } else {
      clean += *from;
    }
  }
  const std::string_view kept = arena_->copy(std::string_view(clean));
  token.text = kept.data();
  token.length = static_cast<uint32_t>(kept.size());
  token.flags |= kSynthetic;
}

// Where a call ends on the line, the quote is taken to stand before it: otherwise all that follows would be its
// arguments.
void Lexer::unclosed_quote(Token &token, const char *start, const char *quote, const char *end) {
  const std::string_view line(quote, static_cast<size_t>(end - quote));
  if (const size_t call_end = line.find(");"); call_end != std::string_view::npos) end = quote + call_end;
  if (diagnostics_ != nullptr) {
    const Range range{loc_of(start), loc_of(end)}, missing{range.end, range.end};
    if (*quote == '"') {
      diagnostics_->report<diag::UnterminatedString>(range).hint("close it with `\"`").fixit(missing, "\"");
    } else {
      diagnostics_->report<diag::UnterminatedCharacter>(range).hint("close it with `'`").fixit(missing, "'");
    }
  }
  // Kept as a literal, so that the parser does not report the same fault again.
  finish(token, start, end, *quote == '"' ? TokenKind::StringLiteral : TokenKind::CharLiteral);
}

void Lexer::lex_punctuator(Token &token, const char *p) {
  using enum TokenKind;
  TokenKind kind = Unknown;
  size_t length = 1;
  const char c1 = p[1];
  const auto one = [&](TokenKind k) { kind = k; };
  const auto two = [&](TokenKind k) { kind = k, length = 2; };
  const auto three = [&](TokenKind k) { kind = k, length = 3; };
  switch (*p) {
    case '(':
      one(LeftParen);
      break;
    case ')':
      one(RightParen);
      break;
    case '[':
      one(LeftBracket);
      break;
    case ']':
      one(RightBracket);
      break;
    case '{':
      one(LeftBrace);
      break;
    case '}':
      one(RightBrace);
      break;
    case ';':
      one(Semi);
      break;
    case ',':
      one(Comma);
      break;
    case '?':
      one(Question);
      break;
    case '~':
      one(Tilde);
      break;
    case ':':
      c1 == '>' ? two(RightBracket) : one(Colon);
      break;  // the digraphs are C11 6.4.6 p3
    case '.':
      c1 == '.' && p[2] == '.' ? three(Ellipsis) : one(Dot);
      break;
    case '=':
      c1 == '=' ? two(EqualEqual) : one(Assign);
      break;
    case '!':
      c1 == '=' ? two(NotEqual) : one(Not);
      break;
    case '*':
      c1 == '=' ? two(MulAssign) : one(Star);
      break;
    case '/':
      c1 == '=' ? two(DivAssign) : one(Slash);
      break;
    case '^':
      c1 == '=' ? two(XorAssign) : one(Caret);
      break;
    case '+':
      c1 == '+' ? two(PlusPlus) : c1 == '=' ? two(AddAssign) : one(Plus);
      break;
    case '-':
      c1 == '-' ? two(MinusMinus) : c1 == '=' ? two(SubAssign) : c1 == '>' ? two(Arrow) : one(Minus);
      break;
    case '&':
      c1 == '&' ? two(AmpAmp) : c1 == '=' ? two(AndAssign) : one(Amp);
      break;
    case '|':
      c1 == '|' ? two(PipePipe) : c1 == '=' ? two(OrAssign) : one(Pipe);
      break;
    case '#':
      c1 == '#' ? two(HashHash) : one(Hash);
      break;
    case '%':
      if (c1 == ':' && p[2] == '%' && p[3] == ':') {
        kind = HashHash, length = 4;
      } else {
        c1 == '=' ? two(ModAssign) : c1 == ':' ? two(Hash) : c1 == '>' ? two(RightBrace) : one(Percent);
      }
      break;
    case '<':
      if (c1 == '<') {
        p[2] == '=' ? three(ShlAssign) : two(Shl);
      } else {
        c1 == '=' ? two(LessEqual) : c1 == ':' ? two(LeftBracket) : c1 == '%' ? two(LeftBrace) : one(Less);
      }
      break;
    case '>':
      if (c1 == '>') {
        p[2] == '=' ? three(ShrAssign) : two(Shr);
      } else {
        c1 == '=' ? two(GreaterEqual) : one(Greater);
      }
      break;
    default:
      break;
  }
  if (p[length] == '\\' && at_splice(p + length) && lex_spliced(token, p)) return;
  finish(token, p, p + length, kind);
}

// Lexes the token at [start] from a copy of its line without splices. False when the splice does not join anything to
// the token, so that the caller's reading stands.
bool Lexer::lex_spliced(Token &token, const char *start) {
  // A punctuator has at most four characters; a word or a number ends at the first character that cannot be in it. So
  // no more is copied than the token takes, and a line of many splices is read in linear time.
  constexpr size_t kLongestPunctuator = 4;
  const bool is_punctuator = !is_word(*start) && !(*start == '.' && is_word(start[1]));
  std::string line;
  for (const char *p = start; p < end_ && *p != '\n'; p++) {
    if (const size_t splice = splice_length(p); splice != 0) {
      p += splice - 1;
      continue;
    }
    const bool goes_on =
        is_punctuator ? line.size() < kLongestPunctuator : is_word(*p) || *p == '.' || *p == '+' || *p == '-';
    if (!goes_on) break;
    line += *p;
  }
  const std::string_view kept = arena_->copy(std::string_view(line + '\0'));
  Token clean;
  Lexer inner({kept.data(), kept.size() - 1}, Loc{1}, *names_, *arena_, nullptr);
  inner.in_directive_ = true;
  inner.lex(clean);
  // `/`, splice, `*`: a comment that only begins here. It cannot be seen as one token, and nobody writes it.
  if (clean.text != kept.data()) return false;
  // Where the token ends in the file: its characters counted off past the splices.
  const char *end = start;
  for (uint32_t left = clean.length; left != 0;) {
    if (const size_t splice = splice_length(end); splice != 0) {
      end += splice;
    } else {
      end++, left--;
    }
  }
  if (static_cast<size_t>(end - start) == clean.length) return false;
  token.text = clean.text;
  token.length = clean.length;
  token.name = clean.name;
  token.kind = clean.kind;
  token.loc = loc_of(start);
  token.flags |= kSynthetic;
  at_ = end;
  return true;
}

void Lexer::end_directive() {
  if (skip_directive()) {
    in_directive_ = false;
    line_start_ = true;
    return;
  }
  Token token;
  Diagnostics *diagnostics = diagnostics_;
  diagnostics_ = nullptr;
  in_directive_ = true;
  do lex(token);
  while (token.kind != TokenKind::EndOfFile);
  diagnostics_ = diagnostics;
  in_directive_ = false;
  line_start_ = true;
}

std::optional<std::string_view> Lexer::skip_directive() {
  for (const char *p = at_;;) {
    const auto *newline = static_cast<const char *>(std::memchr(p, '\n', static_cast<size_t>(end_ - p)));
    if (newline == nullptr) return {};
    p = newline + 1;
    if (before_splices(newline, at_) != newline) continue;
    const std::string_view rest{at_, static_cast<size_t>(p - at_)};
    if (!has_whole_comments(rest)) return {};
    at_ = newline;
    return rest;
  }
}

Token Lexer::rest_of_line() {
  const char *p = at_;
  while ((class_of(*p) & kBlank) != 0) p++;
  const char *start = p;
  while (p < end_ && *p != '\n') p += at_splice(p) ? splice_length(p) : 1;
  const char *end = p;
  while (end > start && (class_of(end[-1]) & kBlank) != 0) end--;
  Token token;
  finish(token, start, end, TokenKind::Unknown);
  at_ = p;
  return token;
}

bool Lexer::lex_header_name(Token &token) {
  const char *p = at_;
  for (;;) {
    if ((class_of(*p) & kBlank) != 0) {
      p++;
    } else if (p[0] == '/' && p[1] == '*') {
      p = skip_block_comment(p);
    } else if (at_splice(p)) {
      p += splice_length(p);
    } else {
      break;
    }
  }
  if (*p != '<' && *p != '"') return false;
  const char close = *p == '<' ? '>' : '"';
  const char *start = p++;
  while (*p != close && *p != '\n' && p < end_) p++;
  token.flags = kSpaceBefore;
  token.name = 0;
  if (*p != close) {
    finish(token, start, p, TokenKind::Unknown);
    if (diagnostics_ != nullptr) diagnostics_->report<diag::UnterminatedHeaderName>(token.range(), close);
    return true;
  }
  finish(token, start, p + 1, TokenKind::StringLiteral);
  return true;
}

bool Lexer::skip_to_directive(Token &hash) {
  const char *p = at_;
  bool at_start = line_start_;
  while (p < end_) {
    const char c = *p;
    if (c == '\n') {
      at_start = true;
      p++;
    } else if ((class_of(c) & kBlank) != 0) {
      p++;
    } else if (c == '/' && p[1] == '/') {
      p = skip_line_comment(p);
    } else if (c == '/' && p[1] == '*') {
      p = skip_block_comment(p);
    } else if (at_splice(p)) {
      p += splice_length(p);
    } else if (at_start && (c == '#' || (c == '%' && p[1] == ':'))) {
      hash.flags = kLineStart;
      hash.name = 0;
      finish(hash, p, p + (c == '#' ? 1 : 2), TokenKind::Hash);
      line_start_ = false;
      return true;
    } else if (c == '"') {
      // A string hides comment marks; one that is not closed ends with its line (it may be prose).
      for (p++; *p != '"' && *p != '\n' && p < end_; p++)
        if (*p == '\\' && p + 1 < end_ && p[1] != '\n') p++;
      if (*p == '"') p++;
      at_start = false;
    } else {
      at_start = false;
      p++;
    }
  }
  at_ = end_;
  return false;
}

bool Lexer::next_is_left_paren() {
  if (*at_ == '(') return true;
  Lexer ahead(*this);
  ahead.diagnostics_ = nullptr;
  Token token;
  ahead.lex(token);
  return token.kind == TokenKind::LeftParen;
}

}  // namespace spile::pp
