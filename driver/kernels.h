// What older kernels say of a program that the newest accepts: `spile check --kernel=5.10,6.1`.
//
// In: a program with its verdict. Out: what it uses that a version does not have, or what the rules of that version
// refuse. Only instructions that a path reaches count: what CO-RE or a constant leaves out is no need.
#pragma once

#include <string>
#include <vector>

#include "driver/judge.h"

namespace spile::driver {

class OlderKernels {
 public:
  // [judged] was accepted; both outlive it.
  OlderKernels(const Judged &judged, const object::Object &object);

  // Why this version rejects the program; empty: it does not.
  std::string refusal(uint16_t version) const;
  // The first version that accepts it; there is one.
  uint16_t first() const;

 private:
  struct Need {
    std::string what;    // "`bpf_loop`"
    uint16_t since = 0;  // tables::linux_version()
  };
  class Collector;

  const Judged &judged_;
  std::vector<Need> needs_;  // the newest first
};

// What the tables tell apart: the verdict itself is that of the newest.
inline constexpr uint16_t kOldestKernel = tables::linux_version(5, 10), kNewestKernel = tables::linux_version(6, 18);

// "5.10,6.1" → versions between these.
Result<std::vector<uint16_t>> parse_kernels(const std::string &list);
std::string version_text(uint16_t version);

}  // namespace spile::driver
