// What a session holds while it runs. For session.cpp (runs on the clock of this machine), session_steps.cpp (one
// step at a time on a virtual one) and replay.cpp, and for nobody else.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/helpers/faults.h"
#include "runtime/helpers/timers.h"
#include "runtime/hooks/child.h"
#include "runtime/hooks/packet_context.h"
#include "runtime/hooks/packets.h"
#include "runtime/hooks/pcap_writer.h"
#include "runtime/hooks/recorder.h"
#include "runtime/hooks/synthetic.h"
#include "runtime/maps/ring_map.h"
#include "runtime/session/attach.h"
#include "runtime/session/display.h"
#include "runtime/session/output_ring.h"
#include "runtime/session/session.h"
#include "runtime/session/usdt_specs.h"

namespace spile::session {

using Clock = std::chrono::steady_clock;

struct Attached {
  Hook hook;
  std::unique_ptr<vm::Loaded> loaded;
  std::string name, section;
  Clock::time_point due;               // Interval
  uint32_t type = 0;                   // enum bpf_prog_type
  mutable uint64_t times = 0, ns = 0;  // that it ran, with Options::stats
};

// Adds the time until it goes out of scope to what a program took.
class Stopwatch {
 public:
  Stopwatch(bool is_wanted, const Attached &program) : program_(is_wanted ? &program : nullptr) {
    if (program_ != nullptr) begin_ = Clock::now();
  }
  ~Stopwatch() {
    if (program_ == nullptr) return;
    program_->times++;
    program_->ns += static_cast<uint64_t>((Clock::now() - begin_).count());
  }
  Stopwatch(const Stopwatch &) = delete;
  Stopwatch &operator=(const Stopwatch &) = delete;

 private:
  const Attached *program_;
  Clock::time_point begin_;
};

struct Session::State {
  const object::Object *object = nullptr;
  Options options;
  MapSet maps;
  helpers::Timers timers;
  vm::Supervision supervision;  // with Options::watch
  std::unique_ptr<vm::Engine> engine;
  std::vector<Attached> attached;
  std::vector<std::unique_ptr<vm::Loaded>> tail_called;  // in program arrays alone
  bool has_record_maps = false;
  std::vector<bool> handled;             // by map: a handler of the user's side refers to it
  std::vector<Display> displays;         // by map
  OutputRing output;                     // of printf() and exit() in spile.h
  maps::RingMap *output_ring = nullptr;  // null when the object has none
  int64_t wall_ahead_ns = 0;             // CLOCK_REALTIME less CLOCK_MONOTONIC
  helpers::FaultEnv env;
  Outcome outcome;
  bool reader_gone = false;
  bool asks_for_stack = false;
  UsdtSpecs usdt_specs;
  bool asks_for_cpu = false;  // finding a task's CPU costs a read of /proc for each event

  Result<void> attach(const Accepted &accepted);
  vm::Event own_event() const;
  // Steady time of this machine, or the virtual one.
  Clock::time_point now() const {
    return options.virtual_time ? Clock::time_point(std::chrono::nanoseconds(virtual_ns)) : Clock::now();
  }
  uint64_t fire(const Attached &program, const vm::Event &event);
  void fire_all(Hook::Kind kind);
  void run_once();
  Clock::time_point run_due_intervals();
  Clock::time_point next_due() const;
  std::string maps_as(OutputFormat &format);
  void print_maps();
  void answer(Control &control);
  void print_waiting_records();
  std::string text_of(std::span<const std::byte> output_record);
  void print_output();
  void write(std::string_view text);
  Result<void> find_output();
  Result<void> check_handlers() const;
  void begin();
  void end();
  void report_failures();
  void report_full_maps();
  void gather_stats();

  class KernelRun;
  Result<void> run_in_kernel(Control &control);
  Result<void> start_child(hooks::ChildTracer &tracer);
  Result<void> run_child(Control &control);
  std::vector<const Attached *> listeners_of(const hooks::EventStep &step) const;
  Result<void> run_packets(Control &control);
  Result<void> run_events(Session &session, Control &control);
  Result<void> run_recording(Session &session, Control &control);
  std::unexpected<Error> nothing_wanted() const;
  // What an event for [program] is written down as, that was written down as one of [hook].
  static hooks::Tracepoint written_as(const Attached &program, std::string_view hook);
  // Lets programs of USDT probes find the arguments of [event], by its cookie.
  Result<void> show_arguments(const Attached &program, vm::Event &event, std::optional<uint64_t> number);
  void run_timers(Control &control);
  bool has(Hook::Kind kind) const {
    return std::ranges::any_of(attached, [kind](const Attached &a) { return a.hook.kind == kind; });
  }
  bool ended(const Control &control) const { return control.stop || reader_gone || outcome.exit_status; }
  Clock::time_point deadline = Clock::time_point::max();

  std::optional<hooks::Recorder> recorder;

  uint64_t virtual_ns = 0;                          // with Options::virtual_time
  std::optional<hooks::SyntheticRecord> synthetic;  // of the event that runs, or ran last
  std::vector<std::byte> last_packet;
  std::vector<hooks::Verdict> verdicts;  // of the packet's programs, with Options::verdicts
  std::vector<hooks::SentPacket> sent;   // by them, with Options::redirected
  uint64_t unsent = 0;                   // signals of the events before the last
  std::optional<vm::Env::Signal> first_unsent;
  void note_unsent();
  uint32_t last_kept = 0;  // bytes of it that its programs pass on

  Result<void> make_packet(const hooks::EventStep &step, const std::string &folder, vm::Event &event);
  std::optional<hooks::PacketContext> packet_context;
};

}  // namespace spile::session
