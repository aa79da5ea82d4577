// The lines that begin with `#` (C11 6.10), without #include, #define and #pragma, which have their own files.
#include <algorithm>
#include <string>

#include "frontend/pp/condition.h"
#include "frontend/pp/machine.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

void Machine::directive(const Token &hash) {
  in_directive_ = true;
  lexer().begin_directive();
  Token keyword;
  lexer().lex(keyword);
  // Whatever comes next, a guarded header has ended; and only its first line can be its guard.
  if (input().guard_state == GuardState::Closed) input().guard_state = GuardState::None;
  execute_directive(hash, keyword);
  in_directive_ = false;
}

void Machine::execute_directive(const Token &hash, const Token &keyword) {
  Lexer &line = lexer();
  const std::string_view word = keyword.spelling();
  if (word == "if" || word == "ifdef" || word == "ifndef") return if_directive(hash, keyword);
  if (input().guard_state == GuardState::Start) input().guard_state = GuardState::None;
  if (word == "include" || word == "include_next") return include_directive(keyword, word == "include_next");
  if (word == "define") {
    define_directive();
  } else if (word == "undef") {
    undef_directive();
  } else if (word == "endif") {
    endif_directive(keyword);
  } else if (word == "elif" || word == "else" || word == "elifdef" || word == "elifndef") {
    if (alternative_directive(keyword, false)) return;
  } else if (word == "pragma") {
    pragma_directive(hash);
  } else if (word == "error" || word == "warning") {
    const Token text = line.rest_of_line();
    if (word == "error") {
      diagnostics_.report<diag::ErrorDirective>(Range{keyword.loc, text.end()}, text.spelling());
    } else {
      diagnostics_.report<diag::WarningDirective>(Range{keyword.loc, text.end()}, text.spelling());
    }
  } else if (word == "line") {
    Token number;
    next_expanded(number);
    line_directive(number, false);
  } else if (keyword.is(TokenKind::IntegerLiteral)) {
    line_directive(keyword, true);  // `# 12 "file"`, as preprocessors write it
  } else if (word == "embed") {
    diagnostics_.report<diag::EmbedUnsupported>(keyword.range())
        .hint("`xxd -i FILE > file.h` makes an array of it that can be included");
  } else if (word != "ident" && word != "sccs" && word != "assert" && word != "unassert" &&
             !keyword.is(TokenKind::EndOfFile)) {
    unknown_directive(keyword);
  }
  line.end_directive();
}

void Machine::unknown_directive(const Token &keyword) {
  static constexpr std::string_view kDirectives[] = {"include", "define", "ifdef", "ifndef", "endif", "undef",
                                                     "pragma",  "error",  "elif",  "else",   "line",  "warning"};
  auto builder = diagnostics_.report<diag::UnknownDirective>(keyword.range(), keyword.spelling());
  for (const std::string_view known : kDirectives) {
    std::string sorted_known(known), sorted_seen(keyword.spelling());
    std::ranges::sort(sorted_known);
    std::ranges::sort(sorted_seen);
    // Two letters swapped, or one missing at the end: the usual slips.
    if (sorted_known == sorted_seen || (known.starts_with(keyword.spelling()) && keyword.length + 1 == known.size())) {
      builder.hint("did you mean `#{}`?", known);
      return;
    }
  }
}

void Machine::expect_end(std::string_view keyword) {
  Token extra;
  lexer().lex(extra);
  if (!extra.is(TokenKind::EndOfFile))
    diagnostics_.report<diag::ExtraDirectiveTokens>(extra.range(), extra.spelling(), keyword);
}

// ---------------------------------------------------------------- conditionals

// Whether the group after this #if, #ifdef, #ifndef, #elif, #elifdef, #elifndef is kept.
bool Machine::is_group_wanted(const Token &keyword) {
  const std::string_view word = keyword.spelling();
  if (word == "if" || word == "elif") return evaluate_condition(keyword);
  const auto name = read_macro_name("#" + std::string(word));
  if (!name) return false;
  expect_end(word);
  const bool is_defined = names_[name->name].macro != nullptr;
  return is_defined == (word == "ifdef" || word == "elifdef");
}

void Machine::if_directive(const Token &hash, const Token &keyword) {
  Input &file = input();
  const bool may_guard = file.guard_state == GuardState::Start && keyword.spelling() == "ifndef" &&
                         out_.size() == file.first_token && conditionals_.size() == file.first_conditional;
  if (may_guard) {
    Lexer ahead = file.lexer;
    ahead.set_diagnostics(nullptr);
    Token name;
    ahead.lex(name);
    file.guard_state = name.name != 0 ? GuardState::Inside : GuardState::None;
    file.guard = name.name != 0 ? &names_[name.name] : nullptr;
  } else if (file.guard_state == GuardState::Start) {
    file.guard_state = GuardState::None;
  }
  const bool is_wanted = is_group_wanted(keyword);
  lexer().end_directive();
  conditionals_.push_back({{hash.loc, keyword.end()}, keyword.spelling(), is_wanted, false});
  if (!is_wanted) skip_group();
}

// #else and #elif. True when the group after it is skipped, with all of its lines read. Reached from a kept group
// ([is_skipping] false) it always is; from a skipped one, unless it is the first that is wanted.
bool Machine::alternative_directive(const Token &keyword, bool is_skipping) {
  const std::string_view word = keyword.spelling();
  if (conditionals_.size() == input().first_conditional) {
    diagnostics_.report<diag::DirectiveWithoutIf>(keyword.range(), word);
    return false;
  }
  Conditional &conditional = conditionals_.back();
  if (conditionals_.size() == input().first_conditional + 1) input().guard_state = GuardState::None;
  if (conditional.has_else) {
    diagnostics_.report<diag::DirectiveAfterElse>(keyword.range(), word)
        .note(conditional.range, "the conditional begins here");
  }
  const bool is_else = word == "else";
  conditional.has_else |= is_else;
  // The condition of an #elif after the group that was kept is not evaluated.
  const bool is_wanted = !conditional.was_taken && (is_else || is_group_wanted(keyword));
  if (is_else) expect_end(word);
  lexer().end_directive();
  if (is_wanted) conditional.was_taken = true;
  if (is_skipping) return !is_wanted;
  skip_group();
  return true;
}

void Machine::endif_directive(const Token &keyword) {
  Input &file = input();
  if (conditionals_.size() == file.first_conditional) {
    diagnostics_.report<diag::DirectiveWithoutIf>(keyword.range(), "endif");
    return;
  }
  expect_end("endif");
  conditionals_.pop_back();
  if (conditionals_.size() == file.first_conditional && file.guard_state == GuardState::Inside) {
    file.guard_state = GuardState::Closed;
    file.guard_end_token = out_.size();
  }
}

// Passes over the lines of a group that is not kept, to the #else or #elif whose group is, or to the #endif.
void Machine::skip_group() {
  const bool was_in_directive = in_directive_;
  in_directive_ = true;
  Lexer &lines = lexer();
  Token hash, keyword;
  for (uint32_t depth = 0; lines.skip_to_directive(hash);) {
    lines.begin_directive();
    lines.set_diagnostics(nullptr);
    lines.lex(keyword);
    lines.set_diagnostics(&diagnostics_);
    const std::string_view word = keyword.spelling();
    if (word == "if" || word == "ifdef" || word == "ifndef") {
      depth++;
    } else if (word == "endif") {
      if (depth == 0) {
        endif_directive(keyword);
        lines.end_directive();
        break;
      }
      depth--;
    } else if (depth == 0 && (word == "else" || word == "elif" || word == "elifdef" || word == "elifndef")) {
      if (!alternative_directive(keyword, true)) break;
      continue;
    }
    lines.end_directive();
  }
  in_directive_ = was_in_directive;
}

// ---------------------------------------------------------------- the rest

void Machine::undef_directive() {
  const auto name = read_macro_name("#undef");
  if (!name) return;
  Name &entry = names_[name->name];
  if (const Macro *macro = macro_of(entry); macro != nullptr && macro->is_predefined)
    diagnostics_.report<diag::BuiltinMacroRedefined>(name->range(), macro->name, "undefined");
  set_macro(entry, nullptr);
  expect_end("undef");
}

// #line NUMBER ["FILE"]; a marker may have flags after it.
void Machine::line_directive(const Token &first, bool is_marker) {
  const auto number = parse_integer(first.spelling());
  if (!first.is(TokenKind::IntegerLiteral) || !number || number->value > INT32_MAX) {
    const std::string seen =
        first.is(TokenKind::EndOfFile) ? "the end of the line" : "`" + std::string(first.spelling()) + "`";
    diagnostics_.report<diag::BadLineDirective>(first.range(), "a line number", seen);
    return;
  }
  std::string path;
  Token file;
  if (next_expanded(file)) {
    if (!file.is(TokenKind::StringLiteral) || file.length < 2) {
      diagnostics_.report<diag::BadLineDirective>(file.range(), "a file name in quotes",
                                                  "`" + std::string(file.spelling()) + "`");
      return;
    }
    path = file.spelling().substr(1, file.length - 2);
    if (!is_marker) expect_end("line");
  }
  lexer().end_directive();
  sources_.add_line_directive(lexer().loc(), static_cast<uint32_t>(number->value), std::move(path));
}

}  // namespace spile::pp
