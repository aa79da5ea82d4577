// Session: one run of a probe, from the first begin handler to the last printed map.
//
//   begin handlers ──► events of a child, of a capture, or only time ──► end handlers ──► maps that are left
//
// Takes programs that the verifier has accepted. Prints nothing itself: the caller gives it the two sinks.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"
#include "runtime/session/map_set.h"
#include "runtime/vm/engine.h"
#include "support/result.h"

namespace spile::session {

struct Options {
  bool use_jit = false;
  std::optional<std::string> command;                // -c: trace the system calls of this command line
  std::optional<std::string> packets;                // -i: run packet programs on this capture
  std::optional<std::string> pass;                   // --pass: write the packets that pass here
  std::optional<std::chrono::nanoseconds> duration;  // -T: end the run after this long
  std::function<bool(std::string_view)> print;       // what the probe prints; false: nobody reads any more
  std::function<void(const std::string &)> status;   // what the person at the terminal should know
};

// Set by signal handlers, read between events.
struct Control {
  std::atomic<bool> stop = false;        // INT, TERM, HUP: end the trace in good order
  std::atomic<bool> print_maps = false;  // USR1: print the maps now
};

struct Outcome {
  std::optional<int> child_status;  // with -c, as a shell gives it
  std::optional<int> exit_status;   // of exit() in the probe
  uint64_t events = 0;              // events that reached a program
  uint64_t failed_helpers = 0;      // helper calls that returned an error
};

// A program that may run: linked, and accepted by the verifier.
struct Accepted {
  const object::Program *program = nullptr;
  const tables::ProgramType *type = nullptr;
};

class Session {
 public:
  // Makes the maps, loads the programs into the engine, resolves their hooks. [object] outlives the session.
  static Result<std::unique_ptr<Session>> open(const object::Object &object, std::span<const Accepted> programs,
                                               Options options);
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  Result<Outcome> run(Control &control);

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace spile::session
