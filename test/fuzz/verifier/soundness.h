// Soundness against execution: a program that the verifier accepts is run on the checked interpreter, with noise for
// everything that the verifier calls unknown. At each step the machine lies inside one of the abstract states that were
// seen at that instruction, every access within memory, every helper called with what it may have.
#pragma once

#include <cstdint>
#include <string>

#include "test/fuzz/verifier/world.h"

namespace spile::fuzz {

struct Soundness {
  enum Kind : uint8_t {
    Rejected,  // nothing to be seen
    Sound,
    Unsound,
    TooLarge,  // more states than are worth keeping
  } kind = Rejected;
  std::string why;     // Unsound
  uint64_t steps = 0;  // instructions that ran
};

// Runs it [runs] times with inputs from [seed] on. [world] was made for the program's object and type.
Soundness observe(const object::Program &program, const tables::ProgramType &type, World &world, unsigned runs,
                  uint64_t seed);

}  // namespace spile::fuzz
