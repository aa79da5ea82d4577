#include "driver/foreign_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace spile::driver {

namespace {

using Words = std::span<const Word>;

// Tables without a name of their own get one.
constexpr std::string_view kUnnamed = "result";
// What is assigned to a table, and is a call of the same name here.
constexpr std::string_view kAggregations[] = {"count", "sum", "avg", "min", "max", "hist", "lhist"};

std::string_view text_between(Words words, size_t begin, size_t end) {
  if (begin >= end) return {};
  const char *first = words[begin].text.data();
  const std::string_view last = words[end - 1].text;
  return {first, static_cast<size_t>(last.data() + last.size() - first)};
}

bool is_word(Words words, size_t at, std::string_view text) { return at < words.size() && words[at].text == text; }

// The word that closes words[open], or [end].
size_t closing(Words words, size_t open, size_t end) {
  size_t depth = 0;
  for (size_t i = open; i < end; i++) {
    const std::string_view text = words[i].text;
    if (text == "(" || text == "[" || text == "{") depth++;
    if ((text == ")" || text == "]" || text == "}") && --depth == 0) return i;
  }
  return end;
}

bool is_name(std::string_view text) {
  return !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) != 0 || text[0] == '_');
}

// `args.x` and `args->x` are the hook's fields; `myargs.x` is something else's.
std::string fields_of_context(std::string_view text) {
  std::string out(text);
  for (const std::string_view spelled : {"args->", "args."})
    for (size_t at = out.find(spelled); at != std::string::npos; at = out.find(spelled, at + 1))
      if (at == 0 || (std::isalnum(static_cast<unsigned char>(out[at - 1])) == 0 && out[at - 1] != '_'))
        out.replace(at, spelled.size(), "ctx->");
  return out;
}

std::string in_c(Words words, size_t begin, size_t end);

std::string with_arguments(std::string_view call, std::string_view name, std::string_view value,
                           std::string_view keys) {
  std::string text = fmt::format("{}({}", call, name);
  for (const std::string_view more : {value, keys})
    if (!more.empty()) text += fmt::format(", {}", more);
  return text + ")";
}

// A table's use, whose `@` is words[at].
ForeignWords read_table(Words words, size_t at, size_t limit) {
  ForeignWords found{ForeignWords::Kind::Table, at, at + 1, {}};
  std::string_view name = kUnnamed;
  std::string keys;
  size_t next = at + 1;
  if (next < limit && is_name(words[next].text)) name = words[next++].text;
  if (is_word(words, next, "[")) {
    const size_t close = closing(words, next, limit);
    keys = in_c(words, next + 1, close);
    next = std::min(close + 1, limit);
  }
  found.end = next;
  const bool is_argument = at >= 2 && words[at - 1].text == "(";
  if (is_argument && words[at - 2].text == "delete") {
    found.begin = at - 2;
    found.end = std::min(closing(words, at - 1, limit) + 1, limit);
    found.instead = with_arguments("del", name, {}, keys);
  } else if (is_argument && (words[at - 2].text == "print" || words[at - 2].text == "clear" ||
                             words[at - 2].text == "zero" || words[at - 2].text == "len")) {
    found.begin = at - 2;
    found.end = std::min(closing(words, at - 1, limit) + 1, limit);
  } else if (is_word(words, next, "+") && is_word(words, next + 1, "+")) {
    found.end = next + 2;
    found.instead = with_arguments("count", name, {}, keys);
  } else if (is_word(words, next, "=") || (is_word(words, next, "+") && is_word(words, next + 1, "="))) {
    const bool adds = words[next].text == "+";
    const size_t value = next + (adds ? 2 : 1);
    size_t last = value;
    while (last < limit && words[last].text != ";" && words[last].text != "}") last++;
    found.end = last;
    const bool is_call = is_word(words, value + 1, "(") &&
                         std::ranges::find(kAggregations, words[value].text) != std::end(kAggregations);
    if (is_call && !adds)
      found.instead =
          with_arguments(words[value].text, name, in_c(words, value + 2, closing(words, value + 1, limit)), keys);
    else
      found.instead = with_arguments(adds ? "sum" : "set", name, in_c(words, value, last), keys);
  } else {
    found.instead = with_arguments("get", name, {}, keys);
  }
  return found;
}

// The text of words, with what is bpftrace's in it replaced.
std::string in_c(Words words, size_t begin, size_t end) {
  std::string text;
  size_t copied = begin;  // words
  for (size_t i = begin; i < end; i++) {
    if (words[i].text != "@") continue;
    const ForeignWords table = read_table(words, i, end);
    text += std::string(text_between(words, copied, table.begin)) + table.instead;
    copied = table.end;
    // The space behind it.
    if (copied < end)
      text.append(static_cast<size_t>(words[copied].text.data() - words[copied - 1].text.data()) -
                      words[copied - 1].text.size(),
                  ' ');
    i = std::max(i, table.end - 1);
  }
  text += text_between(words, copied, end);
  return fields_of_context(text);
}

}  // namespace

std::vector<ForeignWords> foreign_words(Words words, size_t begin, size_t end) {
  std::vector<ForeignWords> found;
  for (size_t i = begin; i < end; i++) {
    const std::string_view text = words[i].text;
    if (text == "@") {
      found.push_back(read_table(words, i, end));
      i = std::max(i, found.back().end - 1);
      continue;
    }
    const bool is_variable =
        text.size() > 1 && text[0] == '$' && std::isdigit(static_cast<unsigned char>(text[1])) == 0;
    if (is_variable && is_word(words, i + 1, "=") && !is_word(words, i + 2, "=") &&
        !(i > begin && is_name(words[i - 1].text)))
      found.push_back({ForeignWords::Kind::Variable, i, i + 1, fmt::format("__auto_type {} = ...", text.substr(1))});
  }
  return found;
}

Filter find_filter(std::string_view head) {
  const size_t last = head.find_last_not_of(" \t\n");
  if (last == std::string_view::npos || head[last] != '/') return {};
  // Behind the hooks: a slash behind space.
  const size_t hooks = head.find_first_not_of(" \t\n");
  for (size_t at = hooks; at < last; at++)
    if (head[at] == '/' && at > hooks && std::string_view(" \t\n").contains(head[at - 1])) return {at, last};
  return {};
}

std::string condition_in_c(std::string_view condition) {
  const std::vector<Word> words = split_words(condition);
  std::string text;
  size_t copied = 0;  // of the condition
  for (size_t i = 3; i < words.size(); i++) {
    const bool is_equal = words[i - 1].text == "=" && (words[i - 2].text == "=" || words[i - 2].text == "!");
    if (words[i].text[0] != '"' || !is_equal) continue;
    // One word, or a call.
    size_t first = i - 3;
    if (words[first].text == ")") {
      size_t depth = 0;
      for (;; first--) {
        if (words[first].text == ")") depth++;
        if ((words[first].text == "(" && --depth == 0) || first == 0) break;
      }
      if (first > 0) first--;
    }
    text += condition.substr(copied, words[first].begin(condition) - copied);
    text += fmt::format("{}streq({}, {})", words[i - 2].text == "!" ? "!" : "", text_between(words, first, i - 2),
                        words[i].text);
    copied = words[i].end(condition);
  }
  text += condition.substr(copied);
  return fields_of_context(text);
}

}  // namespace spile::driver
