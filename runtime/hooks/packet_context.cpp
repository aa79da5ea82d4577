#include "runtime/hooks/packet_context.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pcap/dlt.h>

#include <algorithm>
#include <cstring>

#include "runtime/hooks/ieee80211.h"

namespace spile::hooks {

namespace {

constexpr uint32_t kTagSize = 4;  // of a VLAN: its type and its control information

uint16_t be16(std::span<const std::byte> bytes, size_t at) {
  if (at + 2 > bytes.size()) return 0;
  return static_cast<uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 | std::to_integer<unsigned>(bytes[at + 1]));
}
uint32_t be32(std::span<const std::byte> bytes, size_t at) {
  return uint32_t{be16(bytes, at)} << 16 | be16(bytes, at + 2);
}
void copy_address(uint8_t (&to)[6], std::span<const std::byte> bytes, size_t at) {
  if (at + 6 <= bytes.size()) std::memcpy(to, bytes.data() + at, 6);
}
uint16_t protocol_of_ip(std::span<const std::byte> bytes) {
  return !bytes.empty() && std::to_integer<unsigned>(bytes[0]) >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;
}

// Of a loopback interface: the address family, of whatever system and in its order; one byte of it is not 0.
uint16_t protocol_of_family(std::span<const std::byte> bytes) {
  constexpr unsigned kInet = 2;
  constexpr unsigned kInet6[] = {10, 24, 28, 30};  // Linux; NetBSD and OpenBSD, FreeBSD, macOS
  if (bytes.size() < 4) return 0;
  const unsigned family = std::to_integer<unsigned>(bytes[0] | bytes[3]);
  if (family == kInet) return ETH_P_IP;
  return std::ranges::find(kInet6, family) != std::end(kInet6) ? ETH_P_IPV6 : 0;
}
uint8_t type_of(std::span<const uint8_t> destination) {
  static constexpr uint8_t kBroadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const bool group = (destination[0] & 1) != 0;
  return std::ranges::equal(destination, kBroadcast) ? PACKET_BROADCAST : group ? PACKET_MULTICAST : PACKET_HOST;
}
// RFC 1662: an address and a control byte, which may be left out, and a number of its own.
struct PppHeader {
  uint32_t size = 0;
  uint16_t protocol = 0;
};
PppHeader ppp_header(std::span<const std::byte> bytes) {
  constexpr uint16_t kAllStations = 0xff03, kIp = 0x21, kIpv6 = 0x57;
  uint32_t at = be16(bytes, 0) == kAllStations ? 2 : 0;
  if (bytes.size() <= at) return {at, 0};
  const bool is_short = (std::to_integer<unsigned>(bytes[at]) & 1) != 0;
  const uint16_t number = is_short ? std::to_integer<uint16_t>(bytes[at]) : be16(bytes, at);
  at += is_short ? 1 : 2;
  return {at, static_cast<uint16_t>(number == kIp ? ETH_P_IP : number == kIpv6 ? ETH_P_IPV6 : 0)};
}

}  // namespace

bool PacketContext::knows(int link_type) {
  switch (link_type) {
    case DLT_EN10MB:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_PPP:
    case DLT_PPP_SERIAL:
    case DLT_C_HDLC:
    case DLT_SLIP:
    case DLT_IEEE802_11:
    case DLT_IEEE802_11_RADIO:
      return true;
    default:
      return false;
  }
}

std::optional<PacketContext::Header> PacketContext::parse(std::span<const std::byte> bytes) const {
  Header header;
  switch (link_type_) {
    case DLT_EN10MB: {
      header.is_ethernet = true;
      header.size = ETH_HLEN;
      header.protocol = be16(bytes, 12);
      copy_address(header.destination, bytes, 0);
      copy_address(header.source, bytes, 6);
      header.type = type_of(header.destination);
      break;
    }
    case DLT_LINUX_SLL:  // https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html
      header.size = 16;
      header.type = static_cast<uint8_t>(be16(bytes, 0));
      copy_address(header.source, bytes, 6);
      header.protocol = be16(bytes, 14);
      break;
    case DLT_LINUX_SLL2:  // https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html
      header.size = 20;
      header.protocol = be16(bytes, 0);
      header.interface = be32(bytes, 4);
      header.type = bytes.size() > 10 ? std::to_integer<uint8_t>(bytes[10]) : uint8_t{PACKET_HOST};
      copy_address(header.source, bytes, 12);
      break;
    case DLT_NULL:  // https://www.tcpdump.org/linktypes/LINKTYPE_NULL.html
    case DLT_LOOP:
      header.size = 4;
      header.protocol = protocol_of_family(bytes);
      break;
    case DLT_C_HDLC:  // https://www.tcpdump.org/linktypes/LINKTYPE_C_HDLC.html: Cisco's, with an EtherType
      header.size = 4;
      header.protocol = be16(bytes, 2);
      break;
    case DLT_PPP:
    case DLT_PPP_SERIAL: {
      const PppHeader ppp = ppp_header(bytes);
      header.size = ppp.size;
      header.protocol = ppp.protocol;
      break;
    }
    case DLT_SLIP: {  // libpcap's header of 16 bytes: the direction, what a compressed one was
      constexpr uint32_t kSlipHeader = 16;
      header.size = kSlipHeader;
      header.type = !bytes.empty() && bytes[0] != std::byte{0} ? PACKET_OUTGOING : PACKET_HOST;
      header.protocol = protocol_of_ip(bytes.subspan(std::min<size_t>(kSlipHeader, bytes.size())));
      break;
    }
    case DLT_IEEE802_11:
    case DLT_IEEE802_11_RADIO: {
      const auto packet = find_wlan_packet(bytes, link_type_ == DLT_IEEE802_11_RADIO);
      if (!packet) return std::nullopt;
      header.size = packet->header_size;
      header.trailer = packet->trailer_size;
      header.protocol = packet->protocol;
      copy_address(header.destination, packet->destination, 0);
      copy_address(header.source, packet->source, 0);
      header.type = type_of(header.destination);
      break;
    }
    default:
      header.protocol = protocol_of_ip(bytes);
      break;
  }
  header.size = std::min(header.size, static_cast<uint32_t>(bytes.size()));
  return header;
}

// Kernel: it takes a VLAN tag out of the packet before a socket filter sees it, into vlan_tci, vlan_proto and
// vlan_present. Here these fields are filled and `protocol` is the inner one, but the tag stays in the bytes, where the
// capture has it.
bool PacketContext::show(const CapturedPacket &captured, vm::Event &event) {
  const auto header = parse(captured.bytes);
  if (!header) return false;
  header_ = *header;
  // A snapshot that ends before the packet does has lost the end of the checksum first.
  const uint32_t trailer = header_.trailer;
  const auto captured_size = static_cast<uint32_t>(captured.bytes.size());
  header_.trailer -= std::min(trailer, std::max(captured.wire_length, captured_size) - captured_size);
  const bool keep_header = layer_ == Layer::Link && header_.is_ethernet;
  const bool make_header = layer_ == Layer::Link && !header_.is_ethernet;
  const uint32_t skipped = keep_header ? 0 : header_.size;
  shown_ = captured.bytes.subspan(skipped);
  shown_ = shown_.first(shown_.size() - std::min<size_t>(header_.trailer, shown_.size()));
  if (make_header) {
    const uint16_t protocol = htons(header_.protocol);
    made_.resize(ETH_HLEN);
    std::memcpy(made_.data(), header_.destination, 6);
    std::memcpy(made_.data() + 6, header_.source, 6);
    std::memcpy(made_.data() + 12, &protocol, 2);
    made_.insert(made_.end(), shown_.begin(), shown_.end());
    shown_ = made_;
  }

  skb_ = {};
  uint32_t network = keep_header ? header_.size : make_header ? ETH_HLEN : 0;
  uint16_t protocol = header_.protocol;
  if (protocol == ETH_P_8021Q || protocol == ETH_P_8021AD) {
    skb_.vlan_present = 1;
    skb_.vlan_proto = htons(protocol);
    skb_.vlan_tci = be16(shown_, network);
    protocol = be16(shown_, network + 2);
    network += kTagSize;
  }
  skb_.len = captured.wire_length - std::min(skipped + trailer, captured.wire_length) + (make_header ? ETH_HLEN : 0);
  skb_.pkt_type = header_.type;
  skb_.protocol = htons(protocol);
  skb_.ifindex = header_.interface;
  skb_.ingress_ifindex = header_.interface;

  buffer_.put(shown_, packet_);
  packet_.wire_length = skb_.len;
  packet_.network_offset = network;
  packet_.mac_offset = 0;
  packet_.tunnel.reset();
  packet_.has_tag_in_bytes = skb_.vlan_present != 0 && (keep_header || make_header);
  packet_.is_encapsulated = false;
  event.time_ns = captured.time_ns;
  event.ctx = std::as_writable_bytes(std::span(&skb_, 1));
  event.packet = &packet_;
  return true;
}

bool PacketContext::is_changed() const {
  return packet_.data.size() != shown_.size() ||
         (!shown_.empty() && std::memcmp(packet_.data.data(), shown_.data(), shown_.size()) != 0);
}

std::span<const std::byte> PacketContext::changed_bytes(const CapturedPacket &captured) {
  const bool made_header = layer_ == Layer::Link && !header_.is_ethernet;
  const size_t skipped = made_header ? std::min<size_t>(ETH_HLEN, packet_.data.size()) : 0;
  changed_.clear();
  if (made_header || layer_ == Layer::Network)
    changed_.assign(captured.bytes.begin(), captured.bytes.begin() + header_.size);
  changed_.insert(changed_.end(), packet_.data.begin() + static_cast<int64_t>(skipped), packet_.data.end());
  // A checksum stays as it was: that it does not fit any more is what a changed packet in a capture is.
  changed_.insert(changed_.end(), captured.bytes.end() - header_.trailer, captured.bytes.end());
  return changed_;
}

uint32_t PacketContext::kept_in_file(const CapturedPacket &captured, uint32_t result) const {
  const uint32_t shown = static_cast<uint32_t>(shown_.size());
  const uint32_t all = static_cast<uint32_t>(captured.bytes.size());
  if (result >= shown) return all;
  // Bytes that were cut from the end of what was shown are cut from the end of the file's packet; its link header
  // stays.
  return std::max(all - std::min(all, shown - result + header_.trailer), header_.size);
}

}  // namespace spile::hooks
