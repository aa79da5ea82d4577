#include "driver/commands.h"
#include "driver/version.h"

namespace spile::driver {

int command_version(Arguments arguments, Console &console) {
  if (!arguments.empty()) return console.usage("`spile version` takes no arguments");
  console.print("spile " SPILE_VERSION "\n");
  return kExitOk;
}

}  // namespace spile::driver
