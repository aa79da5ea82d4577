// Mend: edits of a source that make its programs pass, each tried before it is offered.
//
// In: a source whose programs were rejected, with the verifier's remedies. Out: what to change. A remedy counts
// when the text with it compiles, and the verifier then has fewer complaints than before, in memory; nothing is
// written.
#pragma once

#include <vector>

#include "driver/compile.h"
#include "driver/judge.h"
#include "driver/patch.h"

namespace spile::driver {

struct Mended {
  struct Fix {
    uint32_t line = 0;      // of the rejection that it mends, in the source
    std::string_view name;  // of its diagnostic
    std::string what;       // it does, as one says it: "add `return 0;` before line 7"
    std::vector<Patch::Edit> edits;
  };
  Patch patch;
  std::vector<Fix> fixes;
  bool accepted = false;  // every program passes with all of them
};

Mended mend(const Compilation &source, std::string_view text, const std::vector<Judged> &judged,
            const JudgeOptions &options, KernelTypes &types);

// What the messages say of the fixes that were found: as hints, and as edits where a machine reads them.
struct FixWords {
  bool as_edits = false;  // for machines
  std::string_view command = "--fix=apply";
};
void tell_fixes(const Mended &mended, const SourceManager::File &file, const FixWords &words,
                std::vector<Judged> &judged);

// For commands that run: reports why programs are rejected, with the edits that help where the source is a file of C.
void report_and_mend(const Compilation &source, std::vector<Judged> judged, const JudgeOptions &judging,
                     KernelTypes &types, Console &console);

}  // namespace spile::driver
