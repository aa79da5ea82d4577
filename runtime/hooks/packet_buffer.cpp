#include "runtime/hooks/packet_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace spile::hooks {

namespace {
constexpr size_t kSize = PacketBuffer::kHeadroom + PacketBuffer::kMaxPacket + PacketBuffer::kTailroom;
constexpr uint64_t kEnd = uint64_t{1} << 32;

// Looks for a free place from 256 MiB on; where MAP_32BIT exists the kernel does it.
void *map_low() {
#ifdef MAP_32BIT
  void *found = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (found != MAP_FAILED) return found;
#endif
  constexpr uint64_t kStep = uint64_t{1} << 24;
  for (uint64_t at = kStep * 16; at + kSize < kEnd; at += kStep) {
    void *wanted = reinterpret_cast<void *>(at);
    void *got = ::mmap(wanted, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == wanted) return got;
    if (got != MAP_FAILED) ::munmap(got, kSize);
  }
  return MAP_FAILED;
}
}  // namespace

Result<PacketBuffer> PacketBuffer::allocate() {
  void *data = map_low();
  if (data == MAP_FAILED) return os_error(errno, "memory below 4 GiB for packets");
  return PacketBuffer(static_cast<std::byte *>(data));
}

PacketBuffer::PacketBuffer(PacketBuffer &&other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
PacketBuffer &PacketBuffer::operator=(PacketBuffer &&other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}
PacketBuffer::~PacketBuffer() {
  if (data_ != nullptr) ::munmap(data_, kSize);
}

void PacketBuffer::put(std::span<const std::byte> bytes, vm::Packet &packet) {
  const size_t size = std::min<size_t>(bytes.size(), kMaxPacket);
  // Programs may have written into the room before the last packet. What is behind it they see only when a helper makes
  // the packet longer, and that clears it.
  std::memset(data_, 0, kHeadroom);
  if (size != 0) std::memmove(data_ + kHeadroom, bytes.data(), size);
  packet.data = {data_ + kHeadroom, size};
  packet.buffer = {data_, kHeadroom + size + kTailroom};
  packet.meta = 0;
}

}  // namespace spile::hooks
