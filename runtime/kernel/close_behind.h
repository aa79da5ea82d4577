// close_behind_us(): the end of a run that does not wait for the kernel.
//
// A tracepoint's last descriptor is closed when every CPU has passed a quiet state, 50 to 150 ms later, and so is the
// process that closes it. Another process that holds the descriptors too has that to wait for, and nobody waits for it.
#pragma once

namespace spile::kernel {

// Forks a process that keeps all descriptors of this one but the standard ones, until this one is gone. Where it cannot
// fork, closing takes its time.
void close_behind_us();

}  // namespace spile::kernel
