#include "frontend/pp/preprocessor.h"

#include <algorithm>
#include <utility>

#include "frontend/pp/machine.h"
#include "frontend/pp/predefined.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

Machine::Machine(const Options &options, SourceManager &sources, Arena &arena, Diagnostics &diagnostics)
    : options_(options),
      sources_(sources),
      arena_(arena),
      diagnostics_(diagnostics),
      postponed_(std::make_shared<Postponed>(arena)),
      names_(postponed_->names) {
  for (const auto *paths : {&options.quote_dirs, &options.include_dirs, &options.system_dirs})
    for (const std::string &path : *paths) folders_.emplace_back(path);
  first_after_ = folders_.size();
  for (const std::string &path : options.after_dirs) folders_.emplace_back(path);
}

void Machine::run(const SourceManager::File &main) {
  main_path_ = main.path;
  out_.reserve(main.text.size() / 2 + 256);
  if (auto file = sources_.add("<built-in>", std::string(predefined_text()))) predefined_file_ = *file;
  enter_file(main, 0, options_.postpone == Postpone::Everything);
  include_command_line();
  define_command_line();
  lex_inputs();
  Token end;
  end.loc = main.begin + static_cast<uint32_t>(main.text.size());
  end.flags = kLineStart;
  end.text = main.text.data() + main.text.size();
  out_.push_back(end);
}

// The way of nearly all tokens: from the characters straight to their place in the output.
void Machine::lex_inputs() {
  while (!is_stopped_) {
    Token &token = out_.emplace_back();
    lexer().lex(token);
    if (token.name != 0) {
      if (names_[token.name].macro == nullptr) {
        if (token.has(kLineStart) && input().may_postpone) [[unlikely]]
          postpone_declarations();
        continue;
      }
      Token name = token;
      out_.pop_back();
      if (!expand(name)) push_token(name);
      if (!pending_.empty()) drain_pending();
      continue;
    }
    if (token.kind == TokenKind::Hash && token.has(kLineStart)) {
      const Token hash = token;
      out_.pop_back();
      directive(hash);
    } else if (token.kind == TokenKind::EndOfFile) {
      out_.pop_back();
      const bool was_main = inputs_.size() == 1;
      leave_file();
      if (was_main) return;
      if (over_limits()) return;
    } else if (token.kind == TokenKind::Unknown) {
      diagnostics_.report<diag::StrayCharacter>(token.range(), token.spelling());
      out_.pop_back();
    }
    if (out_.size() >= kMaxTokens && over_limits()) return;
  }
}

// Puts out what expansions left to be read.
void Machine::drain_pending() {
  while (!pending_.empty() && !is_stopped_) {
    Pending &top = pending_.back();
    if (top.at == top.end) {
      pop_pending();
      continue;
    }
    Token token = *top.at++;
    if (token.is_word() && names_[token.name].macro != nullptr && expand(token)) continue;
    if (token.is(TokenKind::Unknown)) {
      diagnostics_.report<diag::StrayCharacter>(token.range(), token.spelling());
    } else {
      push_token(token);
    }
  }
}

bool Machine::over_limits() {
  if (is_stopped_) return true;
  const bool is_macro_work = macro_work_ >= kMaxMacroWork;
  if (out_.size() < kMaxTokens && !is_macro_work) return false;
  const Loc at = inputs_.empty() ? Loc{} : lexer().loc();
  if (is_macro_work) {
    diagnostics_.report<diag::TooMuchExpansion>(at, kMaxMacroWork)
        .hint("macros that use each other twice double in size at each level");
  } else {
    diagnostics_.report<diag::TooManyTokens>(at, kMaxTokens);
  }
  stop();
  return true;
}

// A token that is spelled [text], and stands where [like] stands.
Token Machine::make_token(TokenKind kind, std::string_view text, const Token &like) {
  const std::string_view kept = keep(text);
  Token token = like;
  token.text = kept.data();
  token.length = static_cast<uint32_t>(kept.size());
  token.name = 0;
  token.kind = kind;
  token.flags |= kSynthetic;
  return token;
}

Tokens Machine::take() {
  const bool has_postponed = !postponed_->declarations().empty();
  return {std::move(out_), std::move(headers_), has_import_,
          names_.count(),  std::move(read_),    has_postponed ? std::move(postponed_) : nullptr};
}

Tokens preprocess(const SourceManager::File &main, const Options &options, SourceManager &sources, Arena &arena,
                  Diagnostics &diagnostics) {
  const auto machine = std::make_shared<Machine>(options, sources, arena, diagnostics);
  machine->run(main);
  Tokens tokens = machine->take();
  if (machine->is_expander()) tokens.postponed->set_expander(machine);
  return tokens;
}

bool is_contained(const Diagnostic &fault) {
  static constexpr std::string_view kContained[] = {diag::UnterminatedString::kName, diag::UnterminatedCharacter::kName,
                                                    diag::UnknownDirective::kName};
  return std::ranges::find(kContained, fault.info->name) != std::end(kContained);
}

}  // namespace spile::pp
