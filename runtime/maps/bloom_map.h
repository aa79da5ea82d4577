// BloomMap: BPF_MAP_TYPE_BLOOM_FILTER. Whether a value was pushed: never a wrong no, now and then a wrong yes.
#pragma once

#include "runtime/maps/map.h"
#include "runtime/maps/pages.h"

namespace spile::maps {

class BloomMap final : public Map {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);

  std::byte *lookup(const std::byte *) override { return nullptr; }
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override;
  // It cannot tell what is in it.
  uint64_t for_each(const Visit &) override { return 0; }
  size_t size() const override { return 0; }

  int64_t push(const std::byte *value, uint64_t flags) override;
  // 0 when [value] was pushed (or looks so), -ENOENT when it was not.
  int64_t peek(std::byte *value) override;

 private:
  BloomMap(const Definition &definition, Pages bits, uint64_t mask);
  uint64_t bit_of(const std::byte *value, uint32_t which) const;

  Pages bits_;
  const uint64_t mask_;    // of bit numbers
  const uint32_t hashes_;  // bits a value sets
};

}  // namespace spile::maps
