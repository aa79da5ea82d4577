// What `spile list` shows of programs and libraries: their functions, and the probes that they declare themselves.
#pragma once

#include <string>
#include <string_view>

#include "support/result.h"

namespace spile::driver {

// Whether [pattern] asks for it: uprobe:FILE:PATTERN, uretprobe:…, usdt:FILE[:PROVIDER:NAME], with `/` behind the kind
// too.
bool is_about_binary(std::string_view pattern);

// A line for each, as SEC() takes it; with [verbose] those of USDT with their arguments. Errors: those of finding and
// reading the file; nothing matches (with the nearest).
Result<std::string> list_binary(std::string_view pattern, bool verbose);

}  // namespace spile::driver
