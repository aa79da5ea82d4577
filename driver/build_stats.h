// What `spile build` tells of its work on stderr: a line of numbers (--stats), and what each pass did (-v).
#pragma once

#include <string>

#include "backend/object/object.h"
#include "driver/compile.h"
#include "ir/pipeline.h"

namespace spile::driver {

// "2 programs, 120 instructions, 48 bytes of stack, 4 map lookups, 2 spills, 3 reloads; 3.1 ms: preprocess 0.4, parse
// 0.6, ..."
std::string stats_line(const object::Object &object, const Compilation &compilation);

// A line for each pass that changed something; times are of all functions together.
std::string pass_table(const ir::PassLog &log);

}  // namespace spile::driver
