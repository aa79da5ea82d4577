// Diagnostics for machines: one JSON object, or a SARIF 2.1.0 log of all of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/diagnostics.h"

namespace spile {

// {"file","line","column","endLine","endColumn","severity","name","flag","message","notes":[…],"hints":[…],"fixits":[…],
// "expansions":[…],"includedFrom":[…]}, without a line break. Lines and columns count from 1, in bytes; what is nowhere
// has no place.
std::string render_json(const SourceManager &sources, const Diagnostic &diagnostic);

// The object of one entry in a SARIF log's `results`.
std::string render_sarif_result(const SourceManager &sources, const Diagnostic &diagnostic);
// The log around results that were rendered before, with a rule for each name that they mention.
std::string sarif_log(const std::vector<std::string> &results, const std::vector<const DiagInfo *> &rules,
                      std::string_view version);

}  // namespace spile
