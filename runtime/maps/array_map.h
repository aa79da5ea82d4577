// ArrayMap: BPF_MAP_TYPE_ARRAY. One block of values at a fixed stride, all present and zero from the start.
#pragma once

#include <cstring>

#include "runtime/maps/map.h"
#include "runtime/maps/pages.h"

namespace spile::maps {

class ArrayMap final : public Map {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition, PageSource &pages);
  static Result<std::unique_ptr<Map>> make(const Definition &definition) {
    PageSource memory;
    return make(definition, memory);
  }

  std::byte *lookup(const std::byte *key) override {
    const uint32_t index = index_of(key);
    return index < definition().max_entries ? at(index) : nullptr;
  }
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  // Here too, so that what programs call is one virtual call and not two.
  std::byte *lookup_on(const std::byte *key, uint32_t) override { return lookup(key); }
  int64_t update_on(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t) override {
    return update(key, value, flags);
  }
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override;
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override { return definition().max_entries; }
  std::byte *direct_values() override { return values_.data(); }

 private:
  ArrayMap(const Definition &definition, Pages values);
  static uint32_t index_of(const std::byte *key) {
    uint32_t index;
    std::memcpy(&index, key, sizeof index);
    return index;
  }
  std::byte *at(uint32_t index) const { return values_.data() + index * stride_; }

  Pages values_;
  uint64_t stride_;
};

}  // namespace spile::maps
