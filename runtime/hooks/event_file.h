// Event files: recorded events in binary, to be shown to programs as fast as these run. `spile record -o F.evb`.
//
//   FileHeader | HookRecord, EventRecord, … each 8-byte aligned, with its size in front
//
// Numbers are in the machine's order; a file of the other order is refused by its magic. A hook is described once,
// before its first event, with the fields of its record: a probe that has them elsewhere finds them by name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "runtime/hooks/recorder.h"
#include "runtime/hooks/recording.h"

namespace spile::hooks {

inline constexpr std::string_view kEventFileMagic{"\x7fspilev\x01", 8};

class EventFileWriter final : public EventWriter {
 public:
  explicit EventFileWriter(Write write) : write_(std::move(write)) {}
  void begin(uint64_t clock_ns) override;
  void write(const Tracepoint &tracepoint, const vm::Event &event, const MemoryPieces &memory) override;

 private:
  uint16_t hook_of(const Tracepoint &tracepoint);

  Write write_;
  std::map<std::string, uint16_t, std::less<>> hooks_;
  std::string record_;
};

// Of a file that begins with the magic.
Result<std::unique_ptr<Recording>> read_event_file(const std::string &path);

}  // namespace spile::hooks
