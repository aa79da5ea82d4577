// kernels.def as a table: what instructions and rules of the verifier are newer than Linux 5.10, and which helpers
// depend on how a kernel was built.
#pragma once

#include <linux/bpf.h>

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

struct HelperOption {
  uint32_t helper;          // its number
  std::string_view option;  // of a kernel's configuration
  bool needed;              // only kernels with it have the helper; else those with it refuse the helper
};
inline constexpr HelperOption kHelperOptions[] = {
#define SPILE_HELPER_NEEDS(helper, option) {BPF_FUNC_##helper, option, true},
#define SPILE_HELPER_BARRED(helper, option) {BPF_FUNC_##helper, option, false},
#include "lang-spec/tables/kernels.def"
};

}  // namespace spile::tables
