// EventMap: BPF_MAP_TYPE_PERF_EVENT_ARRAY. Where bpf_perf_event_output() leaves samples for a reader.
//
// It behaves as if the reader had opened one event for each CPU, which is what readers do. Samples wait in one queue in
// the order in which they came; a full queue loses new ones and counts them, as the kernel's buffers do.
#pragma once

#include <cerrno>
#include <mutex>
#include <span>
#include <vector>

#include "runtime/maps/keyless_map.h"

namespace spile::maps {

class EventMap final : public KeylessMap {
 public:
  // Bytes that may wait: as many as libbpf's perf_buffer of 64 pages for each of 16 CPUs.
  static constexpr size_t kMaxWaiting = size_t{4} << 20;

  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);

  // 0; -E2BIG: [cpu] is outside of the map; -ENOENT: no such CPU; -ENOSPC: the queue is full.
  int64_t output(uint32_t cpu, std::span<const std::byte> head, std::span<const std::byte> tail);

  using Take = std::function<void(uint32_t cpu, std::span<const std::byte> sample)>;
  // Hands over what waits; how many samples.
  uint64_t consume(const Take &take);

 private:
  explicit EventMap(const Definition &definition)
      : KeylessMap(definition, {.update = -EBADF, .erase = -ENOENT, .next_key = -ENOENT}) {}
  struct Sample {
    uint32_t cpu;
    std::vector<std::byte> bytes;
  };
  std::mutex mutex_;
  std::vector<Sample> samples_;
  size_t waiting_ = 0;  // bytes
};

}  // namespace spile::maps
