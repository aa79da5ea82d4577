// Names of CO-RE relocations, also of kinds that are not known.
#pragma once

#include <cstdint>
#include <string_view>

#include "lang-spec/tables/core_relocs.h"

namespace spile::object {

constexpr std::string_view name_of_core_reloc(uint32_t kind) {
  const auto known = tables::core_kind(kind);
  return known ? tables::info_of(*known).text : "unknown";
}

}  // namespace spile::object
