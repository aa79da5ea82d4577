#include "support/diagnostics.h"

#include <algorithm>
#include <span>

namespace spile {

// What the -W options and pragmas make of it; false: it is not wanted.
bool Diagnostics::apply_options(Diagnostic &diagnostic) const {
  if (diagnostic.info == nullptr || diagnostic.severity == Severity::Remark) return true;
  const bool is_error = diagnostic.severity == Severity::Error;
  if (is_error && WarningOptions::flag_of(diagnostic.info->name).empty()) return true;
  const WarningState declared = is_error ? WarningState::Error : WarningState::Warning;
  const auto at = [&](Loc place) { return warnings.state(diagnostic.info->name, declared, place, *sources_); };
  WarningState state = at(diagnostic.at.begin);
  if (diagnostic.governed_at.valid()) state = std::min(state, at(diagnostic.governed_at));
  diagnostic.severity = state == WarningState::Error ? Severity::Error : Severity::Warning;
  return state != WarningState::Ignored;
}

// A macro that uses its argument twice shows a fault in it twice: the same words about the same characters of one use,
// soon after each other.
static constexpr size_t kRepeatedWithin = 64;
static bool is_repeated(const Diagnostic &diagnostic, std::span<const Diagnostic> before,
                        const SourceManager &sources) {
  if (!diagnostic.at.valid()) return false;
  const Loc spelling = sources.spelling(diagnostic.at.begin);
  return std::ranges::any_of(before.last(std::min(before.size(), kRepeatedWithin)), [&](const Diagnostic &other) {
    return other.info == diagnostic.info && other.message == diagnostic.message &&
           sources.spelling(other.at.begin) == spelling &&
           sources.expansion(other.at.begin) == sources.expansion(diagnostic.at.begin);
  });
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (is_draft) return all_.push_back(std::move(diagnostic));
  if (!apply_options(diagnostic) || is_repeated(diagnostic, all_, *sources_)) return;
  if (diagnostic.severity == Severity::Error && errors_++ >= max_errors && max_errors != 0) return;
  all_.push_back(std::move(diagnostic));
  if (on_report) on_report(all_.back());
}

namespace {

struct Palette {
  std::string_view bold, red, magenta, cyan, green, reset;
};
constexpr Palette kPlain{};
constexpr Palette kColour{"\033[1m", "\033[1;31m", "\033[1;35m", "\033[1;36m", "\033[1;32m", "\033[0m"};

// One message with its place and source line. The line is shown with tabs expanded and cut around the caret.
class Renderer {
 public:
  Renderer(const SourceManager &sources, const RenderOptions &options)
      : sources_(sources), options_(options), c_(options.colour ? kColour : kPlain) {}

  void headline(Range at, const ForeignPlace &foreign, std::string_view colour, std::string_view kind,
                std::string_view message, std::string_view name) {
    if (at.valid()) {
      const Place place = sources_.place(at.begin);
      position(place.path, place.line, place.column);
    } else if (!foreign.path.empty()) {
      position(foreign.path, foreign.line, foreign.column);
    } else {
      out_ += fmt::format("{}spile:{} ", c_.bold, c_.reset);
    }
    out_ += fmt::format("{}{}:{} {}{}{}", colour, kind, c_.reset, c_.bold, message, c_.reset);
    if (!name.empty()) out_ += fmt::format(" [{}]", name);
    if (const std::string_view flag = WarningOptions::flag_of(name); !flag.empty())
      out_ += fmt::format(" [-W{}]", flag);
    out_ += '\n';
  }

  void snippet(Range at, const ForeignPlace &foreign) {
    if (at.valid()) {
      const Range shown = sources_.expansion(at);
      const Place place = sources_.place(shown.begin);
      const uint32_t bytes = shown.end.raw - shown.begin.raw;
      if (place.line != 0) line(place.line, place.column, std::max<uint32_t>(bytes, 1), place.line_text);
    } else if (foreign.line != 0 && !foreign.line_text.empty()) {
      line(foreign.line, foreign.column, 1, foreign.line_text);
    }
  }

  // The way in: the macros around the place, then the files that included its file.
  void stacks(Range at) {
    if (!at.valid()) return;
    for (const auto &expansion : sources_.expansions(at.begin)) {
      const Range definition{expansion.spelling, expansion.spelling};
      headline(definition, {}, c_.cyan, "note", fmt::format("in expansion of macro `{}`", expansion.macro_name), {});
      snippet(definition, {});
    }
    const auto *file = sources_.file_of(sources_.expansion(at.begin));
    for (; file != nullptr && file->included_from.valid(); file = sources_.file_of(file->included_from)) {
      const Place place = sources_.place(file->included_from);
      out_ += fmt::format("{}:{}: {}note:{} included from here\n", place.path, place.line, c_.cyan, c_.reset);
    }
  }

  void hint(std::string_view text) { out_ += fmt::format("  {}hint:{} {}\n", c_.green, c_.reset, text); }

  void fixit(const FixIt &fix) {
    if (!fix.replace.valid()) return;
    const std::string_view old = sources_.text(fix.replace);
    // What is inserted behind the last token of a macro is inserted behind its use.
    const Place place = sources_.place(old.empty() ? sources_.expansion(fix.replace).end : fix.replace.begin);
    if (old.empty())
      out_ += fmt::format("  {}fix:{} {}:{}:{}: insert `{}`\n", c_.green, c_.reset, place.path, place.line,
                          place.column, fix.with);
    else
      out_ += fmt::format("  {}fix:{} {}:{}:{}: replace `{}` with `{}`\n", c_.green, c_.reset, place.path, place.line,
                          place.column, old, fix.with);
  }

  const Palette &colours() const { return c_; }
  std::string take() { return std::move(out_); }

 private:
  void position(std::string_view path, uint32_t line_number, uint32_t column) {
    out_ += c_.bold;
    out_ += path;
    if (line_number != 0) out_ += fmt::format(":{}", line_number);
    if (line_number != 0 && column != 0) out_ += fmt::format(":{}", column);
    out_ += fmt::format(":{} ", c_.reset);
  }

  void line(uint32_t number, uint32_t column, uint32_t length, std::string_view text) {
    // Column by column: tabs become spaces, bytes that a terminal would act upon become '?'.
    std::string shown, marks;
    const uint32_t first = column == 0 ? 1 : column;
    for (size_t i = 0; i <= text.size(); i++) {
      const bool marked = column != 0 && i + 1 >= first && i + 1 < first + length;
      const char mark = i + 1 == first && column != 0 ? '^' : marked ? '~' : ' ';
      if (i == text.size()) {
        if (mark == '^') marks += '^';
        break;
      }
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte == '\t') {
        const size_t width = options_.tab_width - shown.size() % options_.tab_width;
        shown.append(width, ' ');
        marks += mark;
        marks.append(width - 1, mark == ' ' ? ' ' : '~');
        // A caret on a tab is a caret, not a wide range.
        if (mark == '^' && length == 1)
          std::fill(marks.end() - static_cast<std::ptrdiff_t>(width) + 1, marks.end(), ' ');
      } else if ((byte & 0xc0) == 0x80) {
        shown += text[i];  // continues a UTF-8 character: no column of its own
      } else {
        shown += byte < 0x20 || byte == 0x7f ? '?' : text[i];
        marks += mark;
      }
    }
    cut(shown, marks);
    while (!marks.empty() && marks.back() == ' ') marks.pop_back();
    out_ += fmt::format("{:>5} | {}\n", number, shown);
    if (!marks.empty()) out_ += fmt::format("      | {}{}{}\n", c_.green, marks, c_.reset);
  }

  void cut(std::string &shown, std::string &marks) const {
    if (shown.size() <= options_.max_line) return;
    const size_t caret = std::min(marks.find('^'), shown.size());
    const size_t from = caret > options_.max_line / 2 ? caret - options_.max_line / 2 : 0;
    shown = (from != 0 ? "..." : "") + shown.substr(from, options_.max_line) + "...";
    marks = (from != 0 ? "   " : "") + (from < marks.size() ? marks.substr(from, options_.max_line) : "");
  }

  const SourceManager &sources_;
  const RenderOptions &options_;
  const Palette &c_;
  std::string out_;
};

}  // namespace

std::string render_text(const SourceManager &sources, const Diagnostic &diagnostic, const RenderOptions &options) {
  Renderer r(sources, options);
  const bool is_error = diagnostic.severity == Severity::Error;
  const bool is_warning = diagnostic.severity == Severity::Warning;
  const auto &c = r.colours();
  r.headline(diagnostic.at, diagnostic.foreign,
             is_error     ? c.red
             : is_warning ? c.magenta
                          : c.cyan,
             is_error     ? "error"
             : is_warning ? "warning"
                          : "remark",
             diagnostic.message, diagnostic.info != nullptr ? diagnostic.info->name : std::string_view{});
  r.snippet(diagnostic.at, diagnostic.foreign);
  r.stacks(diagnostic.at);
  for (const Note &note : diagnostic.notes) {
    r.headline(note.at, note.foreign, c.cyan, "note", note.message, {});
    r.snippet(note.at, note.foreign);
  }
  for (const std::string &hint : diagnostic.hints) r.hint(hint);
  for (const FixIt &fix : diagnostic.fixits) r.fixit(fix);
  return r.take();
}

}  // namespace spile
