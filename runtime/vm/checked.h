// The checked interpreter: runs any bytes as a program. For `spile exec --unverified` and the conformance vectors.
//
// In: instructions that nobody verified, the memory they may touch, and fuel. Out: r0, or a Fault that names the
// instruction, what it did and where. Nothing that the bytes say is undefined behaviour here: every access is looked
// up in a region, every argument of a helper in its row, every jump and call checked, and fuel bounds the run. It is
// slow beside the engines of engine.h, but for what accelerate.h runs in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "backend/isa/insn.h"
#include "runtime/vm/accelerate.h"
#include "runtime/vm/call_check.h"
#include "runtime/vm/engine.h"
#include "runtime/vm/fault.h"
#include "runtime/vm/regions.h"
#include "runtime/vm/resolve.h"
#include "support/result.h"

namespace spile::vm {

// The machine before an instruction.
struct Moment {
  uint32_t insn = 0;
  std::span<const uint64_t> regs;    // r0 to r10
  std::span<const std::byte> stack;  // of all frames that are entered; the running one's is the last kStackBytes
};

class CheckedMachine;
// An accelerator, and where memory is in the run that is active.
struct Fast {
  std::unique_ptr<Accelerator> engine;
  Window stack, context, packet;
  CheckedMachine *running = nullptr;
};

inline constexpr uint64_t kDefaultFuel = 100'000'000;

struct CheckedRun {
  std::span<const Region> regions;
  bool verified = false;  // any address is taken for good: the verifier has accepted the program
  uint64_t r1 = 0, r2 = 0;
  uint64_t fuel = kDefaultFuel;  // instructions it may execute
  // Helpers that it may call. Null: none.
  HelperResolver resolve = nullptr;
  // What calls may use, and add to; without it helpers get registers as they are, so they must be safe with any.
  Reach *reach = nullptr;
  const object::Btf *btf = nullptr;   // names the kernel's functions that it calls; null: there are none
  std::span<CallSite> sites;          // its calls, rising; empty: they are looked up each time
  Env *env = nullptr;                 // for helpers and packet loads; callbacks run in this engine
  std::span<const ResolvedMap> maps;  // by index, what loads of maps give; an address of 0: none
  // Called before each instruction. A text ends the run: it is a fault of that instruction.
  std::function<std::optional<std::string>(const Moment &)> observe;
  // Of a program that a tail call ran: its fault is the end of this run too. Null: there are none.
  const std::optional<Fault> *elsewhere = nullptr;
  Fast *fast = nullptr;      // runs what is plain; null: nothing does
  bool uses_stack = true;    // an instruction names r10
  uint64_t stack_noise = 0;  // what the stack holds at first: zeros, or noise made from this number
};

// An error is the fault in one line: `instruction 3: ...: message`.
Result<uint64_t> run_checked(std::span<const isa::Insn> insns, const CheckedRun &options);

// Told of each instruction before it runs. The program lives as long as what was loaded, and has the name of what was.
using Watch = std::function<void(const object::Program &, const Moment &)>;

// What an engine of checked interpreters is told, and tells. One for all runs of a program; of one thread.
struct Supervision {
  bool verified = true;        // the verifier accepted the programs: no access is looked at
  bool exact = false;          // count each instruction of unverified programs, too: some ten times slower
  uint64_t fuel = UINT64_MAX;  // the most instructions that a run may execute, with the programs that it tail-calls
  uint64_t stack_noise = 0;    // as in CheckedRun
  uint64_t executed = 0;       // instructions, added up over runs
  std::optional<Fault> fault;  // the first; the run that has it gives 0, and so does every later one
  Watch watch;                 // may be empty
};
// How unverified programs are made fast. In: what stays where it is of the memory that they have, besides.
using MakeAccelerator = std::function<Result<std::unique_ptr<Accelerator>>(
    const object::Program &, const Resolved &, std::span<maps::Map *const>, const Regions &)>;
// Accelerator::make() alone.
MakeAccelerator interpreted();
// [supervision] outlives the engine and what it loads.
std::unique_ptr<Engine> make_checked_interpreter(Supervision &supervision, HelperResolver resolve = helper_function,
                                                 MakeAccelerator accelerate = interpreted());

}  // namespace spile::vm
