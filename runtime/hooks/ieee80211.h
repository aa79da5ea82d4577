// Frames of 802.11 (WLAN), as a station gives their packets to programs: with an Ethernet header in place of theirs.
//
//   radiotap │ 802.11 header │ LLC/SNAP │ packet │ FCS   ──►   addresses and EtherType, packet
//
// Only data frames whose contents can be read have a packet: not those of management and control, without data,
// encrypted (what decrypts a capture writes another one), nor fragments behind the first one, nor several packets in
// one frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace spile::hooks {

struct WlanPacket {
  uint32_t header_size = 0;   // all that is before the packet
  uint32_t trailer_size = 0;  // behind it: the checksum, where radiotap says that there is one
  uint16_t protocol = 0;      // an EtherType; at most 1500: the length of what begins with an LLC header
  std::span<const std::byte> destination, source;
};

// [bytes]: with a radiotap header before them where [has_radiotap]. None: the frame holds no packet, or it is cut off
// in a header.
std::optional<WlanPacket> find_wlan_packet(std::span<const std::byte> bytes, bool has_radiotap);

}  // namespace spile::hooks
