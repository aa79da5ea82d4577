// Where a program hangs: its SEC() name, resolved for the sources of events that this process can emulate.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "lang-spec/tables/tables.h"
#include "runtime/hooks/tracepoint.h"
#include "support/result.h"

namespace spile::session {

struct Hook {
  enum Kind : uint8_t { Tracepoint, Packet, Once, Begin, End, Interval } kind = Begin;
  hooks::Tracepoint tracepoint;       // Tracepoint
  std::chrono::nanoseconds period{};  // Interval
};

// Error: a tracepoint that a child's system calls cannot give, an unknown system call (with the nearest names), a
// period that is none.
Result<Hook> resolve_hook(const tables::ProgramType &type, std::string_view section);

}  // namespace spile::session
