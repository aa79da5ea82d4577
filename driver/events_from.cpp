#include "driver/events_from.h"

#include "backend/object/wanted.h"

#include <algorithm>
#include <utility>

#include "lang-spec/tables/tables.h"
#include "runtime/hooks/tracepoint.h"
#include "runtime/kernel/kernel_object.h"

namespace spile::driver {

std::optional<EventsFrom> events_from(std::string_view name) {
  constexpr std::pair<std::string_view, EventsFrom> kNames[] = {{"auto", EventsFrom::Auto},
                                                                {"ptrace", EventsFrom::Ptrace},
                                                                {"replay", EventsFrom::Replay},
                                                                {"kernel", EventsFrom::Kernel}};
  const auto *found = std::ranges::find(kNames, name, &std::pair<std::string_view, EventsFrom>::first);
  return found == std::end(kNames) ? std::nullopt : std::optional(found->second);
}

Choice choose_events(const object::Object &object, std::string_view only, bool has_input, bool has_command) {
  if (has_input) return {EventsFrom::Replay, "-i gives the events"};
  bool asks_for_calls = false;
  for (const object::ProgramEntry &entry : object.programs) {
    const tables::ProgramType *type = tables::find_program_type(entry.section);
    if (type == nullptr) continue;  // an error of its own
    const bool is_handler = type->flags & tables::kUserSideProgram;
    if (!object::is_wanted(entry, only) && (only.empty() || !is_handler)) continue;
    switch (type->hook) {
      case tables::HookKind::Tracepoint:
        // One that does not exist anywhere has an error that knows the nearest ones.
        if (!hooks::find_tracepoint(entry.section) && !entry.section.contains("syscalls/"))
          return {EventsFrom::Kernel, fmt::format("SEC(\"{}\") is no system call", entry.section)};
        asks_for_calls = true;
        break;
      case tables::HookKind::UserProbe:
      case tables::HookKind::Sample:
        asks_for_calls = true;
        break;
      case tables::HookKind::None:
        return {EventsFrom::Kernel, fmt::format("only a kernel can run SEC(\"{}\")", entry.section)};
      case tables::HookKind::Packet:
      case tables::HookKind::Once:
      case tables::HookKind::Begin:
      case tables::HookKind::End:
      case tables::HookKind::Interval:
        break;
    }
  }
  if (!asks_for_calls) return {EventsFrom::Ptrace, "no events are needed"};
  if (has_command) return {EventsFrom::Ptrace, "the probe asks for what the command alone does"};
  if (kernel::check_allowed()) return {EventsFrom::Kernel, "there is no command (-c), so it is about all processes"};
  return {EventsFrom::Ptrace, "the kernel takes no programs from this process"};
}

}  // namespace spile::driver
