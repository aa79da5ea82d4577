#include "driver/console.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "driver/version.h"
#include "support/diagnostics_json.h"

namespace spile::driver {

// Writes it all; 0, or why it could not.
static int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

// A terminal that has hung up is a reader that has gone.
static bool has_reader_gone(int error) {
  struct stat status{};
  return error == EPIPE || (error == EIO && ::fstat(STDOUT_FILENO, &status) == 0 && S_ISCHR(status.st_mode));
}

Console::Console() { set_colour(Colour::Auto); }

Console::~Console() {
  if (diagnostics_format == DiagnosticsFormat::Sarif)
    error_text(sarif_log(sarif_results_, sarif_rules_, SPILE_VERSION) + "\n");
}

void Console::set_colour(Colour colour) {
  const char *no_colour = std::getenv("NO_COLOR");
  const bool wanted = no_colour == nullptr || *no_colour == '\0';
  colour_err_ = colour == Colour::Always || (colour == Colour::Auto && wanted && ::isatty(STDERR_FILENO) == 1);
}

bool Console::print(std::string_view text) {
  if (muted) return true;
  if (output_closed_) return false;
  buffer_ += text;
  // A person who watches, or a pipe into another program, sees each line when it happens; a big dump is not slowed.
  if (buffer_.size() >= (size_t{64} << 10) || buffer_.ends_with('\n')) flush();
  return !output_closed_;
}

void Console::flush() {
  if (!buffer_.empty() && !output_closed_) {
    const int error = write_all(STDOUT_FILENO, buffer_);
    output_closed_ = error != 0;
    if (error != 0 && !has_reader_gone(error)) output_error_ = error;
  }
  buffer_.clear();
}

Result<void> Console::finish_output() {
  flush();
  if (const int error = std::exchange(output_error_, 0); error != 0) return os_error(error, "writing standard output");
  return {};
}

void Console::error_text(std::string_view text) {
  if (muted) return;
  if (held != nullptr) {
    *held += text;
    return;
  }
  flush();
  write_all(STDERR_FILENO, text);
}

int Console::fail(const Error &error) {
  if (diagnostics_format != DiagnosticsFormat::Text) {
    Diagnostic diagnostic;
    diagnostic.message = error.message;
    if (!error.hint.empty()) diagnostic.hints.push_back(error.hint);
    report(SourceManager(), diagnostic);
    return exit_code(error.kind);
  }
  const std::string_view red = colour_err_ ? "\033[1;31m" : "", reset = colour_err_ ? "\033[0m" : "";
  std::string text = fmt::format("spile: {}error:{} {}\n", red, reset, error.message);
  if (!error.hint.empty()) text += fmt::format("  hint: {}\n", error.hint);
  error_text(text);
  return exit_code(error.kind);
}

void Console::report(const SourceManager &sources, const Diagnostic &diagnostic) {
  if (diagnostics_format == DiagnosticsFormat::Json) return error_text(render_json(sources, diagnostic) + "\n");
  if (diagnostics_format == DiagnosticsFormat::Sarif) {
    sarif_results_.push_back(render_sarif_result(sources, diagnostic));
    // A rule is a diagnostic's name; each report makes its DiagInfo anew only once, in the program.
    if (diagnostic.info != nullptr &&
        std::ranges::find(sarif_rules_, diagnostic.info->name, &DiagInfo::name) == sarif_rules_.end())
      sarif_rules_.push_back(diagnostic.info);
    return;
  }
  RenderOptions options;
  options.colour = colour_err_;
  error_text(render_text(sources, diagnostic, options));
}

void Console::summary(const Diagnostics &diagnostics) {
  size_t warnings = 0;
  for (const Diagnostic &d : diagnostics.all()) warnings += d.severity == Severity::Warning;
  const size_t errors = diagnostics.error_count();
  if (quiet || diagnostics_format != DiagnosticsFormat::Text || (errors == 0 && warnings == 0)) return;
  const auto plural = [](size_t n, std::string_view word) {
    return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
  };
  std::string text;
  if (errors != 0) text = plural(errors, "error");
  if (warnings != 0) text += (text.empty() ? "" : ", ") + plural(warnings, "warning");
  error_text(text + "\n");
}

}  // namespace spile::driver
