// The rows of diagnostics.def as text, for what lists or looks up diagnostics by name.
#pragma once

#include <string_view>

namespace spile::tables {

struct DiagnosticRow {
  std::string_view name, severity, text;
};
inline constexpr DiagnosticRow kDiagnosticRows[] = {
#define SPILE_DIAG(Name, Level, text) {#Name, #Level, text},
#include "lang-spec/tables/diagnostics.def"
#undef SPILE_DIAG
};

}  // namespace spile::tables
