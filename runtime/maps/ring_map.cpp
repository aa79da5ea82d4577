#include "runtime/maps/ring_map.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "runtime/maps/pages.h"

namespace spile::maps {

namespace {

constexpr uint32_t kMaxRecord = UINT32_MAX / 4;

std::atomic_ref<uint32_t> header_of(std::byte *record) {
  return std::atomic_ref(*reinterpret_cast<uint32_t *>(record - BPF_RINGBUF_HDR_SZ));
}

}  // namespace

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
  if (size > kMaxRecord) return nullptr;
  const uint64_t length = round_up_8(size + BPF_RINGBUF_HDR_SZ);
  if (length > definition().max_entries) return nullptr;
  std::byte *record = try_reserve(length, size);
  if (record != nullptr || !catch_up_) return record;
  catch_up_();
  return try_reserve(length, size);
}

std::byte *RingMap::try_reserve(uint64_t length, uint64_t size) {
  const uint64_t ring = definition().max_entries;
  const std::lock_guard guard(producers_);
  const uint64_t position = producer_.load(std::memory_order_relaxed);
  // Kernel: one byte always stays free, as `new_prod_pos - cons_pos > rb->mask` has it.
  if (position + length - consumer_.load(std::memory_order_acquire) > ring - 1) return nullptr;
  std::byte *header = at(position);
  std::atomic_ref(*reinterpret_cast<uint32_t *>(header))
      .store(static_cast<uint32_t>(size) | BPF_RINGBUF_BUSY_BIT, std::memory_order_relaxed);
  const auto page = static_cast<uint32_t>((header - data_) >> 12);
  std::memcpy(header + 4, &page, sizeof page);
  producer_.store(position + length, std::memory_order_release);
  return header + BPF_RINGBUF_HDR_SZ;
}

void RingMap::commit(std::byte *record, bool discard) {
  const auto header = header_of(record);
  const uint32_t length = header.load(std::memory_order_relaxed) & ~BPF_RINGBUF_BUSY_BIT;
  header.store(discard ? length | BPF_RINGBUF_DISCARD_BIT : length, std::memory_order_release);
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
