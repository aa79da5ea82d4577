// filter_packets(): runs packet programs over a capture file, and writes what they pass, drop and say.
//
//   capture.pcap ──► __sk_buff and bytes ──► filter ──► 0: dropped ──► drop.pcap   n: n bytes are passed ──► pass.pcap
//                                               ├──► every packet, with the verdicts on it ──► verdicts.pcapng
//                                               └──► what leaves by another interface ──► redirected.pcapng
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/hooks/byte_stream.h"
#include "runtime/hooks/packet_context.h"
#include "runtime/hooks/pcap_writer.h"
#include "runtime/vm/event.h"
#include "support/result.h"

namespace spile::hooks {

struct PacketRun {
  ByteStream input;  // pcap or pcapng, of a link type that PacketContext knows
  std::string pass;  // where to write passed packets as pcap; empty: nowhere
  std::string drop;  // the same for those that are dropped, as they came
  // All of them as pcapng: passed ones as they leave, dropped ones as they came.
  std::string verdicts;
  // Those that programs send elsewhere as pcapng, each with the name of the way that it leaves by as its interface.
  std::string redirected;
  Layer layer = Layer::Link;
};

struct PacketCounts {
  uint64_t seen = 0;
  uint64_t passed = 0;     // truncated ones too
  uint64_t truncated = 0;  // passed with fewer bytes than captured
  uint64_t changed = 0;    // passed with other bytes
  uint64_t dropped = 0;
  uint64_t left_out = 0;    // frames of 802.11 without a packet (ieee80211.h): no program has seen them
  uint64_t redirected = 0;  // copies that left by other ways, with PacketRun::redirected
};

struct PacketOutcome {
  PacketCounts counts;
  // Set when the capture is damaged: what came before it has been filtered, counted and written.
  std::optional<Error> trouble;
};

// A packet, or a copy of it, that a program sends: an Ethernet frame, as it leaves.
struct SentPacket {
  std::string way;  // "interface 3"
  std::vector<std::byte> frame;
};

// What became of a packet. [verdicts], where PacketRun::verdicts is set: of each program, until the next packet.
struct Filtered {
  uint64_t kept = 0;  // r0 of a socket filter, of which the kernel takes the low 32 bits
  std::span<const Verdict> verdicts;
  std::span<const SentPacket> sent;  // likewise, where PacketRun::redirected is set
};

// [filter] gets each packet as an event. Ends early, with
// what was done until then, when [stop] is set. Passed packets keep their times and their length on the wire. The
// output appears when all is done; it may be the input.
Result<PacketOutcome> filter_packets(PacketRun run, const std::function<Filtered(const vm::Event &)> &filter,
                                     const std::atomic<bool> &stop);

// One packet of a capture, and the link header that it begins with (DLT_*).
struct LonePacket {
  std::vector<std::byte> bytes;
  int link_type = 0;
};
// Packet [number], from 1, of the capture at [path]. Unsupported error for a link type that no program can be shown.
Result<LonePacket> read_captured_packet(const std::string &path, uint64_t number);

}  // namespace spile::hooks
