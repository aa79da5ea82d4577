#include "frontend/pp/condition.h"

#include <string>
#include <vector>

#include "frontend/pp/machine.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

std::optional<ConditionValue> parse_integer(std::string_view spelling) {
  uint32_t base = 10;
  size_t at = 0;
  if (spelling.size() > 2 && spelling[0] == '0' && (spelling[1] | 0x20) == 'x') {
    base = 16, at = 2;
  } else if (spelling.size() > 2 && spelling[0] == '0' && (spelling[1] | 0x20) == 'b') {
    base = 2, at = 2;
  } else if (!spelling.empty() && spelling[0] == '0') {
    base = 8;
  }
  uint64_t value = 0;
  const size_t first = at;
  for (; at < spelling.size(); at++) {
    const char c = spelling[at];
    const char lower = static_cast<char>(c | 0x20);
    const uint32_t digit = c >= '0' && c <= '9'           ? static_cast<uint32_t>(c - '0')
                           : lower >= 'a' && lower <= 'f' ? static_cast<uint32_t>(lower - 'a' + 10)
                                                          : 99;
    if (digit >= base) break;
    if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value)) return {};
  }
  if (at == first) return {};
  const std::string_view suffix = spelling.substr(at);
  static constexpr std::string_view kSigned[] = {"", "l", "L", "ll", "LL"};
  static constexpr std::string_view kUnsigned[] = {"u",   "U",  "ul", "uL", "Ul", "UL",  "ull", "uLL", "Ull",
                                                   "ULL", "lu", "lU", "Lu", "LU", "llu", "llU", "LLu", "LLU"};
  for (const std::string_view known : kSigned)
    if (suffix == known) return ConditionValue{value, value > INT64_MAX};
  for (const std::string_view known : kUnsigned)
    if (suffix == known) return ConditionValue{value, true};
  return {};
}

namespace {

// 'a', '\n', '\x41', '\101'; several characters make a number in base 256, as in clang.
std::optional<uint64_t> parse_character(std::string_view spelling) {
  size_t at = spelling.find('\'');
  if (at == std::string_view::npos || spelling.size() < at + 3) return {};
  const std::string_view inside = spelling.substr(at + 1, spelling.size() - at - 2);
  uint64_t value = 0;
  for (size_t i = 0; i < inside.size();) {
    uint64_t c = static_cast<unsigned char>(inside[i++]);
    if (c == '\\' && i < inside.size()) {
      const char escape = inside[i++];
      switch (escape) {
        case 'n':
          c = '\n';
          break;
        case 't':
          c = '\t';
          break;
        case 'r':
          c = '\r';
          break;
        case 'a':
          c = '\a';
          break;
        case 'b':
          c = '\b';
          break;
        case 'f':
          c = '\f';
          break;
        case 'v':
          c = '\v';
          break;
        case 'e':
          c = 27;
          break;
        case 'x': {
          c = 0;
          for (; i < inside.size(); i++) {
            const char lower = static_cast<char>(inside[i] | 0x20);
            if (inside[i] >= '0' && inside[i] <= '9') {
              c = c * 16 + static_cast<uint64_t>(inside[i] - '0');
            } else if (lower >= 'a' && lower <= 'f') {
              c = c * 16 + static_cast<uint64_t>(lower - 'a' + 10);
            } else {
              break;
            }
          }
          break;
        }
        default:
          c = static_cast<unsigned char>(escape);
          if (escape >= '0' && escape <= '7') {
            c = static_cast<uint64_t>(escape - '0');
            for (int n = 0; n < 2 && i < inside.size() && inside[i] >= '0' && inside[i] <= '7'; n++)
              c = c * 8 + static_cast<uint64_t>(inside[i++] - '0');
          }
      }
      c &= 0xff;
    }
    value = (value << 8) | c;
  }
  // A plain char is signed.
  if (inside.size() == 1 || value < 256) return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(value)));
  return value;
}

// Precedence climbing over the tokens of one line.
class Evaluator {
 public:
  Evaluator(std::span<const Token> tokens, Loc end, std::string_view keyword, Diagnostics &diagnostics)
      : tokens_(tokens), end_(end), keyword_(keyword), diagnostics_(diagnostics) {}

  std::optional<ConditionValue> run() {
    if (tokens_.empty()) {
      diagnostics_.report<diag::EmptyCondition>(end_, keyword_);
      return {};
    }
    const ConditionValue value = conditional(true);
    if (!failed_ && at_ != tokens_.size()) {
      // `#if FOO(1)` with no such macro is the usual cause.
      const bool is_call = at_ > 0 && peek().is(TokenKind::LeftParen) && tokens_[at_ - 1].is_word();
      Diagnostics::Builder builder = expected("an operator or the end of the line");
      if (is_call) builder.hint("`{}` is not defined as a macro here", tokens_[at_ - 1].spelling());
      failed_ = true;
    }
    if (failed_) return {};
    return value;
  }

 private:
  struct Operator {
    int precedence = 0;  // 0: no binary operator
    TokenKind kind = TokenKind::EndOfFile;
  };
  static Operator binary_operator(TokenKind kind) {
    using enum TokenKind;
    static constexpr Operator kOperators[] = {
        {10, Star},    {10, Slash}, {10, Percent}, {9, Plus},      {9, Minus},        {8, Shl},
        {8, Shr},      {7, Less},   {7, Greater},  {7, LessEqual}, {7, GreaterEqual}, {6, EqualEqual},
        {6, NotEqual}, {5, Amp},    {4, Caret},    {3, Pipe},      {2, AmpAmp},       {1, PipePipe},
    };
    for (const Operator &row : kOperators)
      if (row.kind == kind) return row;
    return {};
  }

  const Token &peek() const {
    static constexpr Token kEnd{};
    return at_ < tokens_.size() ? tokens_[at_] : kEnd;
  }
  bool accept(TokenKind kind) {
    if (!peek().is(kind)) return false;
    at_++;
    return true;
  }
  Diagnostics::Builder expected(std::string_view what) {
    failed_ = true;
    const bool at_end = at_ >= tokens_.size();
    const std::string seen = at_end ? "the end of the line" : "`" + std::string(peek().spelling()) + "`";
    return diagnostics_.report<diag::ExpectedInCondition>(at_end ? Range{end_, end_} : peek().range(), what, keyword_,
                                                          seen);
  }
  bool enter() {
    if (depth_++ < kMaxConditionDepth) return true;
    if (!failed_) diagnostics_.report<diag::ConditionTooDeep>(peek().range(), keyword_, kMaxConditionDepth);
    failed_ = true;
    return false;
  }

  // [is_evaluated]: false in operands that C does not evaluate (the right of `0 &&`); faults of values are passed over.
  ConditionValue conditional(bool is_evaluated) {
    ConditionValue condition = binary(1, is_evaluated);
    if (failed_ || !accept(TokenKind::Question)) return condition;
    if (!enter()) return {};
    const bool is_true = condition.value != 0;
    ConditionValue then = comma(is_evaluated && is_true);
    if (failed_) return {};
    if (!accept(TokenKind::Colon)) {
      expected("`:`");
      return {};
    }
    ConditionValue other = conditional(is_evaluated && !is_true);
    depth_--;
    const bool is_unsigned = then.is_unsigned || other.is_unsigned;
    return {is_true ? then.value : other.value, is_unsigned};
  }

  ConditionValue comma(bool is_evaluated) {
    ConditionValue value = conditional(is_evaluated);
    while (!failed_ && accept(TokenKind::Comma)) value = conditional(is_evaluated);
    return value;
  }

  ConditionValue binary(int minimum, bool is_evaluated) {
    if (!enter()) return {};
    ConditionValue left = unary(is_evaluated);
    while (!failed_) {
      const Token &token = peek();
      const Operator op = binary_operator(token.kind);
      if (op.precedence == 0 || op.precedence < minimum) break;
      at_++;
      const bool decides =
          (op.kind == TokenKind::AmpAmp && left.value == 0) || (op.kind == TokenKind::PipePipe && left.value != 0);
      const ConditionValue right = binary(op.precedence + 1, is_evaluated && !decides);
      if (failed_) break;
      left = apply(token, left, right, is_evaluated);
    }
    depth_--;
    return left;
  }

  ConditionValue apply(const Token &op, ConditionValue a, ConditionValue b, bool is_evaluated) {
    const bool is_unsigned = a.is_unsigned || b.is_unsigned;
    const auto sa = static_cast<int64_t>(a.value), sb = static_cast<int64_t>(b.value);
    const auto truth = [](bool value) { return ConditionValue{value ? 1u : 0u, false}; };
    const auto arithmetic = [&](uint64_t value) { return ConditionValue{value, is_unsigned}; };
    switch (op.kind) {
      case TokenKind::Star:
        return arithmetic(a.value * b.value);
      case TokenKind::Plus:
        return arithmetic(a.value + b.value);
      case TokenKind::Minus:
        return arithmetic(a.value - b.value);
      case TokenKind::Amp:
        return arithmetic(a.value & b.value);
      case TokenKind::Caret:
        return arithmetic(a.value ^ b.value);
      case TokenKind::Pipe:
        return arithmetic(a.value | b.value);
      case TokenKind::Shl:
        return {a.value << (b.value & 63), a.is_unsigned};
      case TokenKind::Shr:
        return {a.is_unsigned ? a.value >> (b.value & 63) : static_cast<uint64_t>(sa >> (b.value & 63)), a.is_unsigned};
      case TokenKind::Less:
        return truth(is_unsigned ? a.value < b.value : sa < sb);
      case TokenKind::Greater:
        return truth(is_unsigned ? a.value > b.value : sa > sb);
      case TokenKind::LessEqual:
        return truth(is_unsigned ? a.value <= b.value : sa <= sb);
      case TokenKind::GreaterEqual:
        return truth(is_unsigned ? a.value >= b.value : sa >= sb);
      case TokenKind::EqualEqual:
        return truth(a.value == b.value);
      case TokenKind::NotEqual:
        return truth(a.value != b.value);
      case TokenKind::AmpAmp:
        return truth(a.value != 0 && b.value != 0);
      case TokenKind::PipePipe:
        return truth(a.value != 0 || b.value != 0);
      default:
        break;  // Slash and Percent: binary_operator() gives no others
    }
    if (b.value == 0) {
      if (is_evaluated) {
        diagnostics_.report<diag::ConditionDivisionByZero>(op.range(), keyword_);
        failed_ = true;
      }
      return arithmetic(0);
    }
    const bool is_quotient = op.is(TokenKind::Slash);
    if (is_unsigned) return arithmetic(is_quotient ? a.value / b.value : a.value % b.value);
    if (sb == -1) return arithmetic(is_quotient ? 0 - a.value : 0);  // INT64_MIN / -1 wraps
    return arithmetic(static_cast<uint64_t>(is_quotient ? sa / sb : sa % sb));
  }

  ConditionValue unary(bool is_evaluated) {
    if (!enter()) return {};
    const ConditionValue value = unary_operand(is_evaluated);
    depth_--;
    return value;
  }

  ConditionValue unary_operand(bool is_evaluated) {
    if (accept(TokenKind::Not)) return {unary(is_evaluated).value == 0 ? 1u : 0u, false};
    if (accept(TokenKind::Plus)) return unary(is_evaluated);
    if (accept(TokenKind::Minus)) {
      const ConditionValue value = unary(is_evaluated);
      return {0 - value.value, value.is_unsigned};
    }
    if (accept(TokenKind::Tilde)) {
      const ConditionValue value = unary(is_evaluated);
      return {~value.value, value.is_unsigned};
    }
    if (accept(TokenKind::LeftParen)) {
      const ConditionValue value = comma(is_evaluated);
      if (!failed_ && !accept(TokenKind::RightParen)) expected("`)`");
      return value;
    }
    const Token &token = peek();
    if (token.is_word()) {
      at_++;
      return {0, false};
    }
    if (token.is(TokenKind::CharLiteral)) {
      at_++;
      return {parse_character(token.spelling()).value_or(0), false};
    }
    if (token.is(TokenKind::IntegerLiteral)) {
      at_++;
      const auto value = parse_integer(token.spelling());
      if (!value) {
        diagnostics_.report<diag::NumberTooLarge>(token.range(), token.spelling());
        failed_ = true;
      }
      return value.value_or(ConditionValue{});
    }
    if (token.is(TokenKind::FloatLiteral) || token.is(TokenKind::StringLiteral)) {
      diagnostics_.report<diag::ConditionNotInteger>(
          token.range(), token.is(TokenKind::StringLiteral) ? "a string" : "a floating-point number", keyword_);
      failed_ = true;
      return {};
    }
    expected("a value");
    return {};
  }

  std::span<const Token> tokens_;
  Loc end_;
  std::string_view keyword_;
  Diagnostics &diagnostics_;
  size_t at_ = 0;
  uint32_t depth_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<ConditionValue> evaluate(std::span<const Token> tokens, Loc end, std::string_view keyword,
                                       Diagnostics &diagnostics) {
  return Evaluator(tokens, end, keyword, diagnostics).run();
}

// The line's tokens with macros expanded and `defined` answered.
void Machine::read_condition_tokens(std::string_view keyword, std::vector<Token> &tokens) {
  for (Token token; next_token(token);) {
    if (!token.is_word()) {
      tokens.push_back(token);
      continue;
    }
    if (options_.c23 && (token.spelling() == "true" || token.spelling() == "false")) {
      tokens.push_back(make_token(TokenKind::IntegerLiteral, token.spelling() == "true" ? "1" : "0", token));
      continue;
    }
    if (token.spelling() != "defined") {
      if (names_[token.name].macro == nullptr || !expand(token)) tokens.push_back(token);
      continue;
    }
    Token name, close;
    bool has_name = next_token(name);
    const bool has_parens = has_name && name.is(TokenKind::LeftParen);
    if (has_parens) has_name = next_token(name);
    if (!has_name || name.name == 0) {
      diagnostics_.report<diag::ExpectedMacroName>(
          name.loc.valid() ? name.range() : token.range(), "defined",
          has_name ? "`" + std::string(name.spelling()) + "`" : std::string("the end of the line"));
      return;
    }
    if (has_parens && (!next_token(close) || !close.is(TokenKind::RightParen))) {
      diagnostics_.report<diag::ExpectedInCondition>(close.loc.valid() ? close.range() : name.range(), "`)`", keyword,
                                                     "no `)`");
      return;
    }
    tokens.push_back(make_token(TokenKind::IntegerLiteral, names_[name.name].macro != nullptr ? "1" : "0", token));
  }
}

bool Machine::evaluate_condition(const Token &keyword) {
  std::vector<Token> tokens;
  const size_t errors = diagnostics_.error_count();
  read_condition_tokens(keyword.spelling(), tokens);
  if (diagnostics_.error_count() != errors) return false;
  const auto value = evaluate(tokens, lexer().loc(), keyword.spelling(), diagnostics_);
  return value && value->value != 0;
}

}  // namespace spile::pp
