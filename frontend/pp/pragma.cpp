// #pragma and _Pragma. What changes the meaning of the program goes on to the parser as a token: PragmaUnroll before a
// loop, PragmaPack, PragmaAttribute and PragmaImport anywhere. The rest is for other compilers' warnings, and is passed
// over.
#include <algorithm>
#include <string>

#include "frontend/pp/condition.h"
#include "frontend/pp/headers.h"
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
  // Only pragmas whose arguments are expressions or attributes are macro-expanded, as in clang.
  const std::string_view name = first.spelling();
  bool is_known = false, expands = false;
  if (name == "clang" || name == "GCC") {
    Token second;
    is_known = next_token(second);
    if (is_known) words.push_back(second);
    const std::string_view what = second.spelling();
    expands = what == "unroll" || what == "loop" || what == "attribute" || what == "warning" || what == "error";
  } else {
    expands = name == "unroll" || name == "pack" || name == "message";
    is_known = expands || name == "poison" || name == "push_macro" || name == "pop_macro";
  }
  if (is_known)
    for (Token word; expands ? next_expanded(word) : next_token(word);) words.push_back(word);
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
  if (name == "push_macro" || name == "pop_macro")
    return macro_stack_pragma(words.subspan(1), at, name == "push_macro");
  if (name == "message") message_pragma(words.subspan(1), at, name);
  if ((name == "GCC" || name == "clang") && (second == "warning" || second == "error"))
    message_pragma(words.subspan(2), at, text.substr(text.find(name)).substr(0, name.size() + 1 + second.size()));
  if ((name == "GCC" || name == "clang") && second == "poison") poison_pragma(words.subspan(2));
  if (name == "poison") poison_pragma(words.subspan(1));
  if (name == "weak" || name == "redefine_extname" || (name == "clang" && second == "section")) {
    // These change the program, so they are not passed over in silence.
    const std::string_view full = name == "clang" ? "clang section" : name;
    diagnostics_.report<diag::BadPragma>(at, full, "write an `__attribute__` at the declaration");
  }
  if (name == "nounroll") {
    result.kind = TokenKind::PragmaUnroll;
    result.name = static_cast<uint32_t>(kDoNotUnroll);
    return true;
  }
  if (name == "spile") return spile_pragma(text, result);
  if (name == "GCC" && second == "unroll") return unroll_pragma(words.subspan(2), at, result);
  if (name == "clang" && second == "loop") return loop_pragma(words.subspan(2), at, result);
  if (name == "clang" && second == "attribute") return attribute_pragma(words.subspan(2), at, result);
  if (name == "pack") return pack_pragma(words.subspan(1), at, result);
  if ((name == "GCC" || name == "clang") && second == "diagnostic") diagnostic_pragma(words.subspan(2), at);
  if ((name == "GCC" || name == "clang") && second == "system_header") sources_.mark_system(*input().file);
  return false;
}

// poison NAME...: whoever writes one of the names from here on is told.
void Machine::poison_pragma(std::span<const Token> names) {
  for (const Token &token : names) {
    if (token.name == 0) continue;
    Name &name = names_[token.name];
    auto *macro = arena_.make<Macro>();
    macro->name = name.text;
    macro->is_poisoned = true;
    set_macro(name, macro);
    macro_filter_.add(macro->name);
  }
}

// push_macro("NAME") keeps what the name stands for now, pop_macro("NAME") brings it back.
bool Machine::macro_stack_pragma(std::span<const Token> words, Range at, bool is_push) {
  words = without_parens(words);
  if (words.size() != 1 || !words[0].is(TokenKind::StringLiteral) || words[0].length < 3) {
    diagnostics_.report<diag::BadPragma>(at, is_push ? "push_macro" : "pop_macro", "it takes a name in quotes");
    return false;
  }
  Name &name = names_.intern(words[0].spelling().substr(1, words[0].length - 2));
  std::vector<Macro *> &stack = pushed_macros_[name.number];
  if (is_push) {
    stack.push_back(name.macro);
  } else if (stack.empty()) {
    diagnostics_.report<diag::BadPragma>(at, "pop_macro", "`pop_macro` without a `push_macro`");
  } else {
    set_macro(name, stack.back());
    stack.pop_back();
  }
  return false;
}

// message("text"), GCC warning "text", GCC error "text"
void Machine::message_pragma(std::span<const Token> words, Range at, std::string_view kind) {
  std::string text;
  for (const Token &word : without_parens(words))
    if (word.is(TokenKind::StringLiteral) && word.length >= 2) text += word.spelling().substr(1, word.length - 2);
  if (kind.ends_with("error")) {
    auto report = diagnostics_.report<diag::PragmaError>(at, kind, text);
    // libbpf's bpf_tracing.h, where registers are read and nobody says of which machine.
    if (text.contains("__TARGET_ARCH_xxx"))
      report.hint("say which machine it is for: `-D__TARGET_ARCH_x86`, `-D__TARGET_ARCH_arm64`");
  } else {
    diagnostics_.report<diag::PragmaMessage>(at, kind, text);
  }
}

// diagnostic push, pop, ignored "-Wname", warning "-Wname", error "-Wname"
void Machine::diagnostic_pragma(std::span<const Token> words, Range at) {
  const std::string_view what = words.empty() ? std::string_view{} : words[0].spelling();
  WarningOptions &warnings = diagnostics_.warnings;
  if (what == "push") return warnings.push(at.begin);
  // What stands in a header itself, not in a macro, holds behind the `#include` as well. One byte behind its beginning:
  // what stands in the header before the pragma looks there.
  const auto hold_in_includers = [&] {
    if (sources_.expansion(at.begin) != at.begin) return;
    for (Loc from = sources_.brought_in_at(at.begin); from.valid(); from = sources_.brought_in_at(from)) {
      warnings.push(from);
      warnings.pop(from + 1);
    }
  };
  if (what == "pop") {
    if (!warnings.pop(at.begin)) diagnostics_.report<diag::BadPragma>(at, "diagnostic", "`pop` without a `push`");
    return hold_in_includers();
  }
  std::string_view flag = words.size() > 1 ? words[1].spelling() : std::string_view{};
  if (flag.starts_with("\"-W") && flag.ends_with('"')) flag = flag.substr(3, flag.size() - 4);
  if (what == "ignored")
    warnings.set(flag, WarningState::Ignored, at.begin);
  else if (what == "warning")
    warnings.set(flag, WarningState::Warning, at.begin);
  else if (what == "error" || what == "fatal")
    warnings.set(flag, WarningState::Error, at.begin);
  hold_in_includers();
}

// Only in the headers that ship.
// spile import MODULE stands for declarations that are taken from BTF. The token stands where the header was included.
// spile apart: no BTF has what the header declares.
bool Machine::spile_pragma(std::string_view text, Token &result) {
  if (!input().path.starts_with(kShippedPrefix)) return false;
  if (text.contains(" apart")) input().is_apart = true;
  if (!text.contains(" import ")) return false;
  result.kind = TokenKind::PragmaImport;
  result.loc = input().file->included_from;
  result.flags |= kSynthetic;
  has_import_ = true;
  return true;
}

// unroll, unroll N, unroll(N)
bool Machine::unroll_pragma(std::span<const Token> count, Range at, Token &result) {
  result.kind = TokenKind::PragmaUnroll;
  result.name = static_cast<uint32_t>(kUnrollFully);
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

// clang attribute push (__attribute__((preserve_access_index)), apply_to = record), clang attribute pop; `push` without
// an attribute, and `(attribute, apply_to = ...)` without a push, which adds to the last one. The token carries what
// holds from here on.
bool Machine::attribute_pragma(std::span<const Token> words, Range at, Token &result) {
  // name.push and name.pop: clang matches the names too, which only tells apart pushes that overlap.
  if (words.size() > 2 && words[1].is(TokenKind::Dot)) words = words.subspan(2);
  const std::string_view action = words.empty() ? std::string_view{} : words[0].spelling();
  const bool is_pop = action == "pop", is_push = action == "push";
  if (is_pop) {
    if (attribute_stack_.empty()) {
      diagnostics_.report<diag::BadPragma>(at, "clang attribute", "`pop` without a `push`");
      return false;
    }
    preserve_access_index_ = attribute_stack_.back();
    attribute_stack_.pop_back();
  } else {
    if (is_push) attribute_stack_.push_back(preserve_access_index_);
    const auto has = [&](std::string_view plain, std::string_view spelled) {
      return std::ranges::any_of(
          words, [&](const Token &word) { return word.spelling() == plain || word.spelling() == spelled; });
    };
    const bool is_known = has("preserve_access_index", "__preserve_access_index__") && has("record", "record");
    if (is_known) {
      preserve_access_index_ = true;
    } else if (!is_push || words.size() > 1) {
      diagnostics_.report<diag::BadPragma>(at, "clang attribute",
                                           "only `preserve_access_index` is applied, and to `record`");
    }
  }
  result.kind = TokenKind::PragmaAttribute;
  result.name = preserve_access_index_ ? 1 : 0;
  return true;
}

}  // namespace spile::pp
