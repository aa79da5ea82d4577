// QueueMap: BPF_MAP_TYPE_QUEUE and STACK. A ring of values without keys.
#pragma once

#include "runtime/maps/keyless_map.h"
#include "runtime/maps/pages.h"
#include "runtime/maps/spin_lock.h"

namespace spile::maps {

class QueueMap final : public KeylessMap {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);

  // From the one that pop() gives next; the key is null.
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override;

  // BPF_EXIST: a full one drops its oldest value.
  int64_t push(const std::byte *value, uint64_t flags) override;
  // When there is none, [value] is zeroed.
  int64_t pop(std::byte *value) override { return take(value, true); }
  int64_t peek(std::byte *value) override { return take(value, false); }

 private:
  QueueMap(const Definition &definition, Pages values);
  int64_t take(std::byte *value, bool remove);
  std::byte *at(uint64_t number) {
    return values_.data() + number % definition().max_entries * definition().value_size;
  }

  Pages values_;
  const bool is_stack_;
  mutable SpinLock lock_;
  uint64_t oldest_ = 0, next_ = 0;  // values are numbered as they come
};

}  // namespace spile::maps
