#include "frontend/parse/syntax_errors.h"

#include <SpileC.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "frontend/btf/sources.h"
#include "frontend/parse/parser_core.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/parse.def"
#include "support/diag_table.h"

namespace spile::parse {

namespace {

// What a rule reads, in words: "expected `;` after [noun]", "expected [wanted], found ...".
struct RuleWords {
  size_t rule;
  std::string_view noun;
  std::string_view wanted;
};
constexpr auto kRuleWords = std::to_array<RuleWords>({
    {SpileC::RuleTranslationUnit, "the file", "a declaration"},
    {SpileC::RuleExternalDeclaration, "the declaration", "a declaration"},
    {SpileC::RuleDeclaration, "the declaration", "a declaration"},
    {SpileC::RuleInitDeclarator, "the declaration", "a name"},
    {SpileC::RuleFunctionBody, "the function", "a block"},
    {SpileC::RuleStaticAssertDeclaration, "`_Static_assert(...)`", "an expression"},
    {SpileC::RuleAsmDeclaration, "`asm(...)`", "a string"},
    {SpileC::RuleDeclarationSpecifiers, "the type", "a type"},
    {SpileC::RuleSpecifiers, "the type", "a type"},
    {SpileC::RuleSpecifier, "the type", "a type"},
    {SpileC::RuleTypeofSpecifier, "`typeof`", "an expression or a type"},
    {SpileC::RuleAlignmentSpecifier, "`_Alignas`", "a type or a number"},
    {SpileC::RuleRecordSpecifier, "`struct`", "a name or `{`"},
    {SpileC::RuleMemberBlock, "the members", "a member"},
    {SpileC::RuleMemberDeclaration, "the member", "a member"},
    {SpileC::RuleMemberDeclarator, "the member", "the name of a member"},
    {SpileC::RuleEnumSpecifier, "`enum`", "a name or `{`"},
    {SpileC::RuleEnumeratorBlock, "the enumerator", "an enumerator"},
    {SpileC::RuleAttribute, "the attribute", "an attribute"},
    {SpileC::RuleAttributeItem, "the attribute", "an attribute"},
    {SpileC::RuleAttributeWord, "the attribute", "the name of an attribute"},
    {SpileC::RuleAnyName, "the name", "a name"},
    {SpileC::RuleDeclarator, "the name", "a name"},
    {SpileC::RuleDirectDeclarator, "the declarator", "a name"},
    {SpileC::RuleAnyDeclaratorCore, "the declarator", "a name"},
    {SpileC::RuleParenthesizedDeclarator, "the parameters", "a type or `)`"},
    {SpileC::RuleArraySuffix, "the size of the array", "the size of an array"},
    {SpileC::RuleFunctionSuffix, "the parameters", "a parameter"},
    {SpileC::RuleParameterList, "the parameter", "a parameter"},
    {SpileC::RuleParameter, "the parameter", "a parameter"},
    {SpileC::RuleTypeName, "the type", "a type"},
    {SpileC::RuleInitializer, "the initializer", "an initializer"},
    {SpileC::RuleBracedInitializer, "the initializer", "an initializer"},
    {SpileC::RuleInitializerItem, "the initializer", "an initializer"},
    {SpileC::RuleDesignator, "the designator", "a designator"},
    {SpileC::RuleCompoundStatement, "the statement", "a statement"},
    {SpileC::RuleBlockItem, "the statement", "a statement"},
    {SpileC::RuleItem, "the statement", "a statement"},
    {SpileC::RuleAttributedItem, "the attribute", "a statement or a declaration"},
    {SpileC::RuleStatement, "the statement", "a statement"},
    {SpileC::RulePlainStatement, "the statement", "a statement"},
    {SpileC::RuleCaseLabel, "the label", "a constant"},
    {SpileC::RuleIfStatement, "`if`", "a condition"},
    {SpileC::RuleSwitchStatement, "`switch`", "an expression"},
    {SpileC::RuleWhileStatement, "`while`", "a condition"},
    {SpileC::RuleDoStatement, "`do`", "a condition"},
    {SpileC::RuleForStatement, "the expression", "an expression"},
    {SpileC::RuleForInit, "the expression", "an expression"},
    {SpileC::RuleJumpStatement, "the statement", "an expression"},
    {SpileC::RuleExpressionStatement, "the expression", "an expression"},
    {SpileC::RuleUnrolledLoop, "`#pragma unroll`", "a loop"},
    {SpileC::RuleAsmStatement, "`asm`", "a string"},
    {SpileC::RuleAsmItem, "the operand", "an operand"},
    {SpileC::RuleSizeofTail, "`sizeof`", "an expression or a type"},
    {SpileC::RuleParenthesizedTail, "the expression", "an expression"},
    {SpileC::RulePostfixOperator, "the expression", "an expression"},
    {SpileC::RuleStringLiteral, "the string", "a string"},
    {SpileC::RulePrimaryExpression, "the expression", "an expression"},
    {SpileC::RuleGenericAssociation, "the type", "a type or `default`"},
});

RuleWords words_of(size_t rule) {
  const auto *row = std::ranges::find(kRuleWords, rule, &RuleWords::rule);
  return row != kRuleWords.end() ? *row : RuleWords{rule, "the expression", "an expression"};
}

size_t rule_of(const ParserCore &parser) { return parser.context() != nullptr ? parser.context()->getRuleIndex() : 0; }

bool is_statement_keyword(TokenKind kind) {
  switch (kind) {
    case TokenKind::If:
    case TokenKind::Switch:
    case TokenKind::Case:
    case TokenKind::Default:
    case TokenKind::While:
    case TokenKind::Do:
    case TokenKind::For:
    case TokenKind::Goto:
    case TokenKind::Continue:
    case TokenKind::Break:
    case TokenKind::Return:
      return true;
    default:
      return false;
  }
}

// BPF_KPROBE, and not a function.
bool is_macro_name(std::string_view name) {
  return name.size() > 2 && std::ranges::none_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_opening(TokenKind kind) {
  return kind == TokenKind::LeftParen || kind == TokenKind::LeftBracket || kind == TokenKind::AttributeOpen;
}
bool is_closing(TokenKind kind) { return kind == TokenKind::RightParen || kind == TokenKind::RightBracket; }

}  // namespace

std::string SyntaxErrors::found() const {
  const Token &token = stream_.next();
  switch (token.kind) {
    case TokenKind::EndOfFile:
      return "the end of the file";
    case TokenKind::PragmaUnroll:
      return "`#pragma unroll`";
    case TokenKind::StringLiteral:
      return "a string";
    default:
      return "`" + std::string(token.spelling()) + "`";
  }
}

void SyntaxErrors::stop_if_enough() {
  if (diagnostics_.too_many()) throw antlr4::ParseCancellationException();
}

// ---------------------------------------------------------------- what is said

// Faults that have a better name than what the grammar would have liked. True when one was reported.
bool SyntaxErrors::report_special(ParserCore &parser) {
  const size_t rule = rule_of(parser);
  const Token &next = stream_.next();
  if (next.is(TokenKind::EndOfFile) && report_unclosed_brace()) return true;
  if (rule == SpileC::RuleMemberDeclaration && next.is(TokenKind::Assign)) {
    diagnostics_.report<diag::InitializedMember>(next.range());
    return true;
  }
  if (rule == SpileC::RuleParameterList || rule == SpileC::RuleFunctionSuffix) {
    const TokenKind after = stream_.after_next().kind;
    if (next.is(TokenKind::Identifier) && (after == TokenKind::Comma || after == TokenKind::RightParen)) {
      auto builder = diagnostics_.report<diag::OldStyleParameters>(next.range());
      const size_t open = stream_.previous_position();
      const std::string_view callee = open > 0 ? stream_[open - 1].spelling() : std::string_view{};
      if (stream_[open].is(TokenKind::LeftParen) && is_macro_name(callee))
        builder.hint("`{}` reads like a macro that no header has defined: is one missing, or too old?", callee);
      else
        builder.hint("write the type before the name: `int {}`; or declare the type `{}`", next.spelling(),
                     next.spelling());
      return true;
    }
    if (is_undeclared(next) && (after == TokenKind::Identifier || after == TokenKind::Star)) {
      unknown_type(next);
      return true;
    }
  }
  if (next.is(TokenKind::LeftBrace) && (rule == SpileC::RuleDeclaration || rule == SpileC::RuleInitializerOpt) &&
      stream_.previous().is(TokenKind::RightParen)) {
    // The function's name stands before the parameters.
    size_t at = stream_.previous_position();
    for (uint32_t depth = 0; at > 0; at--) {
      if (stream_[at].is(TokenKind::RightParen)) depth++;
      if (stream_[at].is(TokenKind::LeftParen) && --depth == 0) break;
    }
    const Token &name = stream_[at > 0 ? at - 1 : 0];
    diagnostics_.report<diag::NestedFunction>(name.range(), name.spelling())
        .hint("move it before the function, or close the function's block with `}}` first");
    return true;
  }
  return report_unknown_type();
}

// `struct`, `union` or `enum` when a tag of that name is known; else nothing.
std::string_view SyntaxErrors::keyword_of_tag(const Token &name) const {
  for (size_t i = 0; i + 1 < stream_.position(); i++) {
    const TokenKind kind = stream_[i].kind;
    const bool is_keyword = kind == TokenKind::Struct || kind == TokenKind::Union || kind == TokenKind::Enum;
    if (is_keyword && stream_[i + 1].name == name.name) return stream_[i].spelling();
  }
  const btf::Entry *tag =
      stream_.btf() != nullptr ? stream_.btf()->find(btf::NameSpace::Tag, name.spelling()) : nullptr;
  if (tag == nullptr) return {};
  switch (stream_.btf()->type(tag->id).kind) {
    case btf::BtfKind::Struct:
      return "struct";
    case btf::BtfKind::Union:
      return "union";
    default:
      return "enum";
  }
}

// [name] stands where a type must. From now on it is one: what uses it later is not wrong a second time.
void SyntaxErrors::unknown_type(const Token &name) {
  static constexpr std::string_view kKernel[] = {"u8",    "u16",   "u32",    "u64",   "s8",    "s16",
                                                 "s32",   "s64",   "__u8",   "__u16", "__u32", "__u64",
                                                 "__s32", "__s64", "__be16", "__be32"};
  static constexpr std::string_view kStandard[] = {"uint8_t", "uint16_t", "uint32_t", "uint64_t",
                                                   "int8_t",  "int16_t",  "int32_t",  "int64_t"};
  auto builder = diagnostics_.report<diag::UnknownTypeName>(name.range(), name.spelling());
  if (std::ranges::find(kKernel, name.spelling()) != std::end(kKernel)) {
    builder.hint("it is declared by `#include \"vmlinux.h\"`{}",
                 name.spelling().starts_with("__") ? " and by `#include <linux/types.h>`" : "");
  } else if (std::ranges::find(kStandard, name.spelling()) != std::end(kStandard)) {
    builder.hint("it is declared by `#include <stdint.h>`");
  } else if (name.spelling() == "bool") {
    builder.hint("it is declared by `#include <stdbool.h>`");
  } else if (name.spelling() == "size_t") {
    builder.hint("it is declared by `#include <stddef.h>`");
  } else if (const std::string_view keyword = keyword_of_tag(name); !keyword.empty()) {
    builder.hint("did you mean `{} {}`?", keyword, name.spelling())
        .fixit({name.loc, name.loc}, std::string(keyword) + " ");
  } else if (stream_.btf() == nullptr) {
    const auto kernel = btf::Image::view(btf::frozen_image());
    if (kernel && kernel->is_typedef(name.spelling()))
      builder.hint("it is the kernel's: `#include \"vmlinux.h\"` declares it");
  } else {
    const std::string_view nearest = stream_.btf()->nearest(btf::NameSpace::Ordinary, name.spelling());
    if (stream_.btf()->is_typedef(nearest))
      builder.hint("did you mean `{}`?", nearest).fixit(name.range(), std::string(nearest));
  }
  repairs_.types.push_back(name.name);
  stream_.types.set(name.name, true);
  stream_.reclassify();
}

// `u32 x;` and `(u32)x` where u32 is declared nowhere: seen only when the name has been read as an expression.
bool SyntaxErrors::report_unknown_type() {
  const Token &next = stream_.next();
  const size_t at = stream_.previous_position();
  const bool is_operand = next.is(TokenKind::Identifier) || next.is(TokenKind::IntegerLiteral);
  if (at >= 2 && is_operand && stream_[at].is(TokenKind::RightParen) && is_undeclared(stream_[at - 1]) &&
      stream_[at - 2].is(TokenKind::LeftParen)) {
    unknown_type(stream_[at - 1]);
    return true;
  }
  if (at < 1 || !(next.is(TokenKind::Identifier) || next.is(TokenKind::Star)) || !is_undeclared(stream_[at]))
    return false;
  switch (stream_[at - 1].kind) {
    case TokenKind::Semi:
    case TokenKind::LeftBrace:
    case TokenKind::RightBrace:
    case TokenKind::LeftParen:
    case TokenKind::Const:
    case TokenKind::Static:
    case TokenKind::Volatile:
      unknown_type(stream_[at]);
      return true;
    default:
      return false;
  }
}

bool SyntaxErrors::is_undeclared(const Token &token) const {
  return token.is(TokenKind::Identifier) && !stream_.is_type(token);
}

// At the end of the file: which brace was never closed. False when all were.
bool SyntaxErrors::report_unclosed_brace() {
  // The innermost brace that is still open; to be found only by reading from the start.
  std::vector<size_t> open;
  for (size_t i = 0; i < stream_.position(); i++) {
    if (stream_[i].is(TokenKind::LeftBrace)) open.push_back(i);
    if (stream_[i].is(TokenKind::RightBrace) && !open.empty()) open.pop_back();
  }
  const Range at{stream_.previous().end(), stream_.previous().end()};
  if (open.empty()) return false;
  diagnostics_.report<diag::UnclosedBrace>(at, "the end of the file")
      .note(stream_[open.back()].range(), "this `{{` is not closed")
      .hint("close the block that begins there")
      .fixit(at, "}");
  return true;
}

// The parser wants one of a few tokens and sees another: "expected `;` after the expression".
void SyntaxErrors::report_expected(ParserCore &parser, size_t kind) {
  const RuleWords words = words_of(rule_of(parser));
  const Token &previous = stream_.previous();
  const Range after{previous.end(), previous.end()};
  const std::string token(pp::describe(static_cast<TokenKind>(kind)));
  std::string noun(words.noun);
  if (rule_of(parser) == SpileC::RuleJumpStatement || rule_of(parser) == SpileC::RuleDoStatement)
    noun = "`" + std::string(previous.spelling()) + "`";
  auto builder = diagnostics_.report<diag::ExpectedAfter>(after, token, noun);
  const bool is_spelled = static_cast<TokenKind>(kind) >= TokenKind::LeftParen;
  if (is_spelled && token.size() == 3) builder.fixit(after, token.substr(1, 1));
  // For a bracket: where its partner stands.
  const auto closing = static_cast<TokenKind>(kind);
  if (!is_closing(closing)) return;
  const TokenKind opening = closing == TokenKind::RightParen ? TokenKind::LeftParen : TokenKind::LeftBracket;
  uint32_t depth = 0;
  for (size_t at = stream_.position(); at-- > 0;) {
    if (stream_[at].is(closing)) depth++;
    if (stream_[at].is(TokenKind::Semi) || stream_[at].is(TokenKind::LeftBrace)) break;
    if (stream_[at].is(opening) && depth-- == 0) {
      builder.note(stream_[at].range(), "to match this {}", pp::describe(opening));
      break;
    }
  }
}

void SyntaxErrors::report_found(ParserCore &, std::string_view wanted) {
  const Token &next = stream_.next();
  if (wanted == "an expression" && next.is(TokenKind::LeftBrace)) {
    diagnostics_.report<diag::BracesInExpression>(next.range())
        .hint("a compound literal has its type in front: `(struct key){{…}}`");
    return;
  }
  if (wanted == "an expression" && next.is(TokenKind::Identifier) && stream_.is_type(next)) {
    diagnostics_.report<diag::TypeAsExpression>(next.range(), next.spelling());
    return;
  }
  diagnostics_.report<diag::ExpectedFound>(stream_.next().range(), wanted, found());
}

// ---------------------------------------------------------------- when the parser calls

// A closing token or a semicolon that is plainly missing can be taken as written.
bool SyntaxErrors::can_insert(size_t kind) const {
  const auto wanted = static_cast<TokenKind>(kind);
  const Token &next = stream_.next();
  const bool ends_line = next.has(pp::kLineStart);
  switch (wanted) {
    case TokenKind::Semi:
      return ends_line || next.is(TokenKind::RightBrace) || is_statement_keyword(next.kind);
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
      return ends_line || next.is(TokenKind::Semi) || next.is(TokenKind::LeftBrace);
    default:
      return false;
  }
}

void SyntaxErrors::mismatch(ParserCore &parser, size_t kind) {
  stop_if_enough();
  if (!is_recovering_) {
    is_recovering_ = true;
    if (kind == antlr4::Token::INVALID_TYPE || kind == antlr4::Token::EOF) {
      if (!report_special(parser)) report_found(parser, words_of(rule_of(parser)).wanted);
      throw antlr4::InputMismatchException(&parser);
    }
    const bool in_header = rule_of(parser) == SpileC::RuleForStatement || rule_of(parser) == SpileC::RuleForInit;
    if (static_cast<size_t>(stream_.after_next().kind) == kind && !stream_.next().is(TokenKind::EndOfFile) &&
        !is_opening(stream_.next().kind) && !stream_.next().is(TokenKind::Identifier) &&
        !stream_.next().is(TokenKind::RightBrace) && !in_header) {
      // One token too many: `foo());`
      diagnostics_.report<diag::UnexpectedToken>(stream_.next().range(), found());
      repairs_.cuts.push_back({stream_.position(), stream_.position() + 1});
      stream_.consume();
      stream_.consume();
      is_recovering_ = false;
      return;
    }
    if (!report_special(parser)) {
      const auto wanted = static_cast<TokenKind>(kind);
      const bool in_list =
          rule_of(parser) == SpileC::RuleEnumeratorBlock || rule_of(parser) == SpileC::RuleBracedInitializer;
      if (wanted == TokenKind::RightBrace && in_list) {
        const bool is_item = stream_.next().is_word() || stream_.next().is(TokenKind::IntegerLiteral);
        report_expected(parser, static_cast<size_t>(is_item ? TokenKind::Comma : TokenKind::RightBrace));
      } else if (wanted == TokenKind::Identifier || wanted == TokenKind::StringLiteral ||
                 wanted == TokenKind::RightBrace) {
        report_found(parser, words_of(rule_of(parser)).wanted);
      } else {
        report_expected(parser, kind);
        if (can_insert(kind)) {
          repairs_.insertions.push_back({stream_.position(), wanted});
          is_recovering_ = false;
          return;
        }
      }
    }
  }
  throw antlr4::InputMismatchException(&parser);
}

void SyntaxErrors::report(ParserCore &parser) {
  if (is_recovering_) return;
  stop_if_enough();
  is_recovering_ = true;
  if (report_special(parser)) return;
  const size_t rule = rule_of(parser);
  // After a complete expression or declarator, what is missing is the end: `int x = 3 int y;`
  if (rule == SpileC::RuleExpressionStatement && is_closing(stream_.next().kind)) {
    diagnostics_.report<diag::UnexpectedToken>(stream_.next().range(), found());
    return;
  }
  if (rule == SpileC::RuleExpressionStatement) return report_expected(parser, SpileC::Semi);
  if (rule == SpileC::RuleExternalDeclaration && stream_.previous().is(TokenKind::RightParen))
    return report_expected(parser, SpileC::Semi);
  if (rule == SpileC::RuleParenthesizedTail && !is_opening(stream_.previous().kind))
    return report_expected(parser, SpileC::RightParen);
  const bool is_goto = rule == SpileC::RuleJumpStatement && stream_.previous().is(TokenKind::Goto);
  report_found(parser, is_goto ? "a label" : words_of(rule).wanted);
}

void SyntaxErrors::sync(ParserCore &parser) {
  const size_t rule = rule_of(parser);
  const bool is_list =
      rule == SpileC::RuleTranslationUnit || rule == SpileC::RuleCompoundStatement || rule == SpileC::RuleMemberBlock;
  if (!is_list) return;
  const auto &atn = parser.getATN();
  const antlr4::misc::IntervalSet expected = atn.nextTokens(atn.states[parser.getState()]);
  while (!expected.contains(parser.stream().LA(1))) {
    if (stream_.next().is(TokenKind::EndOfFile)) return;  // the brace that is missing is reported by mismatch()
    stop_if_enough();
    const Token &next = stream_.next();
    if (!is_recovering_) {
      const bool is_top = rule == SpileC::RuleTranslationUnit;
      if (next.is(TokenKind::Identifier) && (is_top || rule == SpileC::RuleMemberBlock) &&
          !stream_.after_next().is(TokenKind::LeftParen)) {
        unknown_type(next);
        if (expected.contains(parser.stream().LA(1))) return;
      } else if (next.is(TokenKind::Identifier)) {
        diagnostics_.report<diag::NotADeclaration>(next.range(), next.spelling())
            .hint("is the header that defines `{}` included?", next.spelling());
      } else if (next.is(TokenKind::RightBrace)) {
        diagnostics_.report<diag::StrayClosingBrace>(next.range());
      } else if (next.is(TokenKind::Else)) {
        diagnostics_.report<diag::ElseWithoutIf>(next.range());
      } else if (is_top && is_statement_keyword(next.kind)) {
        diagnostics_.report<diag::StatementOutsideFunction>(next.range(), found())
            .hint("is there a `}}` too many before it?");
      } else {
        report_found(parser, words_of(rule).wanted);
      }
    }
    skip(parser, stream_.position());
  }
}

// Rules whose result may be missing: their callers only collect a list.
void SyntaxErrors::recover(ParserCore &parser, const std::exception_ptr &error) {
  const size_t rule = rule_of(parser);
  const bool can_go_on = rule == SpileC::RuleTranslationUnit || rule == SpileC::RuleExternalDeclaration ||
                         rule == SpileC::RuleMemberDeclaration || rule == SpileC::RuleBlockItem;
  if (!can_go_on) std::rethrow_exception(error);
  skip(parser, rule_starts_[parser.depth()]);
}

// ---------------------------------------------------------------- skipping

// Past a block with all that is in it; the next token is its `{`.
void SyntaxErrors::skip_balanced() {
  uint32_t depth = 0;
  do {
    if (stream_.next().is(TokenKind::LeftBrace)) depth++;
    if (stream_.next().is(TokenKind::RightBrace)) depth--;
    stream_.consume();
  } while (depth != 0 && !stream_.next().is(TokenKind::EndOfFile));
}

// To the end of the statement, member or declaration that began at token [from].
void SyntaxErrors::skip(ParserCore &parser, size_t from) {
  const bool at_top =
      rule_of(parser) == SpileC::RuleTranslationUnit || rule_of(parser) == SpileC::RuleExternalDeclaration;
  stream_.forget_made_up();
  stream_.set_names_only(false);
  int32_t parens = 0;  // opened since [from] and not closed
  for (size_t i = from; i < stream_.position(); i++) {
    if (is_opening(stream_[i].kind)) parens++;
    if (is_closing(stream_[i].kind)) parens--;
  }
  bool has_moved = stream_.position() > from && stream_.position() != last_skip_;
  for (;; has_moved = true) {
    const Token &next = stream_.next();
    if (next.is(TokenKind::EndOfFile)) break;
    if (next.is(TokenKind::RightBrace)) {
      // Inside a block it is the block's end; outside it closes nothing.
      if (at_top) stream_.consume();
      break;
    }
    if (next.is(TokenKind::Semi)) {
      stream_.consume();
      if (at_top && stream_.next().is(TokenKind::LeftBrace)) skip_balanced();  // the body after K&R parameters
      if (parens <= 0 || stream_.next().has(pp::kLineStart)) break;
      continue;
    }
    if (has_moved && next.has(pp::kLineStart) &&
        (is_statement_keyword(next.kind) || next.is(TokenKind::Typedef) || next.is(TokenKind::Static) ||
         next.is(TokenKind::Extern)))
      break;
    if (next.is(TokenKind::LeftBrace)) {
      skip_balanced();
      if (parens <= 0 && !stream_.next().is(TokenKind::Semi) && !stream_.next().is(TokenKind::Comma)) break;
      continue;
    }
    if (is_opening(next.kind)) parens++;
    if (is_closing(next.kind)) parens--;
    stream_.consume();
  }
  repairs_.cuts.push_back({from, stream_.position()});
  last_skip_ = stream_.position();
  is_recovering_ = false;
}

}  // namespace spile::parse
