#include "runtime/maps/event_map.h"

#include <cerrno>

namespace spile::maps {

Result<std::unique_ptr<Map>> EventMap::make(const Definition &definition) {
  return std::unique_ptr<Map>(new EventMap(definition));
}

int64_t EventMap::output(uint32_t cpu, std::span<const std::byte> head, std::span<const std::byte> tail) {
  if (cpu >= definition().max_entries) return -E2BIG;
  if (cpu >= possible_cpus()) return -ENOENT;
  const std::lock_guard guard(mutex_);
  if (waiting_ + head.size() + tail.size() > kMaxWaiting) return -ENOSPC;
  Sample &sample = samples_.emplace_back(cpu);
  sample.bytes.assign(head.begin(), head.end());
  sample.bytes.insert(sample.bytes.end(), tail.begin(), tail.end());
  waiting_ += sample.bytes.size();
  return 0;
}

uint64_t EventMap::consume(const Take &take) {
  std::vector<Sample> ready;
  {
    const std::lock_guard guard(mutex_);
    if (samples_.empty()) return 0;
    ready.swap(samples_);
    waiting_ = 0;
  }
  for (const Sample &sample : ready) take(sample.cpu, sample.bytes);
  return ready.size();
}

}  // namespace spile::maps
