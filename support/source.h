// Source text and locations.
//
// A Loc is 32 bits: an offset into one space in which every loaded file, and every macro expansion, has a range of its
// own (the scheme of clang's SourceManager). A location inside an expansion knows both where its token is spelled and
// where the macro was used, so a diagnostic can show both. Loc{} is "nowhere".
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/file.h"
#include "support/result.h"

namespace spile {

struct Loc {
  uint32_t raw = 0;
  constexpr bool valid() const { return raw != 0; }
  constexpr Loc operator+(uint32_t bytes) const { return Loc{raw + bytes}; }
  friend constexpr auto operator<=>(Loc, Loc) = default;
};

// Half-open, in bytes: [begin, end). begin == end is a caret without a range.
struct Range {
  Loc begin, end;
  constexpr bool valid() const { return begin.valid(); }
  friend constexpr bool operator==(Range, Range) = default;
};

// A location in words: what a person, or BTF line info, is told.
struct Place {
  std::string_view path;       // as the user named the file, or as #include found it
  uint32_t line = 0;           // from 1; 0 when the location is nowhere
  uint32_t column = 0;         // from 1, in bytes
  std::string_view line_text;  // without its newline
};

// At its beginning. Its size in bytes is what it was when it was found; 0 when that is not known, as of a pipe.
struct OpenSource {
  Fd file;
  size_t size = 0;
};

class SourceManager {
 public:
  SourceManager();
  ~SourceManager();
  SourceManager(const SourceManager &) = delete;
  SourceManager &operator=(const SourceManager &) = delete;

  struct File {
    std::string path;
    std::string text;                           // the bytes as read, followed by one NUL that is not counted by size()
    Loc begin;                                  // location of text[0]; begin + text.size() is the end of the file
    Loc included_from;                          // the #include that brought it in; Loc{} for the main file
    bool is_system = false;                     // from -isystem, the system's folders or Spile itself: no warnings
    const File *written_from = nullptr;         // the text that this one was made of; its lines are shown
    mutable std::vector<uint32_t> line_starts;  // filled on first use
  };

  // Adds a file whose text is known. Fails when the 4 GiB location space is full.
  Result<const File *> add(std::string path, std::string text, Loc included_from = {});
  // Reads and adds the file at [path]; "-" is standard input. Fails on a missing or unreadable file, on a directory,
  // and on more than kMaxFileSize bytes.
  Result<const File *> load(const std::string &path, Loc included_from = {});
  // The same of a file that was found at [path] and is no directory.
  Result<const File *> load(const std::string &path, const OpenSource &open, Loc included_from = {});
  static constexpr size_t kMaxFileSize = size_t{256} << 20;

  // Reserves [length] locations for the tokens of one macro expansion: location i of it is spelled at [spelling] + i,
  // and the macro was used at [use]. [macro_name] is shown in "in expansion of macro" notes.
  Loc add_expansion(Loc spelling, Range use, uint32_t length, std::string_view macro_name);

  // Where the characters stand: for a location in an expansion, inside the macro's definition (or its argument).
  Loc spelling(Loc loc) const;
  // Where the user wrote it: for a location in an expansion, the outermost use of a macro.
  Loc expansion(Loc loc) const;
  Range expansion(Range range) const;
  // The macro uses around [loc], innermost first; empty for a location in a file.
  struct Expansion {
    std::string_view macro_name;
    Loc spelling;
    Range use;
  };
  std::vector<Expansion> expansions(Loc loc) const;

  // Where the file or the macro expansion that holds [loc] was brought in: the #include, the use of the macro. Nowhere
  // for the main file.
  Loc brought_in_at(Loc loc) const;
  // Whether both lie in one file or in one expansion.
  bool same_entry(Loc a, Loc b) const;
  // From here on what the file holds is a system header: warnings about it are not given.
  void mark_system(const File &file);
  bool in_system_header(Loc loc) const;  // of a location in a file
  // [file] was written out of [original], whose path its #line directives name: what a person is shown is the original.
  void mark_written_from(const File &file, const File &original);

  // Path, line, column of a location (of its expansion, when in a macro). Honours #line.
  Place place(Loc loc) const;
  // The file that holds a file location; null for nowhere and for expansions.
  const File *file_of(Loc loc) const;
  // The text between two locations of one file.
  std::string_view text(Range range) const;

  // From here to the next #line or the end of the file, lines count from [line] in a file called [path] (C11 6.10.4).
  void add_line_directive(Loc after, uint32_t line, std::string path);

 private:
  struct Entry;
  struct LineDirective;
  const Entry *entry_of(Loc loc) const;
  Loc reserve(uint64_t length);

  std::vector<std::unique_ptr<File>> files_;
  std::vector<Entry> entries_;  // ordered by begin
  std::vector<LineDirective> line_directives_;
  uint64_t next_ = 1;
  mutable uint32_t last_entry_ = 0;
};

}  // namespace spile
