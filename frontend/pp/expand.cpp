// Macro expansion (C11 6.10.3), with the bookkeeping of clang and gcc: the tokens of an expansion are read before the
// file goes on; while they are, their macro is disabled; a name met then is marked and never expanded again.
#include "frontend/pp/machine.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

bool Machine::next_token(Token &token) {
  for (;;) {
    while (!pending_.empty()) {
      Pending &top = pending_.back();
      if (top.at != top.end) {
        token = *top.at++;
        return true;
      }
      if (top.is_barrier) {
        token = Token{};
        return false;
      }
      pop_pending();
    }
    lexer().lex(token);
    // A directive among the arguments of a macro call: undefined in C, and used (`#ifdef` around an argument).
    if (token.is(TokenKind::Hash) && token.has(kLineStart) && !in_directive_ && !is_stopped_) {
      directive(token);
      continue;
    }
    return !token.is(TokenKind::EndOfFile);
  }
}

// The next token after expansion; false at the end of the file, line or argument.
bool Machine::next_expanded(Token &token) {
  while (next_token(token))
    if (!token.is_word() || names_[token.name].macro == nullptr || !expand(token)) return true;
  return false;
}

void Machine::push_pending(std::span<const Token> tokens, Macro *macro) {
  macro_work_ += tokens.size() + 1;
  if (tokens.empty()) return;
  if (macro != nullptr) macro->is_disabled = true;
  pending_.push_back({tokens.data(), tokens.data() + tokens.size(), macro, macro == nullptr});
}

void Machine::pop_pending() {
  if (pending_.back().macro != nullptr) pending_.back().macro->is_disabled = false;
  pending_.pop_back();
}

bool Machine::next_is_left_paren() {
  for (size_t i = pending_.size(); i-- > 0;) {
    if (pending_[i].at != pending_[i].end) return pending_[i].at->is(TokenKind::LeftParen);
    if (pending_[i].is_barrier) return false;
  }
  return lexer().next_is_left_paren();
}

// Replaces [name], a token that was just read, when it names a macro: its replacement is what next_token() gives next.
// False when the token stays.
bool Machine::expand(Token &name) {
  if (name.has(kNoExpand)) return false;
  Macro *macro = macro_of(names_[name.name]);
  if (macro == nullptr) return false;
  if (macro->is_disabled) {
    name.flags |= kNoExpand;
    return false;
  }
  if (macro->is_poisoned) {
    diagnostics_.report<diag::PoisonedName>(name.range(), name.spelling());
    return false;
  }
  if (over_limits()) return false;
  if (macro->builtin != BuiltinMacro::None) return expand_builtin(name, *macro);
  if (!macro->is_function) {
    call_end_ = name.end();
    push_pending(substitute(name, *macro, argument_stack_.size()), macro);
    return true;
  }
  if (!next_is_left_paren()) return false;
  if (macro_depth_ >= kMaxMacroDepth) {
    diagnostics_.report<diag::MacroTooDeep>(sources_.expansion(name.range()), kMaxMacroDepth);
    stop();
    return false;
  }
  const size_t first_argument = argument_stack_.size(), first_token = token_stack_.size();
  const bool is_call =
      read_arguments(name, *macro, first_argument) && check_argument_count(name, *macro, first_argument);
  if (is_call) {
    const Loc call_end = call_end_;
    macro_depth_++;
    for (const BodyToken &piece : macro->body) {
      const bool is_pasted = piece.paste_before || (&piece != &macro->body.back() && (&piece)[1].paste_before);
      // Inside __VA_OPT__( ) what stands beside its end is not pasted; expanding one argument too many does no harm.
      if (piece.parameter < 0 || piece.stringify || (is_pasted && !macro->has_va_opt)) continue;
      expand_argument(first_argument + static_cast<size_t>(piece.parameter));
    }
    if (macro->has_va_opt) expand_argument(first_argument + macro->parameters.size() - 1);
    macro_depth_--;
    call_end_ = call_end;
    push_pending(substitute(name, *macro, first_argument), macro);
  } else {
    name.flags |= kNoExpand;
  }
  argument_stack_.resize(first_argument);
  token_stack_.resize(first_token);
  return is_call;
}

void Machine::report_definition(Diagnostics::Builder &builder, const Macro &macro) {
  if (macro.name_range.valid()) builder.note(macro.name_range, "`{}` is defined here", macro.name);
}

bool Machine::read_arguments(const Token &name, const Macro &macro, size_t first_argument) {
  Token token;
  next_token(token);  // the `(`
  const size_t count = macro.parameters.size();
  Argument argument{};
  argument.begin = token_stack_.size();
  for (uint32_t depth = 0;;) {
    if (!next_token(token)) {
      auto builder = diagnostics_.report<diag::UnterminatedMacroCall>(name.range(), macro.name);
      report_definition(builder, macro);
      return false;
    }
    if (token.is(TokenKind::LeftParen)) {
      depth++;
    } else if (token.is(TokenKind::RightParen)) {
      if (depth-- == 0) break;
    } else if (token.is(TokenKind::Comma) && depth == 0) {
      const bool is_rest = macro.is_variadic && argument_stack_.size() - first_argument + 1 >= count;
      if (!is_rest) {
        argument.end = token_stack_.size();
        argument_stack_.push_back(argument);
        argument.begin = argument.end;
        continue;
      }
    }
    // Met while its macro is disabled: stays as it is, even if reading on enables the macro again.
    if (token.is_word()) {
      const Macro *named = names_[token.name].macro;
      if (named != nullptr && named->is_disabled) token.flags |= kNoExpand;
    }
    if (token.has(kLineStart)) token.flags = static_cast<uint8_t>((token.flags & ~kLineStart) | kSpaceBefore);
    token_stack_.push_back(token);
    macro_work_++;
  }
  call_end_ = token.end();
  argument.end = token_stack_.size();
  argument_stack_.push_back(argument);
  return true;
}

bool Machine::check_argument_count(const Token &name, const Macro &macro, size_t first_argument) {
  const size_t wanted = macro.parameters.size();
  size_t got = argument_stack_.size() - first_argument;
  if (wanted == 0 && got == 1 && argument_stack_.back().begin == argument_stack_.back().end) got = 0;
  if (macro.is_variadic && got + 1 == wanted) {
    const size_t end = token_stack_.size();
    argument_stack_.push_back({.begin = end, .end = end, .is_omitted = true});
    return true;
  }
  // `F()` for `#define F(...)`: as good as omitted (gcc and clang agree).
  if (macro.is_variadic && wanted == 1 && got == 1)
    argument_stack_.back().is_omitted = argument_stack_.back().begin == argument_stack_.back().end;
  if (got == wanted) return true;
  const size_t minimum = macro.is_variadic ? wanted - 1 : wanted;
  auto builder = diagnostics_.report<diag::WrongMacroArguments>(
      range_of_call(name), macro.name, macro.is_variadic ? "at least " : "", minimum, minimum == 1 ? "" : "s", got);
  report_definition(builder, macro);
  return false;
}

// Expands the argument as if it were the rest of the file (C11 6.10.3.1).
void Machine::expand_argument(size_t index) {
  const Argument argument = argument_stack_[index];
  if (argument.expanded_end != 0) return;  // the parameter stands twice in the body
  const std::span<const Token> written(token_stack_.data() + argument.begin, argument.end - argument.begin);
  bool has_macro = false;
  for (const Token &token : written) has_macro |= token.is_word() && names_[token.name].macro != nullptr;
  if (!has_macro) {
    argument_stack_[index].expanded_begin = argument.begin;
    argument_stack_[index].expanded_end = argument.end;
    return;
  }
  const std::span<const Token> tokens = scratch_.copy(written);
  const size_t begin = token_stack_.size();
  push_pending(tokens, nullptr);
  for (Token token; next_expanded(token);) token_stack_.push_back(token);
  pending_.pop_back();  // the barrier
  argument_stack_[index].expanded_begin = begin;
  argument_stack_[index].expanded_end = token_stack_.size();
}

}  // namespace spile::pp
