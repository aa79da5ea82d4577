// What a program needs of a kernel, by version: `spile check --kernel=5.10,6.1`.
//
// In: a program with its verdict, which is that of the newest kernel. Out: what it uses that older ones do not have.
// Only instructions that a path reaches count: what CO-RE or a constant leaves out is no need.
#pragma once

#include <string>
#include <vector>

#include "driver/judge.h"

namespace spile::driver {

struct Need {
  std::string what;    // "`bpf_loop`"
  uint16_t since = 0;  // tables::linux_version()
};

// Newest first.
std::vector<Need> needs_of(const Judged &judged, const object::Object &object);

// "5.10,6.1" → versions; empty when one is no version.
std::vector<uint16_t> parse_kernels(const std::string &list);
std::string version_text(uint16_t version);

}  // namespace spile::driver
