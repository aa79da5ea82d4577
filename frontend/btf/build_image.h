// Bytes of BTF → bytes of an Image: the same types, and an index of what a program can name in them.
//
// Untrusted bytes are checked first (object::check_btf), so the faults of a damaged file are named here and not met
// later. Run when the binary is built, for the BTF that ships (make_frozen.cpp); and by Sources for another kernel's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "support/result.h"

namespace spile::btf {

Result<std::vector<std::byte>> build_image(std::span<const std::byte> btf, uint64_t identity);

}  // namespace spile::btf
