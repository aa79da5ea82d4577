#include "verifier/source_text.h"

#include <cctype>

namespace spile::verifier {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Where the `=` of an assignment stands.
size_t assignment(std::string_view line) {
  for (size_t i = 1; i + 1 < line.size(); i++) {
    if (line[i] != '=') continue;
    static constexpr std::string_view kNotBefore = "=!<>+-*/%&|^";
    if (line[i + 1] != '=' && kNotBefore.find(line[i - 1]) == std::string_view::npos) return i;
    i++;
  }
  return std::string_view::npos;
}

// Names joined by `->` and `.` that end at [end].
std::string_view chain_before(std::string_view line, size_t end) {
  size_t begin = end;
  while (true) {
    while (begin > 0 && is_word(line[begin - 1])) begin--;
    if (begin >= 2 && line.substr(begin - 2, 2) == "->")
      begin -= 2;
    else if (begin >= 2 && line[begin - 1] == '.' && is_word(line[begin - 2]))
      begin -= 1;
    else
      break;
  }
  return line.substr(begin, end - begin);
}

// Up to the bracket that closes the one before [begin], or to a comma outside of brackets when that ends it too.
size_t closing(std::string_view line, size_t begin, bool at_comma) {
  int depth = 0;
  for (size_t i = begin; i < line.size(); i++) {
    const char c = line[i];
    if (c == '"' || c == '\'') return std::string_view::npos;  // what is quoted may hold anything
    if (depth == 0 && (c == ')' || c == ']' || (at_comma && c == ','))) return i;
    depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
  }
  return std::string_view::npos;
}

// Where the chain that the access at [column] is made of ends; the index behind it is not part of it.
size_t chain_end(std::string_view line, uint32_t column) {
  if (column == 0 || column > line.size()) return 0;
  size_t at = column - 1;
  if (is_word(line[at])) {
    while (at < line.size() && is_word(line[at])) at++;
    return at;
  }
  if (line[at] == '*' && at + 1 < line.size() && is_word(line[at + 1])) return chain_end(line, column + 1);
  if (line[at] == '[' || line[at] == '.' || line.substr(at).starts_with("->")) return at;
  // An operator or the end of a statement: the operand before it.
  while (at > 0 && line[at - 1] == ' ') at--;
  if (at > 0 && line[at - 1] == ']') at = line.rfind('[', at);
  return at == std::string_view::npos ? 0 : at;
}

}  // namespace

bool is_plain_name(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) && is_word(text.front()) && chain_before(text, text.size()) == text;
}

bool names(std::string_view line, std::string_view name) {
  for (size_t at = line.find(name); at != std::string_view::npos; at = line.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || !is_word(line[at - 1])) && (end == line.size() || !is_word(line[end]))) return true;
  }
  return false;
}

std::string_view assigned_name(std::string_view line) {
  size_t end = assignment(line);
  if (end == std::string_view::npos) return {};
  while (end > 0 && line[end - 1] == ' ') end--;
  size_t start = end;
  while (start > 0 && is_word(line[start - 1])) start--;
  if (start == end || is_digit(line[start])) return {};
  // A member or an element is not a variable of its own.
  if (start > 0 && (line[start - 1] == '.' || line[start - 1] == '>' || line[start - 1] == ']')) return {};
  return line.substr(start, end - start);
}

std::string_view statement_at(std::string_view line, uint32_t column) {
  if (column == 0 || column > line.size()) return line;
  constexpr std::string_view kEnds = ";{}";
  const size_t before = line.substr(0, column - 1).find_last_of(kEnds);
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const size_t end = line.find(';', column - 1);
  return line.substr(begin, end == std::string_view::npos ? end : end + 1 - begin);
}

std::string_view assigned_value(std::string_view line) {
  const size_t at = assignment(line);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + 1);
  int depth = 0;
  for (size_t i = 0; i < rest.size(); i++) {
    depth += (rest[i] == '(' || rest[i] == '[') - (rest[i] == ')' || rest[i] == ']');
    if (depth < 0 || (depth == 0 && (rest[i] == ';' || rest[i] == ','))) return trimmed(rest.substr(0, i));
  }
  return {};
}

std::string_view pointer_at(std::string_view line, uint32_t column) {
  const size_t end = chain_end(line, column);
  const std::string_view chain = chain_before(line, end);
  if (!is_plain_name(chain)) return {};
  const std::string_view behind = trimmed(line.substr(end));
  if (behind.starts_with("->") || behind.starts_with('[')) return chain;
  if (const size_t arrow = chain.rfind("->"); arrow != std::string_view::npos) return chain.substr(0, arrow);
  const auto before = static_cast<size_t>(chain.data() - line.data());
  return before > 0 && line[before - 1] == '*' ? chain : std::string_view();
}

std::string_view pointer_written(std::string_view line, uint32_t column) {
  const size_t at = assignment(line);
  return pointer_at(line, at != std::string_view::npos && column > at + 1 ? static_cast<uint32_t>(at) + 1 : column);
}

std::string_view index_at(std::string_view line, uint32_t column) {
  const size_t end = chain_end(line, column);
  if (end >= line.size() || line[end] != '[') return {};
  return trimmed(bracketed(line, end));
}

std::string_view argument_of(std::string_view line, std::string_view function, unsigned number) {
  size_t at = line.find(function);
  if (at == std::string_view::npos || function.empty()) return {};
  at += function.size();
  if (at >= line.size() || line[at] != '(') return {};
  for (unsigned i = 1;; i++) {
    const size_t end = closing(line, at + 1, true);
    if (end == std::string_view::npos) return {};
    if (i == number) return trimmed(line.substr(at + 1, end - at - 1));
    if (line[end] != ',') return {};
    at = end;
  }
}

std::string_view bracketed(std::string_view line, size_t at) {
  const size_t end = closing(line, at + 1, false);
  return end == std::string_view::npos ? std::string_view() : line.substr(at + 1, end - at - 1);
}

Sum sum_in(std::string_view expression) {
  for (size_t at = expression.find(" + "); at != std::string_view::npos; at = expression.find(" + ", at + 1)) {
    const std::string_view left = chain_before(expression, at);
    size_t end = at + 3;
    while (end < expression.size() && (is_word(expression[end]) || expression[end] == '.')) end++;
    if (is_plain_name(left) && end > at + 3) return {left, expression.substr(at + 3, end - at - 3)};
  }
  return {};
}

}  // namespace spile::verifier
