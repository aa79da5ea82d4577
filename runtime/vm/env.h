// Env: what a running program can reach besides its registers: the event, its maps, output, time, randomness.
//
// One Env belongs to one thread that runs programs. Helpers (runtime/helpers) get it as their last argument. Both
// engines use the same helpers and the same Env, so they give the same results.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/maps/map.h"
#include "runtime/vm/event.h"

namespace spile::helpers {
class Timers;
struct Network;
}  // namespace spile::helpers
namespace spile::object {
class Btf;
}

namespace spile::vm {

struct Env;

// r1..r5, then the environment; returns r0. Pointers in registers are host addresses.
using HelperFn = uint64_t (*)(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, Env *env);

// Runs the subprogram that a program passed as a callback (the value of its kPseudoFunc load) in the same engine.
using CallbackFn = uint64_t (*)(Env *env, uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                                uint64_t r5);

class Loaded;

// A clock: nanoseconds, asked of a function with its state. No std::function: compiled code reads the clock itself.
struct Clock {
  uint64_t (*read)(void *state) = nullptr;
  void *state = nullptr;  // outlives the clock
  uint64_t operator()() const { return read(state); }
};

struct Env {
  const Event *event = nullptr;
  uint32_t program_type = 0;  // enum bpf_prog_type of the program that runs
  uint64_t cgroup_id = 1;     // of the task; 1 is the root of every hierarchy
  helpers::Timers *timers = nullptr;
  const helpers::Network *network = nullptr;  // that helpers are asked about; null: none was described
  const object::Btf *types = nullptr;         // whose numbers programs have for the kernel's types; null: of none
  int32_t return_value = 0;                   // bpf_set_retval()
  // Text that a program prints, as it is: trace_printk lines end in a newline.
  std::function<void(std::string_view)> print;
  // CLOCK_MONOTONIC in a live run; virtual otherwise.
  Clock now_ns;
  uint64_t suspended_ns = 0;                      // CLOCK_BOOTTIME less CLOCK_MONOTONIC; 0 when the clock is virtual
  uint64_t tai_ahead_ns = 0;                      // CLOCK_TAI less CLOCK_MONOTONIC; 0 likewise
  uint64_t random_state = 0x9e3779b97f4a7c15ull;  // of get_prandom_u32; set by !seed
  // Calls of each helper that returned an error, by helper number (modulo size); reported at the end of a run.
  struct Failure {
    uint32_t helper = 0;
    int64_t error = 0;  // negative errno
    uint64_t count = 0;
  };
  std::vector<Failure> failures;
  void count_failure(uint32_t helper, int64_t error);

  // Where bpf_redirect() and its kin send the packet, when the program's result says so; the last call counts.
  struct Target {
    enum Kind : uint8_t { Interface, Peer, Neighbour, Cpu, Socket } kind = Interface;
    uint32_t number = 0;       // of the interface, the CPU, the queue
    bool is_incoming = false;  // as if the interface had received it
  };
  std::vector<Target> targets;  // several: a broadcast
  struct Clone {                // of bpf_clone_redirect()
    Target to;
    std::vector<std::byte> bytes;
  };
  std::vector<Clone> clones;

  // bpf_send_signal(): whether those who cause events live and are traced. Else what would be sent is noted.
  bool signals_tasks = false;
  struct Signal {
    uint32_t number = 0;
    uint32_t pid = 0, tid = 0;
    bool to_thread = false;  // else to any of the process
  };
  std::vector<Signal> unsent;

  // Before a program runs for an event: what the last one left is gone.
  void begin(const Event *of, uint32_t type) {
    event = of;
    program_type = type;
    tail_calls = 0;
    if (!targets.empty() || !clones.empty()) [[unlikely]]
      forget_packets();
  }
  void forget_packets();

  // bpf_tail_call(): how often in this run, and whether the frame that called is to be left now.
  uint32_t tail_calls = 0;
  bool tail_called = false;

  // Set by the engine where a run begins, and left as it is where that ends: who runs a program inside of another one's
  // run puts back what was there.
  const Loaded *running = nullptr;
  CallbackFn call_back = nullptr;
  const void *engine_state = nullptr;
};

// Functions of the kernel (kfuncs.def) have numbers too: their place in the table, from here on.
inline constexpr uint32_t kKfuncNumbers = 0x8000;
// A helper or kernel function in words; empty for a number that is none.
std::string_view function_name(uint32_t number);
// The function of a helper or kernel function; null when the engines do not have it.
HelperFn helper_function(uint32_t number);

}  // namespace spile::vm
