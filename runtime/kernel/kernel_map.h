// KernelMap: a map that lies in the kernel, behind the interface of the maps of this process.
//
// What prints maps, and the handlers of the user's side, need not know where they are. A value that lookup() gives is a
// copy, which lives until settle(): that writes back what was changed in it, in one piece, over what programs in the
// kernel may have written there meanwhile. Variables (global data) are the kernel's memory itself. Several threads need
// several of them.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <vector>

#include "runtime/maps/map.h"

namespace spile::kernel {

// As many as this machine may ever have; values of per-CPU maps have as many copies.
unsigned possible_cpus();

class KernelMap final : public maps::Map {
 public:
  // [fd] is of a map that [definition] describes, and outlives this.
  KernelMap(maps::Definition definition, int fd);
  ~KernelMap() override;

  std::byte *lookup(const std::byte *key) override { return lookup_on(key, 0); }
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override;
  // Elements of queues and stacks are taken out to be seen, and put back.
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override;  // walks over all keys
  // Null where the kernel lends no memory of the map: it was not created with BPF_F_MMAPABLE.
  std::byte *direct_values() override { return memory_; }

  uint32_t copies() const override { return copies_; }
  std::byte *lookup_on(const std::byte *key, uint32_t cpu) override;

  int64_t push(const std::byte *value, uint64_t flags) override;
  int64_t pop(std::byte *value) override;
  int64_t peek(std::byte *value) override;

  // Between two programs of this process: changed values are written, and all that lookup() gave is forgotten.
  void settle();

 private:
  using Bytes = std::vector<std::byte>;
  struct Held {
    Bytes now, read;  // of all CPUs
  };

  size_t stride() const;  // bytes from one CPU's value to the next
  Held *hold(const std::byte *key);
  uint64_t visit_queued(const Visit &visit);
  template <class VisitKey>
  void walk(const VisitKey &visit) const;

  int fd_;
  uint32_t copies_;
  std::byte *memory_ = nullptr;
  size_t memory_size_ = 0;
  std::map<Bytes, Held> held_;
  std::list<Held> erased_;  // programs may still look at what they have deleted
};

}  // namespace spile::kernel
