// Maps of objects from before BTF (`struct bpf_map_def` in a section `maps`), which libbpf refuses since 1.0: they are
// made here, and the instructions name their descriptors.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backend/object/object.h"
#include "support/file.h"
#include "support/result.h"

namespace spile::kernel {

using LegacyMap = std::pair<std::string, Fd>;

bool has_legacy_maps(const object::Object &object);
// [object] then has none. The maps live as long as their descriptors.
Result<std::vector<LegacyMap>> make_legacy_maps(object::Object &object);

}  // namespace spile::kernel
