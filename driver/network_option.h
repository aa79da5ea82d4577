// --net, which `run`, `exec` and `test` share.
#pragma once

#include <memory>

#include "driver/arguments.h"
#include "runtime/helpers/network_state.h"
#include "support/result.h"

namespace spile::driver {

void add_network_option(OptionTable &options);
// Null without the option.
Result<std::shared_ptr<const helpers::Network>> network_of(const po::variables_map &values);

}  // namespace spile::driver
