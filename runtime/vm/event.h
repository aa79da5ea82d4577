// Event: one thing that happened and that programs may be attached to, with all that helpers can ask about it.
//
// Sources (runtime/hooks) make events; engines consume them. Helpers answer from the event, so a live run, a
// recording and a test give the same answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace spile::vm {

// Memory of the traced task (or of a recording), read by the probe_read helpers.
class TaskMemory {
 public:
  virtual ~TaskMemory() = default;
  // Copies [to.size()] bytes from [address]. True when all of them could be read.
  virtual bool read(uint64_t address, std::span<std::byte> to) = 0;
};

// How a packet is to be sent through a tunnel: struct ip_tunnel_info.
struct Tunnel {
  uint32_t id = 0;
  uint8_t tos = 0, ttl = 0;
  uint16_t flags = 0;  // TUNNEL_* of the kernel, as numbers of network order
  bool is_ipv6 = false;
  std::array<uint8_t, 16> source{}, destination{};  // 4 bytes of an address of IPv4, in the program's order
  uint32_t label = 0;
  std::vector<std::byte> options;
};

// What a packet program sees. Helpers that reshape it move [data] inside [buffer].
struct Packet {
  std::span<std::byte> data;
  std::span<std::byte> buffer;  // the room that data lies in; where programs read it directly, below 4 GiB
  uint32_t meta = 0;            // bytes of metadata right before data
  uint32_t wire_length = 0;     // as on the wire; the capture may hold less
  uint32_t network_offset = 0;  // of the network header in [data]; skb_load_bytes_relative counts from it
  uint32_t mac_offset = 0;
  std::optional<Tunnel> tunnel;   // that a program has set
  bool has_tag_in_bytes = false;  // the tag of a VLAN that the context tells of lies in [data], too
  bool is_encapsulated = false;   // by bpf_skb_adjust_room(), which does it once
};

struct Event {
  uint64_t time_ns = 0;  // CLOCK_MONOTONIC of a live event; virtual otherwise
  uint32_t cpu = 0;
  uint32_t pid = 0, tid = 0;  // in userspace's words: process and thread
  uint32_t uid = 0, gid = 0;
  std::array<char, 16> comm{};   // NUL-terminated
  std::span<std::byte> ctx;      // what r1 points to, laid out as the kernel does
  TaskMemory *memory = nullptr;  // null: every read of task memory fails with -EFAULT
  Packet *packet = nullptr;
  std::span<const uint64_t> user_stack;  // return addresses, innermost first; empty when unknown
  uint64_t function = 0;                 // of a probe in a program: the address that it hangs on
  uint64_t cookie = 0;                   // what whoever attached the program said about it
  // Of a probe in a program, for who writes the event down.
  std::string_view place;      // what it hangs on: "malloc", "main+0x1a"
  std::string_view arguments;  // USDT: where they lie, as the program's note says it: "-4@%edi 8@%rsi"
};

}  // namespace spile::vm
