#include "driver/arguments.h"
#include "driver/commands.h"
#include "driver/version.h"

namespace spile::driver {

int command_version(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile version";
  line.about = "Prints the version.";
  line.add_common();
  int code = kExitOk;
  if (!line.parse(arguments, console, code)) return code;
  console.print("spile " SPILE_VERSION "\n");
  return kExitOk;
}

}  // namespace spile::driver
