// PerCpuMap: BPF_MAP_TYPE_PERCPU_ARRAY, PERCPU_HASH and LRU_PERCPU_HASH. A map of the plain type whose elements hold
// one value for each CPU, side by side.
//
//   element: key │ value of CPU 0 │ value of CPU 1 │ …      each rounded up to 8 bytes
//
// A program sees and changes the value of the CPU that it runs on; the user's side sees all of them.
#pragma once

#include <array>
#include <mutex>

#include "runtime/maps/map.h"
#include "runtime/maps/pages.h"
#include "runtime/maps/spin_lock.h"

namespace spile::maps {

class PerCpuMap final : public Map {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition, PageSource &pages);
  static Result<std::unique_ptr<Map>> make(const Definition &definition) {
    PageSource memory;
    return make(definition, memory);
  }

  std::byte *lookup(const std::byte *key) override { return inner_->lookup(key); }
  // The same value for every CPU.
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override { return inner_->next_key(key, next); }
  uint64_t for_each(const Visit &visit) override { return inner_->for_each(visit); }
  size_t size() const override { return inner_->size(); }
  std::byte *direct_values() override { return nullptr; }

  uint32_t copies() const override { return copies_; }
  std::byte *lookup_on(const std::byte *key, uint32_t cpu) override;
  int64_t update_on(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t cpu) override;
  uint64_t for_each_on(const Visit &visit, uint32_t cpu) override;

  // The map of the plain type, whose values are those of all CPUs, and where in one of them a CPU's is. Few CPUs are
  // not there: only those of events from larger machines.
  Map &inner() const { return *inner_; }
  bool is_array() const { return is_array_; }
  std::byte *part_of(std::byte *values, uint32_t cpu) const {
    return values + (cpu < copies_ ? cpu : cpu % copies_) * stride_;
  }

 private:
  PerCpuMap(const Definition &definition, std::unique_ptr<Map> inner);
  // Puts [value] as those of the CPUs from [first] to [last]. In an array nobody waits, but for special fields.
  int64_t put(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t first, uint32_t last);
  int64_t put_in_array(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t first, uint32_t last);

  // Writers of a present element's value for one CPU, which go on beside those for others.
  struct alignas(64) Lock {
    SpinLock held;
  };
  static constexpr uint32_t kLocks = 16;  // of CPU n, n + 16, …
  SpinLock &lock_of(uint32_t cpu) { return locks_[cpu % kLocks].held; }
  // All of them: nobody writes into an element.
  class Alone {
   public:
    explicit Alone(PerCpuMap &map) : map_(map) {
      for (Lock &lock : map_.locks_) lock.held.lock();
    }
    ~Alone() {
      for (Lock &lock : map_.locks_) lock.held.unlock();
    }
    Alone(const Alone &) = delete;
    Alone &operator=(const Alone &) = delete;

   private:
    PerCpuMap &map_;
  };

  std::unique_ptr<Map> inner_;
  const bool is_array_;
  const uint32_t copies_;
  const uint64_t stride_;
  // Of hashes: an element that is written in place must not be deleted and become another's meanwhile.
  std::array<Lock, kLocks> locks_;
  std::mutex writers_;  // of values with special fields
};

}  // namespace spile::maps
