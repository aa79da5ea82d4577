// Where the events of a run come from: --on=auto|ptrace|replay|kernel.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/object/object.h"
#include "support/result.h"

namespace spile::driver {

enum class EventsFrom {
  Auto,
  Ptrace,  // what a command or a process does, and what needs no events at all
  Replay,  // a recording or a capture
  Kernel,
};
std::optional<EventsFrom> events_from(std::string_view name);

struct Choice {
  EventsFrom from = EventsFrom::Ptrace;
  std::string why;  // for people
};
// What --on=auto means for [object], or for its program [only] when that is not empty: a recording or a capture where
// one is given; else a command's system calls, functions and samples where they are all that the probe asks for (no
// privilege is needed, and nothing is ever lost); else the kernel. Without a command it is about all processes, where
// the kernel lets us see them.
Choice choose_events(const object::Object &object, std::string_view only, bool has_input, bool has_command);

}  // namespace spile::driver
