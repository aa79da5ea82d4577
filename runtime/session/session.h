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
#include "runtime/helpers/faults.h"
#include "runtime/helpers/network_state.h"
#include "runtime/hooks/byte_stream.h"
#include "runtime/hooks/recorder.h"
#include "runtime/hooks/recording.h"
#include "runtime/hooks/scenario.h"
#include "runtime/session/kernel_side.h"
#include "runtime/session/map_set.h"
#include "runtime/session/output_format.h"
#include "runtime/session/print_maps.h"
#include "runtime/vm/checked.h"
#include "runtime/vm/code_source.h"
#include "runtime/vm/engine.h"
#include "support/result.h"
#include "verifier/verifier.h"

namespace spile::session {

// Time that stands still but for Session::pass(). Nothing of this machine is seen then: the same events give the same.
struct VirtualTime {
  uint64_t clock_ns = 0;  // where CLOCK_MONOTONIC begins
  uint64_t seed = 1;      // of random numbers; not 0
};

// Somebody who asks now and then, perhaps from another thread, for the maps as OpenMetrics.
class MetricsReader {
 public:
  virtual ~MetricsReader() = default;
  virtual bool wants() = 0;
  virtual void take(std::string metrics) = 0;
};

// Tiered: interpreted first, compiled when hot.
enum class EngineKind : uint8_t { Interpreter, Jit, Tiered };

struct Options {
  EngineKind engine = EngineKind::Interpreter;
  vm::JitSettings jit;                               // how code is made and kept
  vm::Watch watch;                                   // told of each instruction; the engine is a slow one then
  std::optional<VirtualTime> virtual_time;           // the run goes step by step
  const object::Btf *kernel_types = nullptr;         // that the programs were relocated to; null: they were not
  std::optional<KernelSide> kernel;                  // the events are the kernel's, and its programs are there
  std::optional<std::string> command;                // -c: trace this command line
  std::optional<uint32_t> pid;                       // -p: trace this process, without the kernel's help
  std::optional<hooks::ByteStream> packets;          // -i: run packet programs on this capture
  std::shared_ptr<const helpers::Network> network;   // --net: that helpers are asked about; null: none
  std::string pin;                                   // --pin: the folder that keeps the maps; empty: none
  std::string pass, drop, verdicts, redirected;      // --pass, --drop, ...: files for packets; empty: none
  bool stats = false;                                // --stats: Outcome::programs is filled
  hooks::EventSteps *events = nullptr;               // -i FILE.evt: the events alone, with virtual_time
  hooks::Recording *recording = nullptr;             // -i FILE of recorded events, with virtual_time
  hooks::EventWriter *record = nullptr;              // gets the events that reach programs
  std::optional<std::chrono::nanoseconds> duration;  // -T: end the run after this long
  std::unique_ptr<OutputFormat> format;              // -f; null: text
  MetricsReader *metrics = nullptr;                  // --listen
  std::function<bool(std::string_view)> print;       // what the probe prints; false: nobody reads any more
  std::function<void(const std::string &)> status;   // what the person at the terminal should know
  std::function<void(const std::string &)> loss;     // what was lost, which nobody may miss
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
  uint64_t lost_records = 0;        // of the kernel's perf event arrays
  // With Options::stats: how often each program ran, and for how long. In the kernel a run for a task that is not asked
  // about counts too.
  struct Ran {
    std::string name, section;
    uint64_t times = 0, ns = 0;
  };
  std::vector<Ran> programs;
  struct Filled {
    std::string name;
    size_t elements = 0, room = 0;
  };
  std::vector<Filled> maps;  // of those that can be full
};

// A program that may run: linked, and accepted by the verifier.
struct Accepted {
  const object::Program *program = nullptr;
  const tables::ProgramType *type = nullptr;
  std::optional<uint32_t> kernel_access = {};  // first_kernel_access() of its verdict
};
// The first instruction that goes through a pointer to an object of the kernel, which the engines here do not have.
std::optional<uint32_t> first_kernel_access(const verifier::Verdict &verdict);
// Fails on a program that no engine here may run; says the line.
Result<void> check_runs_here(const Accepted &accepted);

// The types whose numbers the programs have for those of the kernel: of the kernel that they were relocated to, else
// their own. Null: there are none.
const object::Btf *types_of(const object::Object &object, std::span<const Accepted> programs);

class Session {
 public:
  // Makes the maps, loads the programs into the engine, resolves their hooks. [object] outlives the session.
  static Result<std::unique_ptr<Session>> open(const object::Object &object, std::span<const Accepted> programs,
                                               Options options);
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  Result<Outcome> run(Control &control);

  // ---- One step at a time, with Options::virtual_time, in place of run().

  void begin();
  // Timers and intervals that become due on the way run at their time.
  void pass(uint64_t ns);
  struct Returned {
    std::string_view program;
    int32_t result = 0;
  };
  // Passes its time and runs all programs that hang on its hook, as often as it says; what they returned last. Input
  // error when no program does, or for a field that there is not. [folder]: where its captures lie.
  Result<std::vector<Returned>> fire(const hooks::EventStep &step, const std::string &folder);
  void inject(const helpers::Fault &fault);
  // Runs the end handlers, prints the maps that are left.
  Outcome end();

  std::optional<int> exit_status() const;  // of exit()
  // Of the map of this name, as they are printed, those of arrays with their zeros; none when there is no such map.
  std::optional<std::vector<ShownElement>> elements(std::string_view map) const;
  // Of a variable that no section keeps from being written, as it is printed; none when there is none.
  std::optional<std::string> global(std::string_view name) const;
  // The last packet as its programs left it, and how many bytes of it they pass on.
  std::span<const std::byte> packet() const;
  uint32_t kept() const;
  // That programs have sent for the last event.
  std::vector<uint32_t> signals() const;
  // The field of the running event's record that lies at [address] and that its step leaves open; empty: none does.
  std::string_view unset_field(uint64_t address, uint64_t size) const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace spile::session
