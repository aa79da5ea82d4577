// Accelerator: runs a checked program at the speed of the pinned interpreter, as far as it needs no judgement.
//
//   CheckedMachine         ──► run(): arithmetic, jumps, calls of subprograms, accesses in memory that was found before
//          ▲                    │ ▲
//          └── Host::step() ◄───┘ └── goes on
//              what is left: helpers, atomics, an access elsewhere, a fault
//
// It decides nothing: an access whose address is not in the window that its instruction is bound to, and everything
// that is not plain, is a step of the interpreter, which looks, and may say where the memory is (bind(), learn()). So
// faults, helpers and regions are in one place, checked_machine.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/vm/env.h"
#include "runtime/vm/frames.h"
#include "runtime/vm/regions.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {

// r0 to r10, in as many places as the 4 bits of an encoding can name.
using Registers = std::array<uint64_t, 16>;

class Accelerator {
 public:
  // The interpreter whose registers, frames and fuel are worked on.
  class Host {
   public:
    virtual ~Host() = default;
    // Executes this instruction; the one to go on at, or none when there is an end to it.
    virtual std::optional<uint32_t> step(uint32_t insn) = 0;
    // The program ends, by this exit of its first frame.
    virtual void finish(uint32_t insn) = 0;

    Env *env = nullptr;  // of helpers; may be null
  };

  virtual ~Accelerator() = default;
  // Null where the pinned interpreter is not built.
  static std::unique_ptr<Accelerator> make(const Resolved &program);

  // Goes on at [insn], until the host sees an end. Fuel is spent at jumps backwards, for all instructions that they go
  // back over, and at the end of a subprogram, for all of it; with too little of it, those are the host's too.
  virtual void run(uint32_t insn, Registers &regs, Frames &frames, uint64_t &fuel, Host &host) = 0;
  // Whether there is an instruction that is bound to a window: those of the host have to be told before a run.
  virtual bool has_bound() const { return true; }
  // Where the context of the next runs is, which outlives them.
  virtual void tell_context(const Window &) {}
  // Accesses of this instruction need not be looked at while they lie in the window, which outlives the accelerator's
  // runs.
  virtual void bind(uint32_t insn, const Window &window) = 0;
  // The same for memory that stays where it is.
  virtual void learn(uint32_t insn, const Region &region) = 0;
};

}  // namespace spile::vm
