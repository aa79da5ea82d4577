// RingMap: BPF_MAP_TYPE_RINGBUF and USER_RINGBUF. Records of any size in a ring, in the layout that the kernel shares
// with its readers:
//
//   record { u32 length and flags; u32 page offset; payload } each rounded up to 8 bytes
//
// The data area is mapped twice, one after the other, so that a record never wraps. Positions count bytes for ever;
// where they lie is the position modulo the size.
#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <utility>

#include "runtime/maps/keyless_map.h"
#include "runtime/maps/spin_lock.h"

namespace spile::maps {

class RingMap final : public KeylessMap {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);
  ~RingMap() override;

  // The producer. Space for [size] bytes, or null when the ring is full or the record too large for it.
  std::byte *reserve(uint64_t size);
  // A reader in the same process: called when the ring is full, so that it catches up and nothing is lost.
  void when_full(std::function<void()> catch_up) { catch_up_ = std::move(catch_up); }
  // Hands a reserved record to the reader, or has the reader skip it.
  static void commit(std::byte *record, bool discard);
  // 0, or -EAGAIN when the ring is full.
  int64_t output(std::span<const std::byte> bytes);
  // BPF_RB_AVAIL_DATA and its siblings; 0 for others.
  uint64_t query(uint64_t what) const;

  // The reader. Calls [take] for each record that is committed, oldest first, until it returns false; how many it
  // took. -EBUSY while another thread reads.
  using Take = std::function<bool(std::span<std::byte> record)>;
  int64_t consume(const Take &take, uint64_t most = UINT64_MAX);

 private:
  RingMap(const Definition &definition, std::byte *data);
  std::byte *at(uint64_t position) const { return data_ + (position & (definition().max_entries - 1)); }

  std::byte *try_reserve(uint64_t length, uint64_t size);

  std::byte *data_;
  std::function<void()> catch_up_;
  SpinLock producers_;
  SpinLock reader_;
  std::atomic<uint64_t> consumer_{0}, producer_{0};
};

}  // namespace spile::maps
