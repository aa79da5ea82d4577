// The words of a short form, and the tables that it uses without declaring them: `count(opens, comm)` declares
// `COUNT(opens, struct spile_comm)`. The type of a key follows from how it is written:
//
//   comm                  struct spile_comm        str(x), kstr(x)    struct spile_string
//   probe                 struct spile_probe       (TYPE)x            TYPE
//   anything else         __s64
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spile::driver {

// A name, a number, a string, a directive with its line, or one character of punctuation. Comments and space are none.
struct Word {
  std::string_view text;
  bool is_directive = false;

  size_t begin(std::string_view of) const { return static_cast<size_t>(text.data() - of.data()); }
  size_t end(std::string_view of) const { return begin(of) + text.size(); }
};
std::vector<Word> split_words(std::string_view text);

// Whether one of the words [begin, end) is [name] as a name of its own: no member, no call.
bool uses_name(std::span<const Word> words, size_t begin, size_t end, std::string_view name);

// A table whose uses have keys of different numbers, or a use with too few or too many arguments.
struct TableFault {
  Word word;  // where it is seen
  std::string table;
  size_t keys = 0, keys_before = 0;
  std::string_view wanted;  // the arguments that it takes; else the number of keys is the fault
};
// The declarations, a line each.
std::expected<std::string, TableFault> declare_tables(std::span<const Word> words);

}  // namespace spile::driver
