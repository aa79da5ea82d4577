#include "runtime/maps/queue_map.h"

#include <linux/bpf.h>

#include <cerrno>
#include <cstring>
#include <mutex>

namespace spile::maps {

QueueMap::QueueMap(const Definition &definition, Pages values)
    : KeylessMap(definition, {.update = -EINVAL, .erase = -EINVAL, .next_key = -EINVAL}),
      values_(std::move(values)),
      is_stack_(definition.type == BPF_MAP_TYPE_STACK) {}

Result<std::unique_ptr<Map>> QueueMap::make(const Definition &definition) {
  auto values = Pages::allocate(uint64_t{definition.max_entries} * definition.value_size);
  if (!values) return std::unexpected(values.error());
  return std::unique_ptr<Map>(new QueueMap(definition, std::move(*values)));
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
    oldest_++;
  }
  std::memcpy(at(next_++), value, definition().value_size);
  return 0;
}

int64_t QueueMap::take(std::byte *value, bool remove) {
  const std::lock_guard guard(lock_);
  if (next_ == oldest_) {
    std::memset(value, 0, definition().value_size);
    return -ENOENT;
  }
  std::memcpy(value, at(is_stack_ ? next_ - 1 : oldest_), definition().value_size);
  if (remove && is_stack_) next_--;
  if (remove && !is_stack_) oldest_++;
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
