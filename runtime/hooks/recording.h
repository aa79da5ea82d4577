// Recording: the events of a file, one after the other, in the form that programs see.
//
// In: a file of another tool, or of `spile record`. Out: events, each with the hook that it is of. Nothing is made an
// event ahead: a file may be larger than memory. The readers: event_file.h, trace_dat.h, perf_script.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/hooks/byte_stream.h"
#include "runtime/hooks/tracepoint.h"
#include "runtime/vm/event.h"
#include "support/result.h"

namespace spile::hooks {

class Recording {
 public:
  virtual ~Recording() = default;

  // The next event, of the hook of this number; false: there is none any more. What [event] points to lives until the
  // next call, and its record lies where it is in the file: nothing is behind it. Input error for a damaged file.
  virtual Result<bool> next(uint32_t &hook, vm::Event &event) = 0;
  // The hooks that events were of until now, with the layout of their records.
  virtual const std::vector<Tracepoint> &hooks() const = 0;
  // Where CLOCK_MONOTONIC stood at the start.
  virtual uint64_t clock_ns() const = 0;
  // What the recording lacks, in words: lost events.
  virtual std::vector<std::string> notices() const { return {}; }
};

// Takes [bytes] over when they begin as a recording does; else it is null, and they are where they were: they may be a
// capture or text. Environment error where they cannot be read.
Result<std::unique_ptr<Recording>> open_recording(ByteStream &bytes);

}  // namespace spile::hooks
