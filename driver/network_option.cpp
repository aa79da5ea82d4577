#include "driver/network_option.h"

#include "runtime/session/network_file.h"

namespace spile::driver {

void add_network_option(OptionTable &options) {
  options.add_options()(
      "net", po::value<std::string>()->value_name("FILE"),
      "the network that helpers are asked about (bpf_fib_lookup): what `ip -j addr`, `ip -j route show table all`, ... "
      "print");
}

Result<std::shared_ptr<const helpers::Network>> network_of(const po::variables_map &values) {
  if (!values.contains("net")) return std::shared_ptr<const helpers::Network>();
  return session::read_network(values["net"].as<std::string>());
}

}  // namespace spile::driver
