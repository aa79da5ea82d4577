// Where a program hangs: its SEC() name, resolved for the sources of events that this process can emulate.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lang-spec/tables/tables.h"
#include "runtime/hooks/tracepoint.h"
#include "runtime/hooks/user_probe.h"
#include "support/result.h"

namespace spile::session {

struct Hook {
  enum Kind : uint8_t { Tracepoint, UserProbe, Sample, Packet, Once, Begin, End, Interval } kind = Begin;
  hooks::Tracepoint tracepoint;       // Tracepoint; of UserProbe and Sample their contexts, as they are written down
  hooks::UserProbe user_probe;        // UserProbe of a command: where it hangs
  hooks::UserProbeName probe_name;    // UserProbe
  std::chrono::nanoseconds period{};  // Interval, Sample
};

// Error: a tracepoint that a child's system calls cannot give, an unknown system call (with the nearest names), a
// period that is none.
//
// [layout]: how the program reads the records of a tracepoint that is no system call's, where events are written down;
// null: they come from a child. Where [layout] is given, the files of functions are not looked at.
using LayoutOf = std::function<hooks::RecordFormat(std::string_view tracepoint)>;
Result<Hook> resolve_hook(const tables::ProgramType &type, std::string_view section, const LayoutOf &layout = nullptr);

// What to do in place of recording, for a probe whose events `spile record` cannot have; empty: nothing is known.
std::string hint_for_recording(const tables::ProgramType &type, std::string_view section);

// What events are written down as: "sched/sched_switch", "uprobe/libc.so.6:malloc", "profile/99hz".
class WrittenHook {
 public:
  explicit WrittenHook(std::string_view written);
  // Whether its events are for who hangs on [hook].
  bool is_for(const Hook &hook) const;

 private:
  std::string_view name_;
  std::optional<hooks::UserProbeName> probe_;
  std::optional<std::chrono::nanoseconds> period_;
};

}  // namespace spile::session
