// BloomMap: BPF_MAP_TYPE_BLOOM_FILTER. Whether a value was pushed: never a wrong no, now and then a wrong yes.
#pragma once

#include "runtime/maps/keyless_map.h"
#include "runtime/maps/pages.h"

namespace spile::maps {

class BloomMap final : public KeylessMap {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition, PageSource &pages);
  static Result<std::unique_ptr<Map>> make(const Definition &definition) {
    PageSource memory;
    return make(definition, memory);
  }

  int64_t push(const std::byte *value, uint64_t flags) override;
  // 0 when [value] was pushed (or looks so), -ENOENT when it was not.
  int64_t peek(std::byte *value) override;

 private:
  BloomMap(const Definition &definition, Pages bits, uint64_t mask);
  uint64_t bit_of(uint64_t hash, uint32_t which) const;

  Pages bits_;
  const uint64_t mask_;    // of bit numbers
  const uint32_t hashes_;  // bits a value sets
};

}  // namespace spile::maps
