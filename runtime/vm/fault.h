// Fault: what a program that nobody verified did wrong, where: a diagnostic at the line that its line info names.
//
// Made by the checked interpreter (checked.h) and by its checks of calls (call_check.h); shown by the driver.
#pragma once

#include <cstdint>
#include <expected>

#include "support/diagnostics.h"

namespace spile::vm {

struct Fault {
  uint32_t insn = 0;      // where the program stopped
  Diagnostic diagnostic;  // its place and the instruction's text are filled in by the interpreter
};

// What a run, or a part of one, gives.
template <class T>
using Ran = std::expected<T, Fault>;

template <class Diag, class... Args>
std::unexpected<Fault> fault(Args &&...args) {
  static constexpr DiagInfo info{Diag::kName, Diag::kSeverity, Diag::kText};
  static constexpr fmt::format_string<Args...> format{Diag::kText};
  Fault made;
  made.diagnostic.info = &info;
  made.diagnostic.message = fmt::format(format, std::forward<Args>(args)...);
  return std::unexpected(std::move(made));
}

}  // namespace spile::vm
