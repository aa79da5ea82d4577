// trace.dat: what `trace-cmd record` and `trace-cmd extract` write: the kernel's own ring buffers, with the formats of
// their events. Read by libtracecmd, which is opened only when there is such a file.
//
// It is read in a process of its own (isolated_recording.h): on some damaged files libtracecmd crashes. What is in a
// pipe is copied into memory first, as its end is needed.
//
// The events of all CPUs and of all instances in one order, by their time. The kernel notes the thread of an event, not
// its process: pid is tid. Strings that a pointer of a record points to are not in it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/hooks/recording.h"

namespace spile::hooks {

inline constexpr std::string_view kTraceDatMagic{"\x17\x08\x44tracing", 10};

// Of a file that begins with the magic. Environment error where libtracecmd is missing.
Result<std::unique_ptr<Recording>> read_trace_dat(ByteStream bytes);

}  // namespace spile::hooks
