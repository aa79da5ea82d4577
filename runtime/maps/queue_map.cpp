#include "runtime/maps/queue_map.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace spile::maps {

QueueMap::QueueMap(const Definition &definition, Pages ends, Pages values)
    : KeylessMap(definition, {.update = -EINVAL, .erase = -EINVAL, .next_key = -EINVAL}),
      ends_pages_(std::move(ends)),
      values_(std::move(values)),
      oldest_(reinterpret_cast<Ends *>(ends_pages_.data())->oldest),
      next_(reinterpret_cast<Ends *>(ends_pages_.data())->next),
      is_stack_(definition.type == BPF_MAP_TYPE_STACK) {}

Result<std::unique_ptr<Map>> QueueMap::make(const Definition &definition, PageSource &pages) {
  auto ends = pages.take(sizeof(Ends));
  if (!ends) return std::unexpected(ends.error());
  auto values = pages.take(uint64_t{definition.max_entries} * definition.value_size);
  if (!values) return std::unexpected(values.error());
  std::unique_ptr<QueueMap> map(new QueueMap(definition, std::move(*ends), std::move(*values)));
  if (auto adopted = map->adopt(pages.content()); !adopted) return std::unexpected(adopted.error());
  return map;
}

Result<void> QueueMap::adopt(PageSource::Content content) {
  const uint64_t count = next_ - oldest_, most = definition().max_entries;
  if (count <= most) return {};
  if (content == PageSource::Content::Whole) return input_error("it has {} values, and {} have room", count, most);
  oldest_ = next_ - std::min<uint64_t>(next_, most);
  return {};
}

// With the lock held: no one else writes.
void QueueMap::move(std::atomic<uint64_t> &end, int64_t by) {
  end.store(end.load(std::memory_order_relaxed) + static_cast<uint64_t>(by), std::memory_order_release);
}

size_t QueueMap::size() const {
  const std::lock_guard guard(lock_);
  return next_ - oldest_;
}

int64_t QueueMap::push(const std::byte *value, uint64_t flags) {
  if ((flags & BPF_NOEXIST) != 0 || flags > BPF_EXIST) return -EINVAL;
  const std::lock_guard guard(lock_);
  if (next_ - oldest_ == definition().max_entries) {
    if (flags != BPF_EXIST) return -E2BIG;
    move(oldest_, 1);
  }
  std::memcpy(at(next_), value, definition().value_size);
  move(next_, 1);
  return 0;
}

int64_t QueueMap::take(std::byte *value, bool remove) {
  const std::lock_guard guard(lock_);
  if (next_ == oldest_) {
    std::memset(value, 0, definition().value_size);
    return -ENOENT;
  }
  std::memcpy(value, at(is_stack_ ? next_ - 1 : oldest_.load()), definition().value_size);
  if (remove) is_stack_ ? move(next_, -1) : move(oldest_, 1);
  return 0;
}

uint64_t QueueMap::for_each(const Visit &visit) {
  std::vector<std::byte> copy(definition().value_size);
  for (uint64_t visited = 0;; visited++) {
    {
      const std::lock_guard guard(lock_);
      if (visited >= next_ - oldest_) return visited;
      std::memcpy(copy.data(), at(is_stack_ ? next_ - 1 - visited : oldest_ + visited), copy.size());
    }
    if (visit(nullptr, copy.data())) return visited + 1;
  }
}

}  // namespace spile::maps
