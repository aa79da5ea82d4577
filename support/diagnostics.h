// Diagnostics: what is wrong, where, why and what to do about it, as data.
//
// Every diagnostic is one row of lang-spec/tables/diagnostics/*.def. The row becomes a type spile::diag::<Name>, so a
// report is checked by the compiler for name and arguments:
//
//     diags.report<diag::UndeclaredIdentifier>(range, name)
//         .note(previous, "`{}` was declared here", name)
//         .hint("did you mean `{}`?", nearest);
//
// Stages report to a Diagnostics and go on; nobody prints. The driver renders what a sink has collected.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/source.h"
#include "support/warnings.h"

namespace spile {

enum class Severity : uint8_t { Remark, Warning, Error };

// The constant half of a diagnostic: one row of the table.
struct DiagInfo {
  std::string_view name;  // stable, UpperCamel; what `spile explain` and `expect-error` take
  Severity severity;
  std::string_view text;  // fmt format of the message
};

// A place in a source that is known only by its line info (an object made elsewhere, or whose source has changed).
struct ForeignPlace {
  std::string path;
  uint32_t line = 0, column = 0;  // from 1; line 0: nowhere
  std::string line_text;          // may be empty
};

struct Note {
  Range at;  // may be nowhere: then [foreign] is shown, or only the message
  std::string message;
  ForeignPlace foreign;
};

struct FixIt {
  Range replace;  // empty range: insert
  std::string with;
};

struct Diagnostic {
  const DiagInfo *info = nullptr;
  Severity severity = Severity::Error;
  Range at;
  std::string message;
  std::vector<Note> notes;
  std::vector<std::string> hints;
  std::vector<FixIt> fixits;
  Loc governed_at;       // a second place whose `#pragma GCC diagnostic` counts, as where a macro makes the conversion
  ForeignPlace foreign;  // shown in place of [at] when that is nowhere: what the verifier knows from line info
};

class Diagnostics {
 public:
  explicit Diagnostics(const SourceManager &sources) : sources_(&sources) {}

  class Builder {
   public:
    Builder(Diagnostics &owner, Diagnostic d) : owner_(&owner), diagnostic_(std::move(d)) {}
    Builder(const Builder &) = delete;
    Builder &operator=(const Builder &) = delete;
    ~Builder() { owner_->add(std::move(diagnostic_)); }

    template <class... Args>
    Builder &note(Range at, fmt::format_string<Args...> format, Args &&...args) {
      diagnostic_.notes.push_back({at, fmt::format(format, std::forward<Args>(args)...), {}});
      return *this;
    }
    template <class... Args>
    Builder &note(ForeignPlace at, fmt::format_string<Args...> format, Args &&...args) {
      diagnostic_.notes.push_back({{}, fmt::format(format, std::forward<Args>(args)...), std::move(at)});
      return *this;
    }
    template <class... Args>
    Builder &hint(fmt::format_string<Args...> format, Args &&...args) {
      diagnostic_.hints.push_back(fmt::format(format, std::forward<Args>(args)...));
      return *this;
    }
    Builder &fixit(Range replace, std::string with) {
      diagnostic_.fixits.push_back({replace, std::move(with)});
      return *this;
    }
    // The pragmas at [where] may silence it too.
    Builder &governed_by(Loc where) {
      diagnostic_.governed_at = where;
      return *this;
    }
    Builder &foreign(ForeignPlace where) {
      diagnostic_.foreign = std::move(where);
      return *this;
    }

   private:
    Diagnostics *owner_;
    Diagnostic diagnostic_;
  };

  // The returned builder adds the diagnostic when it goes out of scope (at the end of the full expression).
  template <class Diag, class... Args>
  Builder report(Range at, Args &&...args) {
    static constexpr DiagInfo info{Diag::kName, Diag::kSeverity, Diag::kText};
    static constexpr fmt::format_string<Args...> format{Diag::kText};
    return Builder(
        *this,
        Diagnostic{&info, Diag::kSeverity, at, fmt::format(format, std::forward<Args>(args)...), {}, {}, {}, {}, {}});
  }
  template <class Diag, class... Args>
  Builder report(Loc at, Args &&...args) {
    return report<Diag>(Range{at, at}, std::forward<Args>(args)...);
  }

  void add(Diagnostic diagnostic);

  const std::vector<Diagnostic> &all() const { return all_; }
  size_t error_count() const { return errors_; }
  bool has_errors() const { return errors_ != 0; }
  // True once [max_errors] errors have been reported: a stage stops at the next convenient place.
  bool too_many() const { return max_errors != 0 && errors_ >= max_errors; }
  const SourceManager &sources() const { return *sources_; }

  size_t max_errors = 20;  // 0: no limit. Errors past it are counted, not kept.
  WarningOptions warnings;
  // What is reported is kept as it is: another Diagnostics will be asked to add() it, and judges then.
  bool is_draft = false;
  // Called for each kept diagnostic, at once; null: only collect.
  std::function<void(const Diagnostic &)> on_report;

 private:
  bool apply_options(Diagnostic &diagnostic) const;

  const SourceManager *sources_;
  std::vector<Diagnostic> all_;
  size_t errors_ = 0;
};

struct RenderOptions {
  bool colour = false;
  uint32_t tab_width = 8;
  uint32_t max_line = 160;  // source lines longer than this are cut around the caret
};

// `file:line:col: error: message [Name]`, the line, caret and range, notes, hints, macro and include stacks.
std::string render_text(const SourceManager &sources, const Diagnostic &diagnostic, const RenderOptions &options = {});

}  // namespace spile
