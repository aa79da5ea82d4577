// Periods of SEC("interval/...").
#pragma once

#include <chrono>
#include <string_view>

#include "support/result.h"

namespace spile::hooks {

// "1s", "100ms", "250us", "5m", "1h"; a bare number is seconds. Error: zero, a unit that is none of these, more than
// a day, or less than 1 ms.
Result<std::chrono::nanoseconds> parse_interval(std::string_view text);

}  // namespace spile::hooks
