// The text of `perf script` as events, with its usual columns: the tracepoints in it; other lines are passed over.
//
//     cat 14691 [000] 77445.825341: syscalls:sys_enter_write: fd: 0x00000001, buf: 0x7fb9a0a76000, count: 0x00000003
//     sh 7/9 [001] 77445.824014: sched:sched_switch: prev_comm=sh prev_pid=7 … ==> next_comm=cat next_pid=9 …
//
// A field is what the tracepoint's format prints by its name; of one that is printed as a word (prev_state=D) the
// number is not known, and of pointers the memory is not there.
#pragma once

#include <memory>
#include <string>

#include "runtime/hooks/byte_stream.h"
#include "runtime/hooks/scenario.h"

namespace spile::hooks {

// Takes [bytes] over when they begin with such a line; else it is null, and they are where they were. Environment error
// where they cannot be read.
Result<std::unique_ptr<EventSteps>> read_perf_script(ByteStream &bytes);

}  // namespace spile::hooks
