// StackMap: BPF_MAP_TYPE_STACK_TRACE. Call chains by a number that their hash gives, so that a chain is stored once.
#pragma once

#include <mutex>
#include <span>

#include "runtime/maps/map.h"
#include "runtime/maps/pages.h"

namespace spile::maps {

class StackMap final : public Map {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);

  // Kernel: a program cannot look one up; the user's side can.
  std::byte *lookup(const std::byte *key) override;
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override;
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override;

  // The number of the chain; -EEXIST when another has its place and [flags] has no BPF_F_REUSE_STACKID. Chains that
  // are too long are cut.
  int64_t insert(std::span<const uint64_t> addresses, uint64_t flags);

 private:
  StackMap(const Definition &definition, Pages values, std::vector<uint32_t> depths);
  uint32_t places() const { return static_cast<uint32_t>(depths_.size()); }
  std::byte *at(uint32_t place) const { return values_.data() + uint64_t{place} * definition().value_size; }

  Pages values_;
  mutable std::mutex mutex_;
  std::vector<uint32_t> depths_;  // addresses by place; 0: empty
};

}  // namespace spile::maps
