// Event files: recorded events in binary, to be shown to programs as fast as these run. `spile record -o F.evb`.
//
//   FileHeader | HookRecord, EventRecord, HitRecord, … each 8-byte aligned, with its size in front
//
// Numbers are in the machine's order; a file of the other order is refused. A hook is described once, before its first
// event, with the fields of its record: a probe that has them elsewhere finds them by name.
//
// The magic ends in the version: 1 had no hits of functions and no samples.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "runtime/hooks/recorder.h"
#include "runtime/hooks/recording.h"

namespace spile::hooks {

inline constexpr std::string_view kEventFileMagic{"\x7fspilev", 7};
inline constexpr uint8_t kEventFileVersion = 2;

class EventFileWriter final : public EventWriter {
 public:
  explicit EventFileWriter(Write write) : write_(std::move(write)) {}
  void begin(uint64_t clock_ns) override;
  void write(const Tracepoint &tracepoint, const vm::Event &event, const MemoryPieces &memory) override;
  void notice(const std::string &text) override;
  // Why there are no more events: what next() of a reader ends with.
  void trouble(const Error &error);

  // The same for who knows its hooks by number: describes the one, writes an event of it.
  uint16_t hook_of(const Tracepoint &tracepoint);
  void write(uint16_t hook, const vm::Event &event, const MemoryPieces &memory, bool is_of_code = false);

 private:
  void write_text(uint16_t kind, uint16_t hook, const std::string &text);

  Write write_;
  std::map<std::string, uint16_t, std::less<>> hooks_;
  std::string record_;
};

// Of a file that begins with the magic. Unsupported error: one of a later version.
Result<std::unique_ptr<Recording>> read_event_file(ByteStream bytes);

}  // namespace spile::hooks
