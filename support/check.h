// SPILE_CHECK: a fault of ours, never of the user's.
//
// The user's fault is a diagnostic (support/diagnostics.h), the host's fault a Result (support/result.h). What remains,
// a broken invariant, ends the process with exit code 70 and one line that names the place, in every build type.
#pragma once

namespace spile {

// The exit code for "our bug" (EX_SOFTWARE of sysexits.h).
inline constexpr int kExitBug = 70;

[[noreturn]] void check_failed(const char *condition, const char *sentence, const char *file, int line);

}  // namespace spile

#define SPILE_CHECK(condition, sentence)                               \
  do {                                                                 \
    if (!(condition)) [[unlikely]]                                     \
      ::spile::check_failed(#condition, sentence, __FILE__, __LINE__); \
  } while (false)

// For a place that control cannot reach, for example behind a switch over every enumerator.
#define SPILE_UNREACHABLE(sentence) ::spile::check_failed("unreachable", sentence, __FILE__, __LINE__)
