// PacketBuffer: where a packet lies while programs look at it.
//
// Contexts hold a packet's address in 32-bit fields (xdp_md.data, __sk_buff.data), which the kernel rewrites into loads
// of pointers. Here the memory itself lies below 4 GiB, so that the field is the address, in every engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/vm/event.h"
#include "support/result.h"

namespace spile::hooks {

class PacketBuffer {
 public:
  static constexpr uint32_t kHeadroom = 256;          // XDP_PACKET_HEADROOM
  static constexpr uint32_t kMaxPacket = 256 * 1024;  // what pcap calls the longest snapshot
  static constexpr uint32_t kTailroom = 4096;

  // Environment error when the machine has no such memory left.
  static Result<PacketBuffer> allocate();
  PacketBuffer(PacketBuffer &&other) noexcept;
  PacketBuffer &operator=(PacketBuffer &&other) noexcept;
  ~PacketBuffer();

  // Puts [bytes] (cut to kMaxPacket) behind the headroom and makes [packet] show them. The headroom is zero.
  void put(std::span<const std::byte> bytes, vm::Packet &packet);

 private:
  explicit PacketBuffer(std::byte *data) : data_(data) {}
  std::byte *data_;
};

}  // namespace spile::hooks
