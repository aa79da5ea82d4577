#include "verifier/domain/tnum.h"

#include <fmt/format.h>

namespace spile::verifier {

// Long multiplication over the bits of [a]. Sound because: a certain 1 adds [b], shifted; under an uncertain bit the
// sum is with or without it, and the union holds both; test/unit/proofs has the proof. (Linux 6.18; "Sound, Precise,
// and Fast" has the older, coarser one.)
Tnum mul(Tnum a, Tnum b) {
  Tnum sum{0, 0};
  while (a.value != 0 || a.mask != 0) {
    if (a.value & 1)
      sum = add(sum, b);
    else if (a.mask & 1)
      sum = either(sum, add(sum, b));
    a = a.rsh(1);
    b = b.lsh(1);
  }
  return sum;
}

std::string to_string(Tnum t) {
  if (t.is_const()) return t.value <= 0xffff ? fmt::format("{}", t.value) : fmt::format("{:#x}", t.value);
  return fmt::format("({:#x}; {:#x})", t.value, t.mask);
}

}  // namespace spile::verifier
