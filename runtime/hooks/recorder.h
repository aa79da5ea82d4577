// Recorder: the events of a run, each with the memory that programs have read for it, to be written down.
//
// In: an event and what hook it is of, before a program runs for it. Out: whole events, to a writer: lines of a `.evt`
// file, or the binary form (event_file.h). A replay answers from the event alone; memory that nobody read cannot be
// read then either.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "runtime/hooks/tracepoint.h"
#include "runtime/vm/event.h"

namespace spile::hooks {

// What one event keeps of the memory that programs read for it, at most; what is above is counted.
inline constexpr size_t kMostMemory = size_t{128} << 20;

using MemoryPieces = std::map<uint64_t, std::vector<std::byte>>;  // by address

class EventWriter {
 public:
  using Write = std::function<void(const std::string &)>;  // to the file
  virtual ~EventWriter() = default;
  virtual void begin(uint64_t clock_ns) = 0;  // where the recording starts
  virtual void write(const Tracepoint &tracepoint, const vm::Event &event, const MemoryPieces &memory) = 0;
  // What the events that were written lack, in words.
  virtual void notice(const std::string &text) = 0;
};

//     +12us syscalls/sys_enter_openat pid=7 tid=7 … filename=0x7ffe…  mem:0x7ffe…=hex:2f6574632f7061737377640000
class EventTextWriter final : public EventWriter {
 public:
  explicit EventTextWriter(Write write) : write_(std::move(write)) {}
  void begin(uint64_t clock_ns) override;
  void write(const Tracepoint &tracepoint, const vm::Event &event, const MemoryPieces &memory) override;
  void notice(const std::string &text) override;

 private:
  Write write_;
  uint64_t last_ns_ = 0;
};

class Recorder {
 public:
  // [clock_ns]: where the recording begins.
  Recorder(EventWriter &writer, uint64_t clock_ns) : writer_(writer) { writer_.begin(clock_ns); }

  // A program of [tracepoint] is about to run for [event], whose memory goes through the recorder from here on. Several
  // programs may, one after the other: the event is one, with what all of them read. [program]: which; one gets an
  // event once, so what it gets again is another one.
  void begin(const Tracepoint &tracepoint, vm::Event &event, size_t program);
  // What the program has read elsewhere, for the event that was begun last.
  void keep(uint64_t address, std::span<const std::byte> bytes) { memory_.keep(address, bytes); }
  // Writes what is not written yet.
  void finish();
  // How often memory was read that was not written down: events with more than kMostMemory of it.
  uint64_t left_out() const { return memory_.left_out; }

 private:
  struct Open;
  class Memory final : public vm::TaskMemory {
   public:
    bool read(uint64_t address, std::span<std::byte> to) override;
    void keep(uint64_t address, std::span<const std::byte> bytes);
    vm::TaskMemory *live = nullptr;
    Open *open = nullptr;  // what reads are for
    uint64_t left_out = 0;
  };
  // An event that programs run for.
  struct Open {
    std::string hook;
    Tracepoint tracepoint;
    vm::Event event;
    std::vector<std::byte> ctx;
    std::vector<uint64_t> stack;
    std::vector<size_t> programs;  // that have got it
    MemoryPieces pieces;
    size_t size = 0;  // of the pieces, as they are written
  };

  EventWriter &writer_;
  // All of one moment and one task: of several hooks, where programs ask for the same place by different names.
  std::vector<Open> open_;
  size_t open_count_ = 0;  // of open_; the others are room
  Memory memory_;
};

}  // namespace spile::hooks
