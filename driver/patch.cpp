#include "driver/patch.h"

#include <fmt/format.h>

#include <algorithm>

#include "verifier/source_text.h"

namespace spile::driver {
namespace {

constexpr uint32_t kContext = 3;  // unchanged lines around a change in a diff

std::string_view indentation(std::string_view line) {
  return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

// Without what is around it and a comment behind it.
std::string_view code_of(std::string_view line) {
  line = line.substr(0, std::min(line.find("//"), line.size()));
  if (const size_t comment = line.find("/*");
      comment != std::string_view::npos && line.find("*/", comment) == line.find_last_not_of(" \t") - 1)
    line = line.substr(0, comment);
  const size_t begin = line.find_first_not_of(" \t"), end = line.find_last_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view() : line.substr(begin, end - begin + 1);
}

bool begins_with_word(std::string_view code, std::string_view word) {
  return code.starts_with(word) && (code.size() == word.size() || code[word.size()] == ' ' || code[word.size()] == '(');
}

// The head of a statement whose body is the next one: `if (x)`, `else`, `for (...)`.
bool is_head(std::string_view code) {
  if (code.starts_with("}")) code = code.substr(std::min(code.find_first_not_of("} "), code.size()));
  if (code == "else" || code == "do") return true;
  if (begins_with_word(code, "else")) code = code.substr(5);
  return code.ends_with(")") &&
         (begins_with_word(code, "if") || begins_with_word(code, "for") || begins_with_word(code, "while"));
}

}  // namespace

Patch::Patch(std::string_view text) {
  ends_in_newline_ = text.ends_with('\n');
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines_.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Statements over several lines: up to a line that ends one, opens or closes a block, or is none of C's.
uint32_t Patch::beginning_of_statement(uint32_t number) const {
  for (; number > 1; number--) {
    const std::string_view above = code_of(line(number - 1));
    if (above.empty() || above.starts_with('#') || is_head(above)) break;
    if (std::string_view(";{}:").find(above.back()) != std::string_view::npos) break;
  }
  return number;
}

uint32_t Patch::end_of_statement(uint32_t number) const {
  while (number < line_count() && !code_of(line(number)).ends_with(';')) number++;
  return number;
}

bool Patch::insert(uint32_t number, std::string_view statement) {
  if (number > line_count()) {
    changes_[line_count()].behind.emplace_back(statement);
    return false;
  }
  const uint32_t first = beginning_of_statement(number);
  const std::string indented = std::string(indentation(line(first))) + std::string(statement);
  const bool has_no_braces = first > 1 && is_head(code_of(line(first - 1)));
  if (has_no_braces) {
    Change &head = changes_[first - 1];
    if (head.appended.empty()) {
      head.appended = " {";
      changes_[end_of_statement(first)].behind.push_back(std::string(indentation(line(first - 1))) + "}");
    }
  }
  changes_[first].before.push_back(indented);
  return has_no_braces;
}

uint32_t Patch::exit_below(uint32_t number) const {
  std::string_view head = code_of(line(number));
  if (head.ends_with('{')) {
    head.remove_suffix(1);
    head = code_of(head);
  }
  if (number >= line_count() || !is_head(head)) return 0;
  const std::string_view code = code_of(line(number + 1));
  return begins_with_word(code, "return") || begins_with_word(code, "goto") || code == "return;" ? number + 1 : 0;
}

std::string_view Patch::exit_in(uint32_t number) const {
  const std::string_view code = code_of(line(number));
  const size_t at = code.rfind(") return");
  return begins_with_word(code, "if") && at != std::string_view::npos && code.ends_with(';') ? code.substr(at + 2)
                                                                                             : std::string_view();
}

bool Patch::replace(uint32_t number, std::string_view from, std::string_view to) {
  const size_t at = line(number).find(from);
  if (at == std::string_view::npos || from.empty()) return false;
  Change &change = changes_[number];
  if (change.erased != 0 || change.removed) return false;  // one in a line
  change.at = static_cast<uint32_t>(at), change.erased = static_cast<uint32_t>(from.size());
  change.replacement = to;
  if (code_of(changed(number, change)).empty() && change.appended.empty()) change.removed = true, change.erased = 0;
  return true;
}

uint32_t Patch::move_down(uint32_t number, uint32_t least, std::string_view name) {
  const std::string_view moved = code_of(line(number));
  const bool is_alone = number > 1 && !is_head(code_of(line(number - 1))) && moved.ends_with(';') &&
                        beginning_of_statement(number) == number;
  if (!is_alone || changes_.contains(number)) return 0;
  int depth = 0;
  uint32_t last = 0;
  bool is_open = false;  // a statement that names it has begun
  for (uint32_t at = number + 1; at <= line_count(); at++) {
    const std::string_view code = code_of(line(at));
    for (const char c : code) depth += (c == '{') - (c == '}');
    if (depth < 0 || (depth == 0 && begins_with_word(code, "return"))) break;
    is_open |= at >= least && verifier::names(code, name);
    if (!is_open || depth != 0 || code.empty() || (code.back() != ';' && code.back() != '}')) continue;
    last = at;
    is_open = false;
  }
  if (last == 0) return 0;
  changes_[number].removed = true;
  changes_[last].behind.emplace_back(line(number));
  return last;
}

uint32_t Patch::code_end(uint32_t number) const {
  const std::string_view code = code_of(line(number));
  return static_cast<uint32_t>(code.data() + code.size() - line(number).data());
}

std::string Patch::changed(uint32_t number, const Change &change) const {
  std::string text(line(number));
  if (!change.appended.empty()) text.insert(code_end(number), change.appended);
  if (change.erased != 0) text.replace(change.at, change.erased, change.replacement);
  return text;
}

std::string Patch::text() const {
  std::string out;
  const auto put = [&out](std::string_view text) { out.append(text) += '\n'; };
  for (uint32_t number = 1; number <= line_count(); number++) {
    const auto change = changes_.find(number);
    if (change == changes_.end()) {
      put(line(number));
      continue;
    }
    for (const std::string &text : change->second.before) put(text);
    if (!change->second.removed) put(changed(number, change->second));
    for (const std::string &text : change->second.behind) put(text);
  }
  if (!ends_in_newline_ && !out.empty() && (changes_.empty() || changes_.rbegin()->first != line_count()))
    out.pop_back();
  return out;
}

uint32_t Patch::original_line(uint32_t number) const {
  uint32_t added = 0;  // less than nothing where more was taken away: it wraps round, and comes back
  for (const auto &[at, change] : changes_) {
    const auto before = static_cast<uint32_t>(change.before.size()),
               behind = static_cast<uint32_t>(change.behind.size());
    if (number < at + added) break;
    if (number < at + added + before) return 0;
    added += before;
    if (!change.removed && number == at + added) return at;
    added -= change.removed ? 1 : 0;
    if (number <= at + added + behind) return 0;
    added += behind;
  }
  return number - added;
}

std::vector<Patch::Edit> Patch::edits() const {
  std::vector<Edit> edits;
  for (const auto &[at, change] : changes_) {
    const auto end = static_cast<uint32_t>(line(at).size()) + 1;
    for (const std::string &text : change.before) edits.push_back({at, 1, text + "\n"});
    if (change.removed) edits.push_back({at, 1, "", end});
    if (change.erased != 0) edits.push_back({at, change.at + 1, change.replacement, change.erased});
    if (!change.appended.empty()) edits.push_back({at, code_end(at) + 1, change.appended});
    for (const std::string &text : change.behind) edits.push_back({at, end, "\n" + text});
  }
  return edits;
}

std::string Patch::diff(std::string_view path) const {
  std::string out = fmt::format("--- {}\n+++ {}\n", path, path);
  uint32_t added = 0;
  for (auto first = changes_.begin(); first != changes_.end();) {
    // Changes whose surroundings meet stand in one hunk.
    auto last = first;
    while (std::next(last) != changes_.end() && std::next(last)->first <= last->first + 2 * kContext) ++last;
    const uint32_t begin = first->first > kContext ? first->first - kContext : 1;
    const uint32_t end = std::min(last->first + kContext, line_count());
    std::string body;
    uint32_t grown = 0;
    for (uint32_t number = begin; number <= end; number++) {
      const auto change = changes_.find(number);
      if (change == changes_.end()) {
        body += fmt::format(" {}\n", line(number));
        continue;
      }
      const Change &c = change->second;
      for (const std::string &text : c.before) body += fmt::format("+{}\n", text);
      if (c.removed)
        body += fmt::format("-{}\n", line(number));
      else if (const std::string now = changed(number, c); now != line(number))
        body += fmt::format("-{}\n+{}\n", line(number), now);
      else
        body += fmt::format(" {}\n", line(number));
      for (const std::string &text : c.behind) body += fmt::format("+{}\n", text);
      grown += static_cast<uint32_t>(c.before.size() + c.behind.size()) - (c.removed ? 1 : 0);
    }
    const uint32_t count = end - begin + 1;
    out += fmt::format("@@ -{},{} +{},{} @@\n{}", begin, count, begin + added, count + grown, body);
    added += grown;
    first = std::next(last);
  }
  return out;
}

}  // namespace spile::driver
