// What `spile dump --states` and `--cost` show of a verifier's walk through a program. The verdict was made with
// keep_states.
#pragma once

#include <string>

#include "driver/judge.h"

namespace spile::driver {

// Each instruction, and in front of it what the verifier knew there; what it never reached is marked.
std::string states_of_insns(const Judged &judged);
// Each source line: how many instructions were walked for it, in the order of their number.
std::string cost_of_lines(const Judged &judged);

}  // namespace spile::driver
