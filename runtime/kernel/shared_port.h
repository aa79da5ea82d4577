// Sockets that share a port (SO_REUSEPORT), whoever has them: a program of type sk_reuseport hangs on their group.
//
// In: the number of a port. The sockets are those of this network namespace: of TCP those that listen, of UDP those
// that are not connected.
#pragma once

#include <cstdint>

#include "support/result.h"

namespace spile::kernel {

// Environment error: no socket has the port, none of them shares it, or they are those of processes that this one may
// not touch (ptrace).
//
// A group has one program at most: another one is replaced, and does not come back.
Result<void> attach_to_shared_port(uint16_t port, int program);
// Nothing happens where the sockets are gone.
void detach_from_shared_port(uint16_t port);

}  // namespace spile::kernel
