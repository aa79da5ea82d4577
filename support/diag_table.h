// Turns rows of a diagnostics table into types spile::diag::<Name>. A stage includes this once for its own table:
//
//     #define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/parse.def"
//     #include "support/diag_table.h"
//
// so that a new row rebuilds only the stage that reports it. No include guard: it is a template file.
#include "support/diagnostics.h"

namespace spile::diag {
#define SPILE_DIAG(Name, Level, text)                      \
  struct Name {                                            \
    static constexpr std::string_view kName = #Name;       \
    static constexpr Severity kSeverity = Severity::Level; \
    static constexpr const char *kText = text;             \
  };
#include SPILE_DIAG_TABLE
#undef SPILE_DIAG
}  // namespace spile::diag
#undef SPILE_DIAG_TABLE
