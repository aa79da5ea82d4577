// Libraries that are opened while the program runs: the JIT's plugin, libtracecmd. A static program starts in two
// thirds of the time but cannot open them, so there are two programs of the same objects: `spile`, static, and
// `spile-engines`, which a libc of the system is loaded for, beside it or in ../lib/spile.
#pragma once

#include "driver/commands.h"
#include "support/result.h"

namespace spile::driver {

// True in a program that has a dynamic linker: it can open libraries.
bool can_open_libraries();

// Goes on where libraries can be opened: in a static program, this process becomes spile-engines with `words` (without
// the program's name) and the call does not return. Nothing may have been read or written before. Environment error
// when that program is missing.
Result<void> need_libraries(Arguments words);

}  // namespace spile::driver
