// TargetMap: maps that packets and connections are sent to: DEVMAP, DEVMAP_HASH, CPUMAP, XSKMAP, SOCKMAP, SOCKHASH,
// REUSEPORT_SOCKARRAY.
//
// In this process nothing lies behind an element; it says what a redirect would have reached: the number that the
// user's side put in (an interface, a queue size, a socket). Arrays begin empty, as in the kernel: lookup gives null
// and a redirect falls back until someone fills them.
#pragma once

#include "runtime/maps/map.h"

namespace spile::maps {

class TargetMap final : public Map {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);

  std::byte *lookup(const std::byte *key) override;
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override;
  uint64_t for_each(const Visit &visit) override { return targets_->for_each(visit); }
  size_t size() const override { return targets_->size(); }

 private:
  TargetMap(const Definition &definition, std::unique_ptr<Map> targets);
  bool is_outside(const std::byte *key) const;

  std::unique_ptr<Map> targets_;  // a hash map, of array types too: what is not in it is an empty slot
  const bool is_array_;
};

}  // namespace spile::maps
