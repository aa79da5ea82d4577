// StorageMap: values that belong to something of the kernel: TASK_STORAGE, SK_STORAGE, INODE_STORAGE, CGRP_STORAGE,
// CGROUP_STORAGE and PERCPU_CGROUP_STORAGE.
//
// The thing is named by a number here: a task by its thread id, a socket by its place in the network that was
// described, an inode by the address that the program has of it, a control group by its id. The user's side walks the
// values by these numbers.
#pragma once

#include "runtime/maps/map.h"

namespace spile::maps {

class StorageMap final : public Map {
 public:
  // How many things may have a value at one time. Kernel: bounded by memory alone.
  static constexpr uint32_t kMaxOwners = 65536;

  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);

  // Keys are 8 bytes: the owner's number.
  std::byte *lookup(const std::byte *key) override { return values_->lookup(key); }
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override {
    return values_->update(key, value, flags);
  }
  int64_t erase(const std::byte *key) override { return values_->erase(key); }
  int64_t next_key(const std::byte *key, std::byte *next) override { return values_->next_key(key, next); }
  uint64_t for_each(const Visit &visit) override { return values_->for_each(visit); }
  size_t size() const override { return values_->size(); }

  // The value of [owner]; with [create] a new one, from [initial] or zero when that is null. Null: there is none, or
  // no place for one.
  std::byte *get(uint64_t owner, const std::byte *initial, bool create);

 private:
  StorageMap(const Definition &definition, std::unique_ptr<Map> values);
  std::unique_ptr<Map> values_;
};

}  // namespace spile::maps
