// #pragma and _Pragma. What changes the meaning of the program goes on to the parser as a token: PragmaUnroll before a
// loop, PragmaPack, PragmaAttribute and PragmaImport anywhere. The rest is for other compilers' warnings, and is passed
// over.
#include <algorithm>
#include <string>

#include "frontend/pp/condition.h"
#include "frontend/pp/machine.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

namespace {

constexpr int32_t kUnrollFully = -1;
constexpr int32_t kDoNotUnroll = 1;
constexpr uint64_t kMaxUnroll = 1u << 20;

// `( tokens )` -> `tokens`; anything else stays.
std::span<const Token> without_parens(std::span<const Token> tokens) {
  if (tokens.size() >= 2 && tokens.front().is(TokenKind::LeftParen) && tokens.back().is(TokenKind::RightParen))
    return tokens.subspan(1, tokens.size() - 2);
  return tokens;
}

}  // namespace

void Machine::pragma_directive(const Token &hash) {
  Token first;
  lexer().lex(first);
  std::vector<Token> words{first};
  // Only pragmas that take a number are macro-expanded, as in clang.
  const std::string_view name = first.spelling();
  if (name == "unroll" || name == "clang" || name == "GCC" || name == "pack")
    for (Token word; next_expanded(word);) words.push_back(word);
  if (first.is(TokenKind::EndOfFile)) return;
  lexer().rest_of_line();
  const Range at{hash.loc, lexer().loc()};
  Token pragma;
  pragma.flags = kLineStart;
  pragma.loc = hash.loc;
  if (execute_pragma(words, at, sources_.text(at), pragma)) push_token(pragma);
}

// True when [result] has become a token for the parser.
bool Machine::execute_pragma(std::span<const Token> words, Range at, std::string_view text, Token &result) {
  if (words.empty()) return false;
  result.text = text.data();
  result.length = static_cast<uint32_t>(text.size());
  result.loc = at.begin;
  const std::string_view name = words[0].spelling();
  const std::string_view second = words.size() > 1 ? words[1].spelling() : std::string_view{};
  if (name == "once") {
    known_files_[std::string(input().path)].is_once = true;
    return false;
  }
  if (name == "unroll") return unroll_pragma(words.subspan(1), at, result);
  if (name == "nounroll") {
    result.kind = TokenKind::PragmaUnroll;
    result.name = static_cast<uint32_t>(kDoNotUnroll);
    return true;
  }
  if (name == "GCC" && second == "unroll") return unroll_pragma(words.subspan(2), at, result);
  if (name == "clang" && second == "loop") return loop_pragma(words.subspan(2), at, result);
  if (name == "pack") return pack_pragma(words.subspan(1), at, result);
  return false;
}

// unroll, unroll N, unroll(N)
  if ((name == "GCC" || name == "clang") && second == "diagnostic") diagnostic_pragma(words.subspan(2), at);
  if ((name == "GCC" || name == "clang") && second == "system_header") sources_.mark_system(*input().file);
bool Machine::unroll_pragma(std::span<const Token> count, Range at, Token &result) {
  result.kind = TokenKind::PragmaUnroll;
  result.name = static_cast<uint32_t>(kUnrollFully);
// diagnostic push, pop, ignored "-Wname", warning "-Wname", error "-Wname"
void Machine::diagnostic_pragma(std::span<const Token> words, Range at) {
  const std::string_view what = words.empty() ? std::string_view{} : words[0].spelling();
  WarningOptions &warnings = diagnostics_.warnings;
  if (what == "push") return warnings.push(at.begin);
  if (what == "pop") {
    if (!warnings.pop(at.begin)) diagnostics_.report<diag::BadPragma>(at, "diagnostic", "`pop` without a `push`");
    return;
  }
  std::string_view flag = words.size() > 1 ? words[1].spelling() : std::string_view{};
  if (flag.starts_with("\"-W") && flag.ends_with('"')) flag = flag.substr(3, flag.size() - 4);
  if (what == "ignored")
  if (name == "spile") return import_pragma(text, result);
    warnings.set(flag, WarningState::Ignored, at.begin);
  else if (what == "warning")
    warnings.set(flag, WarningState::Warning, at.begin);
  else if (what == "error" || what == "fatal")
    warnings.set(flag, WarningState::Error, at.begin);
}

// spile import MODULE: only in the headers that ship, where it stands for declarations that are taken from BTF. The
// token stands where the header was included.
bool Machine::import_pragma(std::string_view text, Token &result) {
  if (!text.contains(" import ") || !input().path.starts_with(kShippedPrefix)) return false;
  result.kind = TokenKind::PragmaImport;
  result.loc = input().file->included_from;
  result.flags |= kSynthetic;
  has_import_ = true;
  return true;
}

  count = without_parens(count);
  if (count.empty()) return true;
  const auto value = evaluate(count, at.end, "pragma unroll", diagnostics_);
  if (!value || value->value == 0 || value->value > kMaxUnroll) {
    diagnostics_.report<diag::BadPragma>(at, "unroll", "the count is no positive number");
    return false;
  }
  result.name = static_cast<uint32_t>(value->value);
  return true;
}

// clang loop unroll(full) unroll_count(4) ...: options that are not about unrolling are passed over.
bool Machine::loop_pragma(std::span<const Token> words, Range at, Token &result) {
  bool is_unroll = false;
  for (size_t i = 0; i + 2 < words.size(); i++) {
    if (!words[i + 1].is(TokenKind::LeftParen)) continue;
    const std::string_view option = words[i].spelling(), value = words[i + 2].spelling();
    if (option == "unroll_count") {
      size_t close = i + 2;
      while (close + 1 < words.size() && !words[close].is(TokenKind::RightParen)) close++;
      return unroll_pragma(words.subspan(i + 1, close - i), at, result);
    }
    if (option != "unroll") continue;
    is_unroll = true;
    result.kind = TokenKind::PragmaUnroll;
    result.name = static_cast<uint32_t>(value == "disable" ? kDoNotUnroll : kUnrollFully);
  }
  return is_unroll;
}

// pack(), pack(4), pack(push), pack(push, 4), pack(pop). The token carries what holds from here on.
bool Machine::pack_pragma(std::span<const Token> words, Range at, Token &result) {
  const std::span<const Token> arguments = without_parens(words);
  bool has_number = arguments.empty();
  uint64_t number = 0;
  for (const Token &argument : arguments) {
    if (argument.spelling() == "push") {
      pack_stack_.push_back(pack_);
    } else if (argument.spelling() == "pop") {
      if (pack_stack_.empty()) {
        diagnostics_.report<diag::BadPragma>(at, "pack", "`pop` without a `push`");
        return false;
      }
      pack_ = pack_stack_.back();
      pack_stack_.pop_back();
    } else if (argument.is(TokenKind::IntegerLiteral)) {
      const auto value = parse_integer(argument.spelling());
      if (!value || value->value > 16 || (value->value & (value->value - 1)) != 0) {
        diagnostics_.report<diag::BadPragma>(at, "pack", "the alignment is none of 1, 2, 4, 8, 16");
        return false;
      }
      number = value->value;
      has_number = true;
    }
  }
  if (has_number) pack_ = static_cast<uint32_t>(number);
  result.kind = TokenKind::PragmaPack;
  result.name = pack_;
  return true;
}

}  // namespace spile::pp
