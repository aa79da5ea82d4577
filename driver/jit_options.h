// The options about compiled code that `run` and `exec` share.
#pragma once

#include "driver/arguments.h"
#include "runtime/vm/code_source.h"

namespace spile::driver {

void add_jit_options(OptionTable &options);
vm::JitSettings jit_settings(const po::variables_map &values);

}  // namespace spile::driver
