#include "backend/isa/asm_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace spile::isa {

namespace {

using Kind = AsmToken::Kind;

// Deeper parentheses and longer chains of signs than anybody writes.
constexpr unsigned kMaxNesting = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '$' || c == '@';
}
bool is_name_char(char c) { return is_name_start(c) || is_digit(c); }

// 12, 0x1f, 017, 0b11, with C's suffixes; 1b and 1f are labels. Unknown when it is none of these.
AsmToken number_token(std::string_view text, uint32_t begin) {
  uint32_t end = begin;
  while (end < text.size() && is_name_char(text[end])) end++;
  std::string_view word = text.substr(begin, end - begin);
  AsmToken token{.kind = Kind::Unknown, .begin = begin, .end = end};
  const bool is_hex = word.starts_with("0x") || word.starts_with("0X");
  if (!is_hex && word.size() >= 2 && (word.back() == 'b' || word.back() == 'f') &&
      std::ranges::all_of(word.substr(0, word.size() - 1), is_digit)) {
    token.kind = Kind::LocalLabel;
    word.remove_suffix(1);
    std::from_chars(word.data(), word.data() + word.size(), token.value);
    return token;
  }
  while (!word.empty() && std::string_view("uUlL").contains(word.back())) word.remove_suffix(1);
  int base = 10;
  if (is_hex) {
    base = 16;
  } else if (word.starts_with("0b") || word.starts_with("0B")) {
    base = 2;
  } else if (word.size() > 1 && word.front() == '0') {
    base = 8;
  }
  word.remove_prefix(base == 16 || base == 2 ? 2 : 0);
  const auto [last, error] = std::from_chars(word.data(), word.data() + word.size(), token.value, base);
  if (error == std::errc() && last == word.data() + word.size() && !word.empty()) token.kind = Kind::Number;
  return token;
}

// 'a' and '\n' count as numbers.
AsmToken character_token(std::string_view text, uint32_t begin) {
  const bool is_escape = begin + 1 < text.size() && text[begin + 1] == '\\';
  const uint32_t end = begin + (is_escape ? 4 : 3);
  if (end > text.size() || text[end - 1] != '\'') return {.kind = Kind::Unknown, .begin = begin, .end = begin + 1};
  char c = text[end - 2];
  if (is_escape) c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? '\0' : c;
  return {.kind = Kind::Number, .begin = begin, .end = end, .value = static_cast<unsigned char>(c)};
}

}  // namespace

std::vector<AsmToken> lex_assembly(std::string_view text) {
  std::vector<AsmToken> tokens;
  const auto size = static_cast<uint32_t>(text.size());
  uint32_t at = 0;
  const auto add = [&](Kind kind, uint32_t end) {
    tokens.push_back({.kind = kind, .begin = at, .end = end});
    at = end;
  };
  while (at < size) {
    const char c = text[at];
    const char next = at + 1 < size ? text[at + 1] : '\0';
    if (c == ' ' || c == '\t' || c == '\r') {
      at++;
    } else if (c == '\n' || c == ';') {
      add(Kind::Separator, at + 1);
    } else if (c == '#' || (c == '/' && next == '/')) {
      while (at < size && text[at] != '\n') at++;
    } else if (c == '/' && next == '*') {
      const size_t end = text.find("*/", at + 2);
      at = end == std::string_view::npos ? size : static_cast<uint32_t>(end) + 2;
    } else if (is_digit(c)) {
      tokens.push_back(number_token(text, at));
      at = tokens.back().end;
    } else if (c == '\'') {
      tokens.push_back(character_token(text, at));
      at = tokens.back().end;
    } else if (is_name_start(c)) {
      uint32_t end = at;
      while (end < size && is_name_char(text[end])) end++;
      add(Kind::Name, end);
    } else if (c == '"') {
      uint32_t end = at + 1;
      while (end < size && text[end] != '"' && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
      add(end < size && text[end] == '"' ? Kind::String : Kind::Unknown, std::min(end + 1, size));
    } else {
      add(std::string_view("+-*/%&|^~!<>=()[]{},:").contains(c) ? Kind::Punct : Kind::Unknown, at + 1);
    }
  }
  add(Kind::Separator, size);
  add(Kind::End, size);
  return tokens;
}

std::optional<uint8_t> register_number(std::string_view name, char letter) {
  if (name.size() < 2 || name.size() > 3 || (name[0] | 0x20) != letter) return std::nullopt;
  uint8_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number >= kAsmRegisterCount) return std::nullopt;
  return number;
}

bool is_register(std::string_view name) { return register_number(name, 'r') || register_number(name, 'w'); }

std::nullopt_t AsmExpression::fail(AsmFault::Kind kind, const AsmToken &at, std::string what) {
  if (!fault_) fault_ = AsmFault{.kind = kind, .begin = at.begin, .end = at.end, .what = std::move(what), .hint = {}};
  return std::nullopt;
}

AsmExpression::Operator AsmExpression::peek_operator() const {
  if (peek().kind != Kind::Punct) return {};
  const char c = code_.text_[peek().begin];
  switch (c) {
    case '*':
    case '/':
    case '%':
      return {c, 6, 1};
    case '+':
    case '-':
      return {c, 5, 1};
    case '<':
    case '>':
      return is_punct(c, 1) ? Operator{c, 4, 2} : Operator{};
    case '&':
      return {c, 3, 1};
    case '^':
      return {c, 2, 1};
    case '|':
      return {c, 1, 1};
    default:
      return {};
  }
}

std::optional<AsmValue> AsmExpression::read(unsigned least_binding) {
  std::optional<AsmValue> left = read_operand();
  while (left) {
    const Operator op = peek_operator();
    if (op.tokens == 0 || op.binding <= least_binding) break;
    const AsmToken at = peek();
    token_ += op.tokens;
    const std::optional<AsmValue> right = read(op.binding);
    if (!right) return fail(AsmFault::Kind::BadOperand, at, "the operator has no right side");
    left = apply(op.symbol, *left, *right, at);
  }
  return left;
}

std::optional<AsmValue> AsmExpression::read_operand() {
  if (depth_ >= kMaxNesting) return fail(AsmFault::Kind::BadOperand, peek(), "the expression nests too deep");
  const AsmToken at = peek();
  if (at.kind == Kind::Number) {
    token_++;
    return AsmValue{.value = static_cast<int64_t>(at.value)};
  }
  if (at.kind == Kind::LocalLabel) return local_label_value();
  if (at.kind == Kind::Name) return name_value();
  if (at.kind != Kind::Punct) return std::nullopt;
  const char c = code_.text_[at.begin];
  depth_++;
  std::optional<AsmValue> value;
  if (c == '(') {
    token_++;
    value = read();
    if (value && !is_punct(')')) value = fail(AsmFault::Kind::BadOperand, peek(), "`)` is missing");
    if (value) token_++;
  } else if (c == '-' || c == '+' || c == '~' || c == '!') {
    token_++;
    value = read_operand();
    if (value && c != '+') {
      const auto bits = static_cast<uint64_t>(value->value);
      if (value->weight != 0 || !value->symbol.empty())
        value = fail(AsmFault::Kind::BadOperand, at, "only a number has an opposite");
      else
        value->value = c == '-' ? static_cast<int64_t>(0 - bits) : c == '~' ? ~value->value : value->value == 0 ? 1 : 0;
    }
  }
  depth_--;
  return value;
}

std::optional<AsmValue> AsmExpression::apply(char op, const AsmValue &a, const AsmValue &b, const AsmToken &at) {
  AsmValue result{.value = 0, .weight = 0, .symbol = a.symbol, .has_label = a.has_label || b.has_label};
  const auto x = static_cast<uint64_t>(a.value), y = static_cast<uint64_t>(b.value);
  if (op == '+' || op == '-') {
    const bool has_two_symbols = !b.symbol.empty() && (op == '-' || !a.symbol.empty());
    if (has_two_symbols) return fail(AsmFault::Kind::BadOperand, at, "two symbols do not make one address");
    if (!b.symbol.empty()) result.symbol = b.symbol;
    result.value = static_cast<int64_t>(op == '+' ? x + y : x - y);
    result.weight = op == '+' ? a.weight + b.weight : a.weight - b.weight;
    return result;
  }
  // Before the labels are known, their distances are 0: that is no fault yet.
  const bool is_address = a.weight != 0 || b.weight != 0 || !a.symbol.empty() || !b.symbol.empty();
  if (is_address && is_final_)
    return fail(AsmFault::Kind::BadOperand, at, "only numbers and distances can be computed with");
  switch (op) {
    case '*':
      result.value = static_cast<int64_t>(x * y);
      break;
    case '/':
    case '%':
      if (b.value == 0 && (is_final_ || !b.has_label)) return fail(AsmFault::Kind::BadOperand, at, "division by zero");
      if (b.value == 0 || b.value == -1)
        result.value = op == '/' ? static_cast<int64_t>(0 - x) : 0;
      else
        result.value = op == '/' ? a.value / b.value : a.value % b.value;
      break;
    case '<':
      result.value = y < 64 ? static_cast<int64_t>(x << y) : 0;
      break;
    case '>':
      result.value = y < 64 ? static_cast<int64_t>(x >> y) : 0;
      break;
    case '&':
      result.value = static_cast<int64_t>(x & y);
      break;
    case '^':
      result.value = static_cast<int64_t>(x ^ y);
      break;
    default:
      result.value = static_cast<int64_t>(x | y);
      break;
  }
  return result;
}

std::optional<AsmValue> AsmExpression::name_value() {
  const AsmToken at = peek();
  const std::string_view name = text(at);
  if (is_register(name)) return std::nullopt;
  token_++;
  if (name.starts_with("$l")) {
    size_t index = 0;
    std::from_chars(name.data() + 2, name.data() + name.size(), index);
    if (is_final_ && index >= outside_.size()) return fail(AsmFault::Kind::UndefinedLabel, at, std::string(name));
    const int64_t place = index < outside_.size() ? outside_[index] : 0;
    return AsmValue{.value = place, .weight = 1, .symbol = {}, .has_label = true};
  }
  const auto label = std::ranges::find(code_.labels_, name, &AsmCode::Label::name);
  if (label != code_.labels_.end()) return AsmValue{.value = label->at, .weight = 1, .symbol = {}, .has_label = true};
  // It may be defined further down.
  if (!is_final_) return AsmValue{.value = 0, .weight = 1, .symbol = {}, .has_label = true};
  return AsmValue{.value = 0, .weight = 0, .symbol = name, .has_label = true};
}

// 1b: the nearest label 1 before it; 1f: the nearest behind it.
std::optional<AsmValue> AsmExpression::local_label_value() {
  const AsmToken at = peek();
  const bool is_forward = code_.text_[at.end - 1] == 'f';
  const auto token = static_cast<uint32_t>(token_++);
  if (!is_final_) return AsmValue{.value = 0, .weight = 1, .symbol = {}, .has_label = true};
  const AsmCode::LocalLabel *nearest = nullptr;
  for (const AsmCode::LocalLabel &label : code_.local_labels_) {
    if (label.number != at.value || (label.token > token) != is_forward) continue;
    if (nearest == nullptr || !is_forward) nearest = &label;
  }
  if (nearest == nullptr) return fail(AsmFault::Kind::UndefinedLabel, at, std::string(text(at)));
  return AsmValue{.value = nearest->at, .weight = 1, .symbol = {}, .has_label = true};
}

}  // namespace spile::isa
