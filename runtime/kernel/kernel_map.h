// KernelMap: a map that lies in the kernel, behind the interface of the maps of this process.
//
// What prints maps, and what iterates over them, need not know where they are. A value that lookup() gives is a copy:
// it lives until the next call, and to change it is to change nothing. Several threads need several of them.
#pragma once

#include <vector>

#include "runtime/maps/map.h"

namespace spile::kernel {

class KernelMap final : public maps::Map {
 public:
  // [fd] is of a map that [definition] describes, and outlives this.
  KernelMap(maps::Definition definition, int fd);

  std::byte *lookup(const std::byte *key) override { return lookup_on(key, 0); }
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override;
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override;  // walks over all keys

  uint32_t copies() const override { return copies_; }
  std::byte *lookup_on(const std::byte *key, uint32_t cpu) override;

  int64_t push(const std::byte *value, uint64_t flags) override { return update(nullptr, value, flags); }
  int64_t pop(std::byte *value) override;
  int64_t peek(std::byte *value) override;

 private:
  size_t stride() const;  // bytes from one CPU's value to the next
  template <class VisitKey>
  void walk(const VisitKey &visit) const;

  int fd_;
  uint32_t copies_;
  std::vector<std::byte> values_;  // of all CPUs, as the last lookup found them
};

}  // namespace spile::kernel
