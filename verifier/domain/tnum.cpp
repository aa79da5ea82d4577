#include "verifier/domain/tnum.h"

#include <fmt/format.h>

namespace spile::verifier {

// Long multiplication over the bits of [a]. Sound because: the product of the known parts is exact, and each uncertain
// bit of a, or uncertain bit of b under a certain 1, adds a partial product whose every bit may or may not be there.
Tnum mul(Tnum a, Tnum b) {
  const uint64_t known = a.value * b.value;
  Tnum uncertain{0, 0};
  while (a.value != 0 || a.mask != 0) {
    if (a.value & 1) uncertain = add(uncertain, Tnum{0, b.mask});
    else if (a.mask & 1) uncertain = add(uncertain, Tnum{0, b.value | b.mask});
    a = a.rsh(1);
    b = b.lsh(1);
  }
  return add(Tnum::constant(known), uncertain);
}

std::string to_string(Tnum t) {
  if (t.is_const()) return t.value <= 0xffff ? fmt::format("{}", t.value) : fmt::format("{:#x}", t.value);
  return fmt::format("({:#x}; {:#x})", t.value, t.mask);
}

}  // namespace spile::verifier
