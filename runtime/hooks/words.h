// split_words(): a command line as the shell would split it, without a shell.
//
// POSIX quoting: '…' is literal, in "…" a backslash escapes " \ $ ` and a newline, elsewhere a backslash escapes the
// next byte. Nothing is expanded, and ; & | < > are ordinary letters: who wants a shell writes sh -c '…'.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace spile::hooks {

// Usage error: nothing but blanks, a quote that is not closed, a backslash at the end.
Result<std::vector<std::string>> split_words(std::string_view command);

}  // namespace spile::hooks
