// Console: the two streams of a command. stdout carries only what was asked for; everything else goes to stderr.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "driver/exit_codes.h"
#include "support/diagnostics.h"
#include "support/result.h"

namespace spile::driver {

enum class Colour { Auto, Always, Never };
// How diagnostics are written: for people, as one JSON object a line, as one SARIF log at the end.
enum class DiagnosticsFormat { Text, Json, Sarif };

class Console {
 public:
  Console();
  ~Console();  // writes what is still held back
  Console(const Console &) = delete;
  Console &operator=(const Console &) = delete;

  // --color=, -q and -v; colours are decided for each stream on its own, and NO_COLOR is honoured.
  void set_colour(Colour colour);
  DiagnosticsFormat diagnostics_format = DiagnosticsFormat::Text;
  bool quiet = false;
  bool muted = false;  // nothing at all is written: what is only tried is not told
  int verbosity = 0;
  std::string *held = nullptr;  // where what goes to stderr is gathered instead

  // To stdout, unbuffered past flush(). False once the reader has closed the pipe, or it cannot be written.
  bool print(std::string_view text);
  void flush();
  bool output_closed() const { return output_closed_; }
  // Flushes. Environment error, once, when stdout could not be written: a full disk; a reader that has gone is none.
  Result<void> finish_output();
  // A status line on stderr: `spile: text`. Nothing under -q, and where programs read what is written there.
  template <class... Args>
  void status(fmt::format_string<Args...> format, Args &&...args) {
    if (!quiet && diagnostics_format == DiagnosticsFormat::Text)
      error_text(fmt::format("spile: {}\n", fmt::format(format, std::forward<Args>(args)...)));
  }
  // Always on stderr.
  void error_text(std::string_view text);

  // `spile: error: message`, with the hint, in the form of diagnostics_format; returns the exit code that its kind asks
  // for.
  int fail(const Error &error);
  template <class... Args>
  int usage(fmt::format_string<Args...> format, Args &&...args) {
    return fail(Error{Error::Kind::Usage, fmt::format(format, std::forward<Args>(args)...), {}, 0});
  }
  void report(const SourceManager &sources, const Diagnostic &diagnostic);
  // `1 error` or `3 errors, 2 warnings`, when there was any.
  void summary(const Diagnostics &diagnostics);

 private:
  bool colour_err_ = false;
  bool output_closed_ = false;
  int output_error_ = 0;
  std::vector<std::string> sarif_results_;
  std::vector<const DiagInfo *> sarif_rules_;
  std::string buffer_;
};

}  // namespace spile::driver
