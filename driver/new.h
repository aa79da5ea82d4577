// What operator new of the program takes its memory from.
#pragma once

namespace spile::driver {

// From here on from a heap that is made for one thread and a short life: for commands that compile, end, and open no
// plugin.
void use_heap();

}  // namespace spile::driver
