// The records of tracepoints other than system calls', as a program reads them: by the struct that its context points
// to, `struct trace_event_raw_sched_switch *ctx`. Events that are written down give their fields by name.
#pragma once

#include <string_view>

#include "backend/object/object.h"
#include "runtime/hooks/tracepoint.h"

namespace spile::session {

// [kernel]: the types that the program was relocated to, whose struct of that name counts; null: it was not. Without
// fields where the program's BTF says nothing of its context.
hooks::RecordFormat record_layout(const object::Object &object, std::string_view program, std::string_view tracepoint,
                                  const object::Btf *kernel);

}  // namespace spile::session
