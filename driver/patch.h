// Patch: lines put into a text, and what they make of it: the new text, a unified diff, edits for an editor.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spile::driver {

class Patch {
 public:
  explicit Patch(std::string_view text);

  // [statement] in front of the statement at [line] (from 1; one past the last: at the end), indented as that is. Where
  // it is all that an `if` or a loop without braces holds, it gets braces.
  // True: it did.
  bool insert(uint32_t line, std::string_view statement);

  // The first [from] in that line becomes [to]; false where it is not there.
  bool replace(uint32_t line, std::string_view from, std::string_view to);
  // The statement at [line], one of one line, goes behind the last statement of its block that names [name], at [least]
  // or below. Returns the line that it stands behind then; 0 where they are not in one block.
  uint32_t move_down(uint32_t line, uint32_t least, std::string_view name);

  // The line below [line] where what an `if` there holds begins, when that leaves: a return or a goto; else 0.
  uint32_t exit_below(uint32_t line) const;
  // `return 0;` of `if (x) return 0;`; else empty.
  std::string_view exit_in(uint32_t line) const;

  bool empty() const { return changes_.empty(); }
  uint32_t line_count() const { return static_cast<uint32_t>(lines_.size()); }
  std::string_view line(uint32_t number) const { return lines_[number - 1]; }
  std::string text() const;
  // As `diff -u` prints it; [path] names both sides.
  std::string diff(std::string_view path) const;
  // The line of the first text that is [line] of the new one; 0: it was put in.
  uint32_t original_line(uint32_t line) const;

  // Text put in at a place of the first text, for some bytes behind it, in the order of the places.
  struct Edit {
    uint32_t line = 0, column = 0;  // from 1
    std::string text;
    uint32_t erased = 0;
  };
  std::vector<Edit> edits() const;
  // Bytes before it in the first text.
  uint32_t offset_of(const Edit &edit) const {
    return static_cast<uint32_t>(lines_[edit.line - 1].data() - lines_.front().data()) + edit.column - 1;
  }

 private:
  struct Change {
    std::vector<std::string> before, behind;  // lines
    std::string appended;                     // to the code of the line itself, in front of a comment
    uint32_t at = 0, erased = 0;              // in the line: these bytes become
    std::string replacement;                  // this
    bool removed = false;                     // the line itself
  };
  // Bytes of the line that are code.
  uint32_t code_end(uint32_t line) const;
  // The line itself, as it is now.
  std::string changed(uint32_t line, const Change &change) const;
  uint32_t beginning_of_statement(uint32_t line) const;
  uint32_t end_of_statement(uint32_t line) const;

  std::vector<std::string_view> lines_;
  bool ends_in_newline_ = true;
  std::map<uint32_t, Change> changes_;  // by line
};

}  // namespace spile::driver
