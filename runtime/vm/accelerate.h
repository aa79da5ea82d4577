// Accelerator: runs the plain part of a checked program at the speed of the pinned interpreter.
//
//   Checked (checked.cpp) ──► run(): arithmetic, jumps, accesses in memory that was found before ──┐
//          ▲                                                                                       │
//          └── what is left: calls, returns, atomics, an access elsewhere, a fault ◄───────────────┘
//
// It decides nothing: an access whose address is not where the same instruction's last one was found, and everything
// that is not plain, goes back to the interpreter, which looks, and may say where the memory is (learn()). So faults,
// helpers and regions are in one place, checked.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/vm/regions.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {

// r0 to r10, in as many places as the 4 bits of an encoding can name.
using Registers = std::array<uint64_t, 16>;

class Accelerator {
 public:
  virtual ~Accelerator() = default;
  // Null where the pinned interpreter is not built.
  static std::unique_ptr<Accelerator> make(const Resolved &program);

  // Goes on at [insn]; the instruction that is left to the interpreter. Fuel is spent at jumps backwards, for all
  // instructions that they go back over; with too little of it, they are left too.
  virtual uint32_t run(uint32_t insn, Registers &regs, uint64_t &fuel) = 0;
  // This instruction's accesses of [bytes] in the region need not be looked at, until forget().
  virtual void learn(uint32_t insn, const Region &region, unsigned bytes) = 0;
  // Memory was moved.
  virtual void forget() = 0;
};

}  // namespace spile::vm
