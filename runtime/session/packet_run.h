// PacketRunner: shows one packet to one program as programs of its type see it, and says what became of the packet.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/hooks/packet_buffer.h"
#include "runtime/hooks/packets.h"
#include "runtime/hooks/pcap_writer.h"
#include "runtime/vm/engine.h"

namespace spile::session {

// What an action of a program's result means for the packet. [kept]: bytes from its start, 0 for a dropped one.
struct Disposal {
  uint64_t result = 0;
  uint32_t kept = 0;
};

// [program_type]: enum bpf_prog_type. Runs [program] on the packet of [event]: a frame with its Ethernet header, in
// memory below 4 GiB. What the program changes stays changed in event.packet, for the next program and for whoever
// writes the packet out.
Disposal run_on_packet(const vm::Loaded &program, uint32_t program_type, const vm::Event &event, vm::Env &env);

// What the program said of the packet that it ran on last in [env], for pcapng.
hooks::Verdict verdict_of(std::string_view program, uint32_t program_type, const Disposal &disposal,
                          const vm::Env &env);

// What left by another way than the one that it was on, of the program and the packet that ran last in [env]: clones,
// and [packet] itself where the program redirects it or sends it back.
void add_sent(uint32_t program_type, const Disposal &disposal, const vm::Env &env, const vm::Packet &packet,
              std::vector<hooks::SentPacket> &sent);

}  // namespace spile::session
