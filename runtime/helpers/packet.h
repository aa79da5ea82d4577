// The packet of the event, for helpers that change it and for whoever shows it to a program.
#pragma once

#include "runtime/vm/env.h"

namespace spile::helpers {

// Null when the event has none.
vm::Packet *packet_of(const vm::Env *env);
// Writes where the packet lies into the context of the event, as the program's type (Env::program_type) has it.
void show_packet(const vm::Env *env);

}  // namespace spile::helpers
