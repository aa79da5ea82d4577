// create(): the checks of BPF_MAP_CREATE, and the map.
//
// The errno is the kernel's; the words are ours.
#include <linux/bpf.h>

#include <algorithm>

#include "lang-spec/tables/map_definition.h"
#include "lang-spec/tables/tables.h"
#include "runtime/maps/arena_map.h"
#include "runtime/maps/array_map.h"
#include "runtime/maps/bloom_map.h"
#include "runtime/maps/event_map.h"
#include "runtime/maps/hash_map.h"
#include "runtime/maps/lpm_map.h"
#include "runtime/maps/map.h"
#include "runtime/maps/percpu_map.h"
#include "runtime/maps/queue_map.h"
#include "runtime/maps/reference_map.h"
#include "runtime/maps/ring_map.h"
#include "runtime/maps/stack_map.h"
#include "runtime/maps/storage_map.h"
#include "runtime/maps/target_map.h"
#include "support/check.h"

namespace spile::maps {

namespace {

using Make = Result<std::unique_ptr<Map>> (*)(const Definition &);
using MakeIn = Result<std::unique_ptr<Map>> (*)(const Definition &, PageSource &);

// How a map of each type is made, and where its elements may lie in pages of another's, how it is there.
struct Maker {
  uint32_t type;
  Make make;
  MakeIn make_in = nullptr;
};
constexpr Maker kMakers[] = {
    {BPF_MAP_TYPE_HASH, make_hash_map, make_hash_map},
    {BPF_MAP_TYPE_ARRAY, ArrayMap::make, ArrayMap::make},
    {BPF_MAP_TYPE_PROG_ARRAY, ReferenceMap::make},
    {BPF_MAP_TYPE_PERF_EVENT_ARRAY, EventMap::make},
    {BPF_MAP_TYPE_PERCPU_HASH, PerCpuMap::make, PerCpuMap::make},
    {BPF_MAP_TYPE_PERCPU_ARRAY, PerCpuMap::make, PerCpuMap::make},
    {BPF_MAP_TYPE_STACK_TRACE, StackMap::make},
    {BPF_MAP_TYPE_CGROUP_ARRAY, ReferenceMap::make},
    {BPF_MAP_TYPE_LRU_HASH, make_hash_map, make_hash_map},
    {BPF_MAP_TYPE_LRU_PERCPU_HASH, PerCpuMap::make, PerCpuMap::make},
    {BPF_MAP_TYPE_LPM_TRIE, LpmMap::make, LpmMap::make},
    {BPF_MAP_TYPE_ARRAY_OF_MAPS, ReferenceMap::make},
    {BPF_MAP_TYPE_HASH_OF_MAPS, ReferenceMap::make},
    {BPF_MAP_TYPE_DEVMAP, TargetMap::make},
    {BPF_MAP_TYPE_SOCKMAP, TargetMap::make},
    {BPF_MAP_TYPE_CPUMAP, TargetMap::make},
    {BPF_MAP_TYPE_XSKMAP, TargetMap::make},
    {BPF_MAP_TYPE_SOCKHASH, TargetMap::make},
    {BPF_MAP_TYPE_CGROUP_STORAGE, StorageMap::make},
    {BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, TargetMap::make},
    {BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, StorageMap::make},
    {BPF_MAP_TYPE_QUEUE, QueueMap::make, QueueMap::make},
    {BPF_MAP_TYPE_STACK, QueueMap::make, QueueMap::make},
    {BPF_MAP_TYPE_SK_STORAGE, StorageMap::make},
    {BPF_MAP_TYPE_DEVMAP_HASH, TargetMap::make},
    {BPF_MAP_TYPE_RINGBUF, RingMap::make},
    {BPF_MAP_TYPE_INODE_STORAGE, StorageMap::make},
    {BPF_MAP_TYPE_TASK_STORAGE, StorageMap::make},
    {BPF_MAP_TYPE_BLOOM_FILTER, BloomMap::make, BloomMap::make},
    {BPF_MAP_TYPE_USER_RINGBUF, RingMap::make},
    {kCgrpStorageType, StorageMap::make},
    {kArenaType, ArenaMap::make},
};

}  // namespace

bool is_placeable(uint32_t type) {
  const Maker *maker = std::ranges::find(kMakers, type, &Maker::type);
  return maker != std::end(kMakers) && maker->make_in != nullptr;
}

Result<std::unique_ptr<Map>> create(const Definition &definition, PageSource *pages) {
  const tables::MapType *type = tables::find_map_type(definition.type);
  const Maker *maker = std::ranges::find(kMakers, definition.type, &Maker::type);
  if (type == nullptr || maker == std::end(kMakers))
    return unsupported_error("map `{}`: the engines have no maps of type {}", definition.name,
                             type == nullptr ? fmt::format("{}", definition.type) : std::string(type->spoken));
  if (auto fault = tables::fault_of({definition.type, definition.key_size, definition.value_size,
                                     definition.max_entries, definition.map_flags, definition.map_extra}))
    return std::unexpected(Error{Error::Kind::Input, fmt::format("map `{}`: {}", definition.name, fault->message),
                                 std::move(fault->hint), fault->os_error});
  SPILE_CHECK(pages == nullptr || maker->make_in != nullptr, "only maps that are placeable lie elsewhere");
  Result<std::unique_ptr<Map>> map = pages != nullptr ? maker->make_in(definition, *pages) : maker->make(definition);
  if (!map) map.error().message = fmt::format("cannot create map `{}`: {}", definition.name, map.error().message);
  return map;
}

}  // namespace spile::maps
