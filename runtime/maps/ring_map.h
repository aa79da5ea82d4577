// RingMap: BPF_MAP_TYPE_RINGBUF and USER_RINGBUF. Records of any size in a ring, in the layout that the kernel shares
// with its readers:
//
//   record { u32 length and flags; u32 page offset; payload } each rounded up to 8 bytes
//
// The data area is mapped twice, one after the other, so that a record never wraps. Positions count bytes for ever;
// where they lie is the position modulo the size.
#pragma once

#include <linux/bpf.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

#include "runtime/maps/keyless_map.h"
#include "runtime/maps/pages.h"
#include "runtime/maps/spin_lock.h"

namespace spile::maps {

class RingMap final : public KeylessMap {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);
  ~RingMap() override;

  // The producer. Space for [size] bytes, or null when the ring is full or the record too large for it.
  std::byte *reserve(uint64_t size);
  // The same as long as nobody is waited for: null, too, while another producer is at it. Compiled into programs
  // (runtime/jit/hot.cpp).
  std::byte *reserve_at_once(uint64_t size);
  // A reader in the same process: called when the ring is full, so that it catches up and nothing is lost.
  void when_full(std::function<void()> catch_up) { catch_up_ = std::move(catch_up); }
  // Hands a reserved record to the reader, or has the reader skip it.
  static void commit(std::byte *record, bool discard) {
    const auto header = header_of(record);
    const uint32_t length = header.load(std::memory_order_relaxed) & ~BPF_RINGBUF_BUSY_BIT;
    header.store(discard ? length | BPF_RINGBUF_DISCARD_BIT : length, std::memory_order_release);
  }
  // 0, or -EAGAIN when the ring is full.
  int64_t output(std::span<const std::byte> bytes);
  // BPF_RB_AVAIL_DATA and its siblings; 0 for others.
  uint64_t query(uint64_t what) const;

  // The reader. Calls [take] for each record that is committed, oldest first, until it returns false; how many it
  // took. -EBUSY while another thread reads.
  using Take = std::function<bool(std::span<std::byte> record)>;
  int64_t consume(const Take &take, uint64_t most = UINT64_MAX);

 private:
  static constexpr uint32_t kMaxRecord = UINT32_MAX / 4;  // Kernel: RINGBUF_MAX_RECORD_SZ

  RingMap(const Definition &definition, std::byte *data);
  static std::atomic_ref<uint32_t> header_of(std::byte *record) {
    return std::atomic_ref(*reinterpret_cast<uint32_t *>(record - BPF_RINGBUF_HDR_SZ));
  }
  std::byte *at(uint64_t position) const { return data_ + (position & (definition().max_entries - 1)); }

  // Of a record and its header; more than any ring has for a record that is too large.
  static uint64_t length_of(uint64_t size) {
    return size > kMaxRecord ? UINT64_MAX : round_up_8(size + BPF_RINGBUF_HDR_SZ);
  }
  // With the lock of the producers.
  std::byte *place(uint64_t length, uint64_t size);
  std::byte *try_reserve(uint64_t length, uint64_t size);

  std::byte *data_;
  std::function<void()> catch_up_;
  SpinLock producers_;
  SpinLock reader_;
  std::atomic<uint64_t> consumer_{0}, producer_{0};
};

inline std::byte *RingMap::reserve_at_once(uint64_t size) {
  const uint64_t length = length_of(size);
  if (length > definition().max_entries || !producers_.try_lock()) return nullptr;
  std::byte *const record = place(length, size);
  producers_.unlock();
  return record;
}

inline std::byte *RingMap::place(uint64_t length, uint64_t size) {
  const uint64_t ring = definition().max_entries;
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

}  // namespace spile::maps
