#include "driver/short_form_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace spile::driver {

namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// What a call of spile_tables.h does with its arguments: the first is the table.
struct Verb {
  std::string_view name, declares;  // what declares a table for it; none: the table is another call's
  size_t first_key;                 // index of the first argument that is a key
  std::string_view arguments;       // for people
};
constexpr size_t kMostKeys = 4;  // that spile_tables.h makes a key of
constexpr auto kVerbs = std::to_array<Verb>({
    {"count", "COUNT", 1, "count(table)"},
    {"sum", "SUM", 2, "sum(table, number)"},
    {"avg", "AVG", 2, "avg(table, number)"},
    {"min", "MIN", 2, "min(table, number)"},
    {"max", "MAX", 2, "max(table, number)"},
    {"hist", "HIST", 2, "hist(table, number)"},
    {"lhist", "LHIST", 5, "lhist(table, number, min, max, step)"},
    {"set", "TABLE", 2, "set(table, value)"},
    {"get", "", 1, "get(table)"},
    {"del", "", 1, "del(table)"},
});

using Words = std::span<const Word>;

// The arguments of a call whose `(` is words[open], split at their commas.
std::vector<Words> arguments_of(Words words, size_t open) {
  std::vector<Words> arguments;
  size_t depth = 0, begin = open + 1;
  for (size_t i = open; i < words.size(); i++) {
    const std::string_view text = words[i].text;
    if (text == "(" || text == "[" || text == "{") depth++;
    const bool closes = text == ")" || text == "]" || text == "}";
    if ((closes && depth == 1) || (text == "," && depth == 1)) {
      if (i > begin) arguments.push_back(words.subspan(begin, i - begin));
      begin = i + 1;
    }
    if (closes && --depth == 0) break;
  }
  return arguments;
}

// Whether what follows [before], a `/`, is the path in `uprobe//bin/bash:readline`, and no comment.
bool is_path_of_probe(std::string_view before) {
  constexpr std::string_view kKinds[] = {"uprobe", "uretprobe", "usdt"};
  for (const std::string_view suffix : {".s", ".multi", ".session"})
    if (before.ends_with(suffix)) before.remove_suffix(suffix.size());
  return std::ranges::any_of(kKinds, [&](std::string_view kind) { return before.ends_with(kind); });
}

// Whether what follows [before], `/*`, ends the pattern `tracepoint/sched/*`, and begins no comment.
bool is_category_of_hook(std::string_view before) {
  const std::string_view hook = before.substr(before.find_last_of(" \t\n,}") + 1);
  return hook.contains('/') && (hook.starts_with("tracepoint") || hook.starts_with("tp"));
}

std::string text_of(Words words) {
  const char *end = words.back().text.data() + words.back().text.size();
  return {words.front().text.data(), end};
}

std::string type_of(Words expression) {
  const std::string_view first = expression[0].text;
  if (first == "comm" && expression.size() == 1) return "struct spile_comm";
  if (first == "probe" && expression.size() == 1) return "struct spile_probe";
  constexpr std::string_view kStrings[] = {"str", "kstr", "ctx_str", "ctx_rel_str"};
  if (std::ranges::find(kStrings, first) != std::end(kStrings) && expression.size() > 1 && expression[1].text == "(")
    return "struct spile_string";
  // A cast: names and stars in parentheses, and something behind them.
  if (first != "(") return "__s64";
  size_t close = 1;
  while (close < expression.size() && (is_name_start(expression[close].text[0]) || expression[close].text == "*"))
    close++;
  const bool is_cast = close > 1 && close + 1 < expression.size() && expression[close].text == ")" &&
                       (is_name(expression[close + 1].text[0]) || expression[close + 1].text == "(");
  return is_cast ? text_of(expression.subspan(1, close - 1)) : "__s64";
}

struct Table {
  std::string name, declaration;
  size_t keys = 0;
};

}  // namespace

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const char c = text[at];
    const auto until = [&](std::string_view end) { return std::min(text.find(end, at + 1), text.size()); };
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      at++;
      continue;
    }
    if (text.substr(at).starts_with("/*") && !is_category_of_hook(text.substr(0, at))) {
      at = std::min(until("*/") + 2, text.size());
      continue;
    }
    const size_t line_start = text.rfind('\n', at) + 1;  // npos + 1 is 0
    const bool starts_line = text.find_first_not_of(" \t", line_start) == at;
    if ((text.substr(at).starts_with("//") && !is_path_of_probe(text.substr(0, at))) ||
        (starts_line && text.substr(at).starts_with("#!"))) {
      at = until("\n");
      continue;
    }
    if (starts_line && c == '#') {
      for (at = until("\n"); at < text.size() && text[at - 1] == '\\';) at = until("\n");
      words.push_back({text.substr(begin, at - begin), true});
      continue;
    }
    at++;
    if (c == '"' || c == '\'') {
      for (; at < text.size() && text[at] != c; at++)
        if (text[at] == '\\') at++;
      at = std::min(at + 1, text.size());
    } else if (is_name(c)) {
      while (at < text.size() && is_name(text[at])) at++;
    }
    words.push_back({text.substr(begin, at - begin)});
  }
  return words;
}

bool uses_name(Words words, size_t begin, size_t end, std::string_view name) {
  for (size_t i = begin; i < end; i++) {
    if (words[i].text != name) continue;
    const std::string_view before = i > begin ? words[i - 1].text : "";
    const bool is_member = before == "." || (before == ">" && i > begin + 1 && words[i - 2].text == "-");
    const bool is_call = i + 1 < end && words[i + 1].text == "(";
    if (!is_member && !is_call) return true;
  }
  return false;
}

std::expected<std::string, TableFault> declare_tables(Words words) {
  std::vector<Table> tables;
  std::string text;
  for (size_t i = 0; i + 1 < words.size(); i++) {
    if (words[i + 1].text != "(") continue;
    const auto *verb = std::ranges::find(kVerbs, words[i].text, &Verb::name);
    const bool is_declaration =
        words[i].text == "SCRATCH" || std::ranges::find(kVerbs, words[i].text, &Verb::declares) != kVerbs.end();
    if (verb == kVerbs.end() && !is_declaration) continue;
    const std::vector<Words> arguments = arguments_of(words, i + 1);
    if (verb != kVerbs.end() && (arguments.size() < verb->first_key || arguments.size() > verb->first_key + kMostKeys))
      return std::unexpected(TableFault{words[i], {}, 0, 0, verb->arguments});
    if (arguments.empty()) continue;
    const std::string name = text_of(arguments[0]);
    const auto known = std::ranges::find(tables, name, &Table::name);
    if (is_declaration) {
      tables.push_back({name, "", SIZE_MAX});
      continue;
    }
    if (verb->declares.empty()) continue;
    const size_t keys = arguments.size() - verb->first_key;
    if (known != tables.end()) {
      if (known->keys != SIZE_MAX && known->keys != keys)
        return std::unexpected(TableFault{words[i], name, keys, known->keys, {}});
      continue;
    }
    std::string declaration = fmt::format("{}({}", verb->declares, name);
    if (verb->declares == "TABLE") declaration += ", " + type_of(arguments[1]);
    for (size_t a = 2; verb->declares == "LHIST" && a < verb->first_key; a++)
      declaration += ", " + text_of(arguments[a]);
    for (size_t a = verb->first_key; a < arguments.size(); a++) declaration += ", " + type_of(arguments[a]);
    tables.push_back({name, declaration, keys});
    text += declaration + ");\n";
  }
  return text;
}

}  // namespace spile::driver
