// Obligations: what must hold for an instruction to run. They follow from the instruction and the tables alone.
//
// In: the program, an instruction. Out: a list that check.cpp decides against a state, one by one, in the order of the
// kernel's checks. Nothing is decided here.
#pragma once

#include <array>
#include <cstdint>

#include "verifier/env.h"

namespace spile::verifier {

enum class Must : uint8_t {
  BeReadable,       // [reg] was given a value
  BeWritable,       // [reg] is not r10
  NotDivideByZero,  // immediate
  ShiftWithin,      // immediate
  ComputeSoundly,   // `dst op= src`: what may be done with pointers
  Access,           // [size] bytes at [reg] + [off]
  CallKnownHelper,
  CallAllowedHelper,
  HaveLicence,
  CallInSection,        // no lock is held, nothing forbids to sleep
  CallAllowedFunction,  // a subprogram, likewise
  CallKfunc,            // the kernel function may be called here, its arguments fit
  ObeyHelper,           // what only this helper asks for
  PassArgument,         // [arg] of a helper is of its kind
  NestCalls,            // one more frame
  CallGlobally,         // the arguments fit the signature of a global function
  LoadFromPacket,       // LD_ABS, LD_IND
  Return,               // from the program, a subprogram or a callback
};

enum class How : uint8_t { Read, Write, Atomic };

struct Obligation {
  Must must;
  uint8_t reg = 0;
  How how = How::Read;
  uint8_t size = 0;
  int16_t off = 0;
  uint8_t arg = 0;  // from 0
};

struct Obligations {
  std::array<Obligation, 24> items;
  unsigned count = 0;

  void add(Obligation o) { items[count++] = o; }
  const Obligation *begin() const { return items.data(); }
  const Obligation *end() const { return items.data() + count; }
};

Obligations obligations(const Env &env, uint32_t insn);

// The kernel's name of an ALU operation in messages: "+=".
const char *operator_text(uint8_t alu_op);

}  // namespace spile::verifier
