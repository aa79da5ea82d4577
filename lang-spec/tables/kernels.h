// kernels.def as a table: what instructions and rules of the verifier are newer than Linux 5.10.
#pragma once

#include <cstdint>
#include <string_view>

#include "lang-spec/tables/tables.h"

namespace spile::tables {

enum class Feature : uint8_t {
#define SPILE_FEATURE_SINCE(Name, spoken, major, minor) Name,
#include "lang-spec/tables/kernels.def"
};

struct FeatureRow {
  std::string_view spoken;
  uint16_t since;  // linux_version()
};
inline constexpr FeatureRow kFeatures[] = {
#define SPILE_FEATURE_SINCE(Name, spoken, major, minor) {spoken, linux_version(major, minor)},
#include "lang-spec/tables/kernels.def"
};
constexpr const FeatureRow &row_of(Feature feature) { return kFeatures[static_cast<size_t>(feature)]; }

}  // namespace spile::tables
