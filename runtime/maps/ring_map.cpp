#include "runtime/maps/ring_map.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>

namespace spile::maps {

RingMap::RingMap(const Definition &definition, std::byte *data)
    : KeylessMap(definition, {.update = -kNotSupported, .erase = -kNotSupported, .next_key = -kNotSupported}),
      data_(data) {}

RingMap::~RingMap() { ::munmap(data_, uint64_t{definition().max_entries} * 2); }

Result<std::unique_ptr<Map>> RingMap::make(const Definition &definition) {
  const uint64_t size = definition.max_entries;
  const int file = ::memfd_create("spile-ring", MFD_CLOEXEC);
  if (file < 0) return os_error(errno, "memory for a ring buffer");
  void *both = MAP_FAILED;
  if (::ftruncate(file, static_cast<off_t>(size)) == 0)
    both = ::mmap(nullptr, size * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  bool mapped = both != MAP_FAILED;
  for (int half = 0; mapped && half < 2; half++)
    mapped = ::mmap(static_cast<std::byte *>(both) + static_cast<uint64_t>(half) * size, size, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
  const int failed = errno;
  ::close(file);
  if (!mapped) {
    if (both != MAP_FAILED) ::munmap(both, size * 2);
    return os_error(failed, fmt::format("{} bytes of a ring buffer", size));
  }
  return std::unique_ptr<Map>(new RingMap(definition, static_cast<std::byte *>(both)));
}

std::byte *RingMap::reserve(uint64_t size) {
  const uint64_t length = length_of(size);
  if (length > definition().max_entries) return nullptr;
  std::byte *record = try_reserve(length, size);
  if (record != nullptr || !catch_up_) return record;
  catch_up_();
  return try_reserve(length, size);
}

std::byte *RingMap::try_reserve(uint64_t length, uint64_t size) {
  const std::lock_guard guard(producers_);
  return place(length, size);
}

int64_t RingMap::output(std::span<const std::byte> bytes) {
  std::byte *record = reserve(bytes.size());
  if (record == nullptr) return -EAGAIN;
  if (!bytes.empty()) std::memcpy(record, bytes.data(), bytes.size());
  commit(record, false);
  return 0;
}

uint64_t RingMap::query(uint64_t what) const {
  const uint64_t consumer = consumer_.load(std::memory_order_acquire);
  const uint64_t producer = producer_.load(std::memory_order_acquire);
  switch (what) {
    case BPF_RB_AVAIL_DATA:
      return producer - consumer;
    case BPF_RB_RING_SIZE:
      return definition().max_entries;
    case BPF_RB_CONS_POS:
      return consumer;
    case BPF_RB_PROD_POS:
      return producer;
    default:
      return 0;
  }
}

int64_t RingMap::consume(const Take &take, uint64_t most) {
  if (!reader_.try_lock()) return -EBUSY;
  const std::lock_guard guard(reader_, std::adopt_lock);
  int64_t taken = 0;
  uint64_t position = consumer_.load(std::memory_order_relaxed);
  for (bool more = true; more && static_cast<uint64_t>(taken) < most;) {
    if (position == producer_.load(std::memory_order_acquire)) break;
    std::byte *record = at(position) + BPF_RINGBUF_HDR_SZ;
    const uint32_t header = header_of(record).load(std::memory_order_acquire);
    if ((header & BPF_RINGBUF_BUSY_BIT) != 0) break;
    const uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if ((header & BPF_RINGBUF_DISCARD_BIT) == 0) {
      more = take({record, length});
      taken++;
    }
    position += round_up_8(uint64_t{length} + BPF_RINGBUF_HDR_SZ);
    consumer_.store(position, std::memory_order_release);
  }
  return taken;
}

}  // namespace spile::maps
