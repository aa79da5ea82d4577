// Which programs of an object are loaded.
#pragma once

#include <string_view>

#include "backend/object/object.h"

namespace spile::object {

// As libbpf: a program of SEC("?...") is loaded only when it is asked for. [only]: the name that --prog gives, or
// empty.
inline bool is_wanted(const ProgramEntry &entry, std::string_view only) {
  return only.empty() ? !entry.section.starts_with('?') : entry.name == only;
}

}  // namespace spile::object
