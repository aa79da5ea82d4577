#include "runtime/hooks/words.h"

namespace spile::hooks {

Result<std::vector<std::string>> split_words(std::string_view command) {
  constexpr std::string_view kBlanks = " \t\n";
  constexpr std::string_view kEscapedInQuotes = "\"\\$`\n";
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < command.size(); i++) {
    const char c = command[i];
    if (quote == 0 && kBlanks.contains(c)) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'') {
      if (i + 1 == command.size()) return usage_error("command `{}` ends in a backslash", command);
      const char next = command[++i];
      if (quote == '"' && !kEscapedInQuotes.contains(next)) words.back() += '\\';
      if (next != '\n') words.back() += next;  // a backslash before a newline joins the lines
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return usage_error("command `{}` has a {} that is not closed", command, quote);
  if (words.empty()) return usage_error("the command to run is empty");
  return words;
}

}  // namespace spile::hooks
