#include "runtime/maps/target_map.h"

#include <linux/bpf.h>

#include <cerrno>
#include <cstring>

#include "runtime/maps/hash_key.h"
#include "runtime/maps/hash_map.h"

namespace spile::maps {

TargetMap::TargetMap(const Definition &definition, std::unique_ptr<Map> targets)
    : Map(definition),
      targets_(std::move(targets)),
      is_array_(definition.type != BPF_MAP_TYPE_DEVMAP_HASH && definition.type != BPF_MAP_TYPE_SOCKHASH) {}

Result<std::unique_ptr<Map>> TargetMap::make(const Definition &definition) {
  Definition targets = definition;
  targets.type = BPF_MAP_TYPE_HASH;
  auto made = make_hash_map(targets);
  if (!made) return made;
  return std::unique_ptr<Map>(new TargetMap(definition, std::move(*made)));
}

bool TargetMap::is_outside(const std::byte *key) const {
  return is_array_ && load<uint32_t>(key) >= definition().max_entries;
}

std::byte *TargetMap::lookup(const std::byte *key) { return is_outside(key) ? nullptr : targets_->lookup(key); }

// The order of the checks is __dev_map_update_elem()'s.
int64_t TargetMap::update(const std::byte *key, const std::byte *value, uint64_t flags) {
  if (flags > BPF_EXIST) return -EINVAL;
  if (is_outside(key)) return -E2BIG;
  // A slot of an array of devices or CPUs is always there; those of sockets may be asked for.
  const bool always = definition().type == BPF_MAP_TYPE_DEVMAP || definition().type == BPF_MAP_TYPE_CPUMAP;
  if (always && flags == BPF_NOEXIST) return -EEXIST;
  return targets_->update(key, value, always ? uint64_t{BPF_ANY} : flags);
}

int64_t TargetMap::erase(const std::byte *key) {
  if (is_outside(key)) return -EINVAL;
  const int64_t error = targets_->erase(key);
  const bool sockets = definition().type == BPF_MAP_TYPE_SOCKMAP;
  if (error == -ENOENT && is_array_) return sockets ? -EINVAL : 0;
  return error;
}

int64_t TargetMap::next_key(const std::byte *key, std::byte *next) {
  if (!is_array_) return targets_->next_key(key, next);
  const uint32_t index = key == nullptr ? UINT32_MAX : load<uint32_t>(key);
  if (index == definition().max_entries - 1) return -ENOENT;
  const uint32_t following = index < definition().max_entries ? index + 1 : 0;
  std::memcpy(next, &following, sizeof following);
  return 0;
}

}  // namespace spile::maps
