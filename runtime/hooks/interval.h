// parse_interval(): the period in SEC("interval/1s").
#pragma once

#include <chrono>
#include <string_view>

#include "support/result.h"

namespace spile::hooks {

// A whole number of ns, us, ms, s, m or h ("100ms"), or a frequency ("50hz"). Input error: anything else, 0, and what
// does not fit.
Result<std::chrono::nanoseconds> parse_interval(std::string_view text);

}  // namespace spile::hooks
