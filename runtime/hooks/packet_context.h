// PacketContext: a captured packet as a socket filter sees it: struct __sk_buff, and the bytes from [Layer] on.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "runtime/hooks/packet_buffer.h"
#include "runtime/hooks/pcap_reader.h"
#include "runtime/vm/event.h"

namespace spile::hooks {

// Where offset 0 of the packet lies.
enum class Layer : uint8_t {
  // At the Ethernet header: on a socket of AF_PACKET and SOCK_RAW. Raw and cooked captures hold none: one is made up
  // from what they know (addresses are zero where unknown), so that a program works on every capture.
  Link,
  // At the network header: on a socket of UDP, TCP or AF_PACKET with SOCK_DGRAM, and in BPF_PROG_TEST_RUN.
  Network,
};

class PacketContext {
 public:
  // Whether captures with these link headers can be shown: DLT_EN10MB, DLT_RAW, DLT_IPV4, DLT_IPV6, DLT_LINUX_SLL,
  // DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP, DLT_PPP, DLT_PPP_SERIAL, DLT_C_HDLC, DLT_SLIP, DLT_IEEE802_11,
  // DLT_IEEE802_11_RADIO.
  static bool knows(int link_type);
  PacketContext(int link_type, Layer layer, PacketBuffer buffer)
      : link_type_(link_type), layer_(layer), buffer_(std::move(buffer)) {}

  // Fills [event]'s ctx, packet and time, which live until the next call; is_changed() looks at [captured]'s bytes. A
  // packet that is too short for its link header is shown with what there is. False: there is no packet in a frame of
  // 802.11 (ieee80211.h).
  bool show(const CapturedPacket &captured, vm::Event &event);
  // How many bytes of the packet in the file a filter's [result] keeps, which is not 0. The packet was shown last.
  uint32_t kept_in_file(const CapturedPacket &captured, uint32_t result) const;
  // Whether programs have changed the packet's bytes; then its new bytes, with the file's link header.
  bool is_changed() const;
  std::span<const std::byte> changed_bytes(const CapturedPacket &captured);

 private:
  struct Header {           // of the link layer, whatever it was
    uint32_t size = 0;      // in the file
    uint32_t trailer = 0;   // there, behind the packet
    uint16_t protocol = 0;  // as an EtherType, host order
    uint8_t type = 0;       // PACKET_HOST, PACKET_BROADCAST, …
    uint32_t interface = 0;
    uint8_t destination[6] = {}, source[6] = {};
    bool is_ethernet = false;
  };
  std::optional<Header> parse(std::span<const std::byte> bytes) const;

  int link_type_;
  Layer layer_;
  Header header_;                     // of the packet shown last
  std::span<const std::byte> shown_;  // before programs ran: of the capture, or made_
  std::vector<std::byte> made_;       // where the link header is not of the capture
  std::vector<std::byte> changed_;    // as it leaves
  PacketBuffer buffer_;
  __sk_buff skb_{};
  vm::Packet packet_;
};

}  // namespace spile::hooks
