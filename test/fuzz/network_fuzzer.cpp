// Bytes of any kind as the description of a network (--net): they may be refused, never crash or hang. Routes are asked
// for in what is taken.
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/helpers/routes.h"
#include "runtime/session/network_file.h"

using namespace spile;

static void ask(const helpers::Network &network) {
  for (const helpers::Route &route : network.routes) {
    helpers::Flow flow;
    flow.destination = route.to.address;
    flow.tos = route.tos;
    const helpers::FoundRoute found = helpers::find_route(network, flow);
    if (found.route != nullptr) helpers::source_for(network, found, flow.destination);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const int file = ::memfd_create("network", 0);
  if (file < 0 || ::write(file, data, size) < 0) return 0;
  if (const auto network = session::read_network("/proc/self/fd/" + std::to_string(file))) ask(**network);
  ::close(file);
  return 0;
}
