#include "runtime/maps/storage_map.h"

#include <linux/bpf.h>

#include "runtime/maps/hash_map.h"

namespace spile::maps {

namespace {
Definition keyed_by_number(Definition definition) {
  definition.key_size = sizeof(uint64_t);
  definition.max_entries = StorageMap::kMaxOwners;
  return definition;
}
}  // namespace

StorageMap::StorageMap(const Definition &definition, std::unique_ptr<Map> values)
    : Map(keyed_by_number(definition)), values_(std::move(values)) {}

Result<std::unique_ptr<Map>> StorageMap::make(const Definition &definition) {
  Definition values = keyed_by_number(definition);
  values.type = BPF_MAP_TYPE_HASH;
  auto made = make_hash_map(values);
  if (!made) return made;
  return std::unique_ptr<Map>(new StorageMap(definition, std::move(*made)));
}

std::byte *StorageMap::get(uint64_t owner, const std::byte *initial, bool create) {
  const auto *key = reinterpret_cast<const std::byte *>(&owner);
  std::byte *value = values_->lookup(key);
  if (value != nullptr || !create) return value;
  const std::vector<std::byte> zeros(initial == nullptr ? definition().value_size : 0);
  // Another thread may be first; its value is then the one.
  values_->update(key, initial == nullptr ? zeros.data() : initial, BPF_NOEXIST);
  return values_->lookup(key);
}

}  // namespace spile::maps
