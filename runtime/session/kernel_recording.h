// What programs see in the kernel, for a recorder: `spile record --on=kernel`.
//
// kernel::EventTap sends one run of a program at a time, by the CPUs in turn; what comes out here are events in the
// order of time, as those of a child come.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "runtime/hooks/recorder.h"
#include "runtime/hooks/tracepoint.h"
#include "runtime/hooks/user_probe.h"
#include "runtime/kernel/event_tap.h"
#include "support/result.h"

namespace spile::session {

// What a program's events are written down as.
struct TappedHook {
  hooks::Tracepoint written;
  std::vector<hooks::UserPlace> places;  // of a function or a USDT probe
};
struct Tapped {
  std::vector<kernel::TappedProgram> programs;
  std::vector<TappedHook> hooks;  // of each
};
// Unsupported error for a program whose events cannot be written down here. Environment error where the kernel does not
// say what a tracepoint's record is like.
struct LoadedProgram;  // kernel_side.h
Result<Tapped> tapped_programs(const object::Object &object, std::span<const LoadedProgram> programs);

class KernelRecording {
 public:
  KernelRecording(std::span<const TappedHook> tapped, hooks::Recorder &recorder)
      : tapped_(tapped), recorder_(&recorder) {}

  // A run as it comes out of the ring.
  void take(std::span<const std::byte> from_ring);
  // Hands over what no run that is still to come can be before.
  void settle();
  // All of it.
  void finish();

 private:
  struct Waiting {
    std::vector<std::byte> bytes;  // as they came
    kernel::EventTap::Run run;     // of them
  };
  void record_before(uint64_t time_ns);

  std::span<const TappedHook> tapped_;
  hooks::Recorder *recorder_;
  // By time and CPU; those of one event, which agree in both, in the order in which they came.
  std::multimap<std::pair<uint64_t, uint32_t>, Waiting> waiting_;
};

}  // namespace spile::session
