#include "runtime/hooks/ieee80211.h"

#include <linux/if_ether.h>

#include <algorithm>
#include <array>

namespace spile::hooks {

namespace {

unsigned at(std::span<const std::byte> bytes, size_t offset) {
  return offset < bytes.size() ? std::to_integer<unsigned>(bytes[offset]) : 0;
}
unsigned le16(std::span<const std::byte> bytes, size_t offset) {
  return at(bytes, offset) | at(bytes, offset + 1) << 8;
}

struct Radiotap {
  size_t size = 0;
  bool has_checksum = false, is_padded = false;
};

// https://www.radiotap.org/: a length, words that say which fields follow, and those, each at a multiple of its size.
std::optional<Radiotap> read_radiotap(std::span<const std::byte> bytes) {
  constexpr unsigned kTime = 1u << 0, kFlags = 1u << 1;            // of the first byte of the first word
  constexpr unsigned kMoreWords = 0x80;                            // of the last byte of each
  constexpr unsigned kChecksumAtEnd = 0x10, kPaddedHeader = 0x20;  // of the flags
  constexpr size_t kFixed = 4, kWord = 4, kTimeSize = 8;
  Radiotap radiotap{le16(bytes, 2)};
  if (bytes.size() < kFixed + kWord || at(bytes, 0) != 0 || radiotap.size < kFixed + kWord ||
      radiotap.size > bytes.size())
    return std::nullopt;
  size_t field = kFixed;
  do field += kWord;
  while (field <= radiotap.size && (at(bytes, field - 1) & kMoreWords) != 0);
  const unsigned present = at(bytes, kFixed);
  if ((present & kTime) != 0) field = (field + kTimeSize - 1) / kTimeSize * kTimeSize + kTimeSize;
  if ((present & kFlags) == 0 || field >= radiotap.size) return radiotap;
  radiotap.has_checksum = (at(bytes, field) & kChecksumAtEnd) != 0;
  radiotap.is_padded = (at(bytes, field) & kPaddedHeader) != 0;
  return radiotap;
}

}  // namespace

std::optional<WlanPacket> find_wlan_packet(std::span<const std::byte> bytes, bool has_radiotap) {
  // Of the two bytes of frame control, as `struct ieee80211_hdr` has them.
  constexpr unsigned kType = 0x0c, kData = 0x08, kWithoutData = 0x40, kQos = 0x80;
  constexpr unsigned kToSystem = 0x01, kFromSystem = 0x02, kProtected = 0x40, kOrder = 0x80;
  constexpr unsigned kFragment = 0x0f;    // of sequence control
  constexpr unsigned kAggregated = 0x80;  // of QoS control
  constexpr size_t kChecksum = 4, kAddresses = 24, kFourthAddress = 6, kQosControl = 2, kHtControl = 4;
  constexpr std::array kSnap{std::byte{0xaa}, std::byte{0xaa}, std::byte{3}, std::byte{0}, std::byte{0}, std::byte{0}};
  constexpr std::array kBridge{std::byte{0xaa}, std::byte{0xaa}, std::byte{3},
                               std::byte{0},    std::byte{0},    std::byte{0xf8}};
  constexpr uint16_t kAppleTalkAddresses = 0x80f3, kIpx = 0x8137;

  Radiotap radiotap;
  if (has_radiotap) {
    const auto read = read_radiotap(bytes);
    if (!read) return std::nullopt;
    radiotap = *read;
  }
  const std::span<const std::byte> frame = bytes.subspan(radiotap.size);
  const unsigned control = at(frame, 0), flags = at(frame, 1);
  if (frame.size() < kAddresses || (control & kType) != kData || (control & kWithoutData) != 0 ||
      (flags & kProtected) != 0 || (le16(frame, 22) & kFragment) != 0)
    return std::nullopt;
  size_t header = kAddresses;
  const bool has_four = (flags & kToSystem) != 0 && (flags & kFromSystem) != 0;
  if (has_four) header += kFourthAddress;
  if ((control & kQos) != 0) {
    if ((at(frame, header) & kAggregated) != 0) return std::nullopt;
    header += kQosControl;
    if ((flags & kOrder) != 0) header += kHtControl;
  }
  if (radiotap.is_padded) header = (header + 3) / 4 * 4;
  if (frame.size() < header + kSnap.size() + 2) return std::nullopt;

  WlanPacket packet;
  packet.destination = frame.subspan((flags & kToSystem) != 0 ? 16 : 4, ETH_ALEN);
  packet.source = frame.subspan(has_four ? kAddresses : (flags & kFromSystem) != 0 ? 16 : 10, ETH_ALEN);
  const auto llc = frame.subspan(header);
  packet.protocol = static_cast<uint16_t>(at(llc, kSnap.size()) << 8 | at(llc, kSnap.size() + 1));
  const bool is_snap = std::ranges::equal(llc.first(kSnap.size()), kSnap) && packet.protocol != kAppleTalkAddresses &&
                       packet.protocol != kIpx;
  const size_t trailer = radiotap.has_checksum ? std::min(kChecksum, llc.size() - kSnap.size() - 2) : 0;
  if (is_snap || std::ranges::equal(llc.first(kBridge.size()), kBridge)) {
    header += kSnap.size() + 2;
  } else {
    packet.protocol = static_cast<uint16_t>(std::min<size_t>(llc.size() - trailer, ETH_DATA_LEN));
  }
  packet.header_size = static_cast<uint32_t>(radiotap.size + header);
  packet.trailer_size = static_cast<uint32_t>(trailer);
  return packet;
}

}  // namespace spile::hooks
