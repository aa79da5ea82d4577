// QueueMap: BPF_MAP_TYPE_QUEUE and STACK. A ring of values without keys.
//
//   Ends | max_entries values
#pragma once

#include <atomic>

#include "runtime/maps/keyless_map.h"
#include "runtime/maps/pages.h"
#include "runtime/maps/spin_lock.h"

namespace spile::maps {

class QueueMap final : public KeylessMap {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition, PageSource &pages);
  static Result<std::unique_ptr<Map>> make(const Definition &definition) {
    PageSource memory;
    return make(definition, memory);
  }

  // From the one that pop() gives next; the key is null.
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override;

  // BPF_EXIST: a full one drops its oldest value.
  int64_t push(const std::byte *value, uint64_t flags) override;
  // When there is none, [value] is zeroed.
  int64_t pop(std::byte *value) override { return take(value, true); }
  int64_t peek(std::byte *value) override { return take(value, false); }

 private:
  // Values are numbered as they come. The one that is being written or read is counted afterwards, so whoever is killed
  // meanwhile leaves whole ones.
  struct Ends {
    std::atomic<uint64_t> oldest, next;
  };

  QueueMap(const Definition &definition, Pages ends, Pages values);
  // Ends that no map leaves behind are an error; those of a snapshot are as far apart as they may be.
  Result<void> adopt(PageSource::Content content);
  int64_t take(std::byte *value, bool remove);
  static void move(std::atomic<uint64_t> &end, int64_t by);
  std::byte *at(uint64_t number) {
    return values_.data() + number % definition().max_entries * definition().value_size;
  }

  Pages ends_pages_, values_;
  std::atomic<uint64_t> &oldest_, &next_;
  const bool is_stack_;
  mutable SpinLock lock_;
};

}  // namespace spile::maps
