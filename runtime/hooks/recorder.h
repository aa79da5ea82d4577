// Recorder: live events as lines of a `.evt` file, each with the memory that programs have read for it.
//
//     +12us syscalls/sys_enter_openat pid=7 tid=7 … filename=0x7ffe…  mem:0x7ffe…=hex:2f6574632f7061737377640000
//
// In: an event and what hook it is of, before a program runs for it. Out: a line. A replay answers from the line alone;
// memory that nobody read cannot be read then either.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/hooks/tracepoint.h"
#include "runtime/vm/event.h"

namespace spile::hooks {

class Recorder {
 public:
  // [write] gets whole lines. [clock_ns]: where the recording begins.
  Recorder(std::function<void(const std::string &)> write, uint64_t clock_ns);

  // A program of [tracepoint] is about to run for [event], whose memory goes through the recorder from here on. Several
  // programs may, one after the other: the event is one line, with what all of them read.
  void begin(const Tracepoint &tracepoint, vm::Event &event);
  // Writes the last event.
  void finish();

 private:
  class Memory final : public vm::TaskMemory {
   public:
    bool read(uint64_t address, std::span<std::byte> to) override;
    vm::TaskMemory *live = nullptr;
    std::map<uint64_t, std::vector<std::byte>> pieces;
  };

  std::function<void(const std::string &)> write_;
  uint64_t last_ns_;
  std::string line_;  // of the event that programs run for; empty: none has come
  Memory memory_;
};

}  // namespace spile::hooks
