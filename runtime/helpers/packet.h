// The packet of the event, for helpers that change it and for whoever shows it to a program.
#pragma once

#include "runtime/vm/env.h"

struct __sk_buff;  // of linux/bpf.h

namespace spile::helpers {

// Null when the event has none.
vm::Packet *packet_of(const vm::Env *env);
// Writes where the packet lies into the context of the event, as the program's type (Env::program_type) has it.
void show_packet(const vm::Env *env);
// The context as programs of sockets and of traffic control have it; null where it is too short for that.
__sk_buff *skb_of(const vm::Env *env);

// The interface that the packet came in by; 0: not known.
uint32_t device_of(const vm::Env *env);

// The EtherType before the network header; 0 where the packet has none.
uint16_t ether_type(const vm::Packet &packet);

// Makes [size] zero bytes at [at], moving what lies before towards the front: 0, or -ENOMEM where there is no room.
int64_t insert_bytes(vm::Packet &packet, uint64_t at, uint64_t size);
// Takes them away: the packet holds them.
void remove_bytes(vm::Packet &packet, uint64_t at, uint64_t size);

}  // namespace spile::helpers
