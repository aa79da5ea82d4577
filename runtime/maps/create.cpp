// create(): the checks of BPF_MAP_CREATE, and the map.
//
// Source: map_create() in kernel/bpf/syscall.c and the map_alloc_check functions of each type. The errno is the
// kernel's; the words are ours.
#include <linux/bpf.h>

#include <algorithm>
#include <bit>
#include <cerrno>

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

constexpr uint32_t kPage = 4096;

constexpr uint32_t kProgAccess = BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, kUserAccess = BPF_F_RDONLY | BPF_F_WRONLY,
                   kAccess = kProgAccess | kUserAccess;
constexpr uint32_t kHash = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | kAccess;
constexpr uint32_t kLruHash = BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | kAccess;
constexpr uint32_t kNuma = BPF_F_NUMA_NODE;
constexpr uint32_t kSegvOnFault = 1u << 17, kNoUserConv = 1u << 18;  // of arenas
constexpr uint32_t kStorage = BPF_F_NO_PREALLOC | BPF_F_CLONE;

constexpr uint64_t kMaxAlloc = uint64_t{4} << 20;  // KMALLOC_MAX_SIZE of a kernel with 4 KiB pages
constexpr uint64_t kHashElement = 48;              // struct htab_elem
constexpr uint32_t kMaxPerCpu = 32 << 10;          // PCPU_MIN_UNIT_SIZE
constexpr uint32_t kMaxBuckets = 1u << 27;         // U32_MAX / sizeof(struct bucket), as a power of two
constexpr uint32_t kMaxSockKey = 512;              // MAX_BPF_STACK
constexpr uint32_t kMaxTargets = 1u << 31;
constexpr uint32_t kMaxCpus = 8192;            // NR_CPUS of distributions
constexpr uint32_t kMaxStackDepth = 127;       // sysctl kernel.perf_event_max_stack
constexpr uint32_t kMaxStorage = 0xffff - 64;  // BPF_LOCAL_STORAGE_MAX_VALUE_SIZE, about
constexpr uint64_t kMaxHashes = 15;            // of a bloom filter, in map_extra
constexpr uint32_t kMaxArenaPages = 1u << 20;  // 4 GiB

// What the checks of one type are about, besides the sizes in maps.def.
struct Rules {
  uint32_t type;
  Make make;
  uint32_t flags;                     // that it takes
  uint32_t must = 0;                  // that it must have
  uint64_t max_value = INT32_MAX;     // -E2BIG above
  uint32_t max_entries = UINT32_MAX;  // -E2BIG above
};
constexpr Rules kRules[] = {
    {BPF_MAP_TYPE_HASH, make_hash_map, kHash, 0, kMaxAlloc, kMaxBuckets},
    {BPF_MAP_TYPE_ARRAY, ArrayMap::make, BPF_F_NUMA_NODE | BPF_F_MMAPABLE | BPF_F_INNER_MAP | kAccess},
    {BPF_MAP_TYPE_PROG_ARRAY, ReferenceMap::make, kNuma | kUserAccess},
    {BPF_MAP_TYPE_PERF_EVENT_ARRAY, EventMap::make, kNuma | kUserAccess | BPF_F_PRESERVE_ELEMS},
    {BPF_MAP_TYPE_PERCPU_HASH, PerCpuMap::make, kHash & ~kNuma, 0, kMaxPerCpu, kMaxBuckets},
    {BPF_MAP_TYPE_PERCPU_ARRAY, PerCpuMap::make, kAccess, 0, kMaxPerCpu},
    {BPF_MAP_TYPE_STACK_TRACE, StackMap::make, kNuma | kUserAccess | BPF_F_STACK_BUILD_ID, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_CGROUP_ARRAY, ReferenceMap::make, kNuma | kUserAccess},
    {BPF_MAP_TYPE_LRU_HASH, make_hash_map, kLruHash, 0, kMaxAlloc, kMaxBuckets},
    {BPF_MAP_TYPE_LRU_PERCPU_HASH, PerCpuMap::make, kLruHash & ~kNuma, 0, kMaxPerCpu, kMaxBuckets},
    {BPF_MAP_TYPE_LPM_TRIE, LpmMap::make, BPF_F_NO_PREALLOC | kNuma | kAccess, BPF_F_NO_PREALLOC, UINT32_MAX,
     kMaxBuckets},
    {BPF_MAP_TYPE_ARRAY_OF_MAPS, ReferenceMap::make, kNuma | kUserAccess},
    {BPF_MAP_TYPE_HASH_OF_MAPS, ReferenceMap::make, kHash, 0, kMaxAlloc, kMaxBuckets},
    {BPF_MAP_TYPE_DEVMAP, TargetMap::make, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_SOCKMAP, TargetMap::make, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_CPUMAP, TargetMap::make, kNuma, 0, UINT32_MAX, kMaxCpus},
    {BPF_MAP_TYPE_XSKMAP, TargetMap::make, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_SOCKHASH, TargetMap::make, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_CGROUP_STORAGE, StorageMap::make, kNuma | kAccess, 0, kMaxStorage},
    {BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, TargetMap::make, kNuma | kAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, StorageMap::make, kNuma | kAccess, 0, kMaxPerCpu},
    {BPF_MAP_TYPE_QUEUE, QueueMap::make, kNuma | kAccess, 0, kMaxAlloc},
    {BPF_MAP_TYPE_STACK, QueueMap::make, kNuma | kAccess, 0, kMaxAlloc},
    {BPF_MAP_TYPE_SK_STORAGE, StorageMap::make, kStorage, BPF_F_NO_PREALLOC, kMaxStorage},
    {BPF_MAP_TYPE_DEVMAP_HASH, TargetMap::make, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_RINGBUF, RingMap::make, kNuma},
    {BPF_MAP_TYPE_INODE_STORAGE, StorageMap::make, kStorage, BPF_F_NO_PREALLOC, kMaxStorage},
    {BPF_MAP_TYPE_TASK_STORAGE, StorageMap::make, kStorage, BPF_F_NO_PREALLOC, kMaxStorage},
    {BPF_MAP_TYPE_BLOOM_FILTER, BloomMap::make, kNuma | BPF_F_ZERO_SEED | kAccess, 0, kMaxAlloc},
    {BPF_MAP_TYPE_USER_RINGBUF, RingMap::make, kNuma},
    {kCgrpStorageType, StorageMap::make, kStorage, BPF_F_NO_PREALLOC, kMaxStorage},
    {kArenaType, ArenaMap::make, BPF_F_MMAPABLE | kSegvOnFault | kNoUserConv, BPF_F_MMAPABLE, UINT32_MAX,
     kMaxArenaPages},
};

// The types whose elements may lie in pages of another's.
using MakeIn = Result<std::unique_ptr<Map>> (*)(const Definition &, PageSource &);
struct Placeable {
  uint32_t type;
  MakeIn make;
};
constexpr Placeable kPlaceable[] = {
    {BPF_MAP_TYPE_HASH, make_hash_map},          {BPF_MAP_TYPE_LRU_HASH, make_hash_map},
    {BPF_MAP_TYPE_ARRAY, ArrayMap::make},        {BPF_MAP_TYPE_PERCPU_ARRAY, PerCpuMap::make},
    {BPF_MAP_TYPE_PERCPU_HASH, PerCpuMap::make}, {BPF_MAP_TYPE_LRU_PERCPU_HASH, PerCpuMap::make},
    {BPF_MAP_TYPE_QUEUE, QueueMap::make},        {BPF_MAP_TYPE_STACK, QueueMap::make},
    {BPF_MAP_TYPE_LPM_TRIE, LpmMap::make},       {BPF_MAP_TYPE_BLOOM_FILTER, BloomMap::make},
};

const Rules *rules_of(uint32_t type) {
  for (const Rules &rules : kRules)
    if (rules.type == type) return &rules;
  return nullptr;
}

template <class... Args>
std::unexpected<Error> refuse(const Definition &definition, int os_error, fmt::format_string<Args...> format,
                              Args &&...args) {
  std::string message = fmt::format("map `{}`: ", definition.name);
  fmt::format_to(std::back_inserter(message), format, std::forward<Args>(args)...);
  return std::unexpected(Error{Error::Kind::Input, std::move(message), {}, os_error});
}

Result<void> check_size(const Definition &definition, std::string_view what, uint32_t size, tables::SizeRule rule) {
  if (tables::fits(rule, size)) return {};
  if (rule == tables::SizeRule::Any) return refuse(definition, EINVAL, "{} is 0", what);
  return refuse(definition, EINVAL, "{} is {}; this type of map takes {}", what, size, tables::spoken(rule));
}

Result<void> check_entries(const Definition &definition, tables::EntriesRule rule) {
  const uint32_t entries = definition.max_entries;
  switch (rule) {
    case tables::EntriesRule::Positive:
    case tables::EntriesRule::Cpus:
      if (entries == 0) return refuse(definition, EINVAL, "max_entries is 0");
      return {};
    case tables::EntriesRule::Zero:
      if (entries != 0) return refuse(definition, EINVAL, "max_entries is {}; this type of map takes 0", entries);
      return {};
    case tables::EntriesRule::One:
      if (entries != 1) return refuse(definition, EINVAL, "max_entries is {}; this type of map takes 1", entries);
      return {};
    case tables::EntriesRule::Pages:
      if (!std::has_single_bit(entries) || entries % kPage != 0)
        return refuse(definition, EINVAL, "max_entries is {}; this type of map takes {}", entries,
                      tables::spoken(rule));
      return {};
  }
  return {};
}

Result<void> check_flags(const Definition &definition, std::string_view type, const Rules &rules) {
  const bool lru = definition.type == BPF_MAP_TYPE_LRU_HASH || definition.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
  const uint32_t wrong = definition.map_flags & ~rules.flags;
  if (lru && wrong == BPF_F_NO_PREALLOC)
    return refuse(definition, kNotSupported, "BPF_F_NO_PREALLOC is not for LRU maps, which are always preallocated");
  if (wrong != 0)
    return refuse(definition, EINVAL, "map_flags has bits {:#x} that a map of type {} does not take", wrong, type);
  if ((definition.map_flags & rules.must) != rules.must)
    return refuse(definition, EINVAL, "map_flags lacks {}, which a map of type {} must have",
                  rules.must == BPF_F_MMAPABLE ? "BPF_F_MMAPABLE" : "BPF_F_NO_PREALLOC", type);
  if ((definition.map_flags & kProgAccess) == kProgAccess)
    return refuse(definition, EINVAL, "map_flags has both BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG");
  return {};
}

Result<void> check_extra(const Definition &definition, std::string_view type) {
  const bool bloom = definition.type == BPF_MAP_TYPE_BLOOM_FILTER, arena = definition.type == kArenaType;
  if (bloom && (definition.map_extra & ~kMaxHashes) != 0)
    return refuse(definition, EINVAL, "map_extra is {:#x}; a bloom filter takes 0 to {}", definition.map_extra,
                  kMaxHashes);
  if (arena && definition.map_extra % kPage != 0)
    return refuse(definition, EINVAL, "map_extra is {:#x}; an arena begins at a page", definition.map_extra);
  if (!bloom && !arena && definition.map_extra != 0)
    return refuse(definition, EINVAL, "map_extra is {:#x}; a map of type {} takes 0", definition.map_extra, type);
  return {};
}

Result<void> check(const Definition &definition, const tables::MapType &type, const Rules &rules) {
  if (Result<void> ok = check_size(definition, "key_size", definition.key_size, type.key); !ok) return ok;
  if (Result<void> ok = check_size(definition, "value_size", definition.value_size, type.value); !ok) return ok;
  if (Result<void> ok = check_entries(definition, type.entries); !ok) return ok;
  if (Result<void> ok = check_extra(definition, type.spoken); !ok) return ok;
  if (Result<void> ok = check_flags(definition, type.spoken, rules); !ok) return ok;
  const bool hashes = rules.make == static_cast<Make>(make_hash_map) || definition.type == BPF_MAP_TYPE_PERCPU_HASH ||
                      definition.type == BPF_MAP_TYPE_LRU_PERCPU_HASH || definition.type == BPF_MAP_TYPE_HASH_OF_MAPS;
  if (hashes && uint64_t{definition.key_size} + definition.value_size >= kMaxAlloc - kHashElement)
    return refuse(definition, E2BIG, "key_size and value_size are {} together; the most is {}",
                  uint64_t{definition.key_size} + definition.value_size, kMaxAlloc - kHashElement - 1);
  if (definition.type == BPF_MAP_TYPE_SOCKHASH && definition.key_size > kMaxSockKey)
    return refuse(definition, E2BIG, "key_size is {}; the most is {}", definition.key_size, kMaxSockKey);
  if (definition.value_size > rules.max_value)
    return refuse(definition, E2BIG, "value_size is {}; the most is {}", definition.value_size, rules.max_value);
  if (definition.type == BPF_MAP_TYPE_DEVMAP_HASH && definition.max_entries > kMaxTargets)
    return refuse(definition, EINVAL, "max_entries is {}; the most is {}", definition.max_entries, kMaxTargets);
  if (definition.max_entries > rules.max_entries)
    return refuse(definition, E2BIG, "max_entries is {}; the most is {}", definition.max_entries, rules.max_entries);
  if (definition.type == BPF_MAP_TYPE_STACK_TRACE && definition.value_size / 8 > kMaxStackDepth)
    return refuse(definition, EINVAL, "value_size is {}: {} addresses; the most is {}", definition.value_size,
                  definition.value_size / 8, kMaxStackDepth);
  return {};
}

}  // namespace

bool is_placeable(uint32_t type) {
  return std::ranges::find(kPlaceable, type, &Placeable::type) != std::end(kPlaceable);
}

Result<std::unique_ptr<Map>> create(const Definition &definition, PageSource *pages) {
  const tables::MapType *type = tables::find_map_type(definition.type);
  const Rules *rules = rules_of(definition.type);
  if (type == nullptr || rules == nullptr)
    return unsupported_error("map `{}`: the engines have no maps of type {}", definition.name,
                             type == nullptr ? fmt::format("{}", definition.type) : std::string(type->spoken));
  if (Result<void> ok = check(definition, *type, *rules); !ok) return std::unexpected(ok.error());
  const Placeable *placeable = std::ranges::find(kPlaceable, definition.type, &Placeable::type);
  SPILE_CHECK(pages == nullptr || placeable != std::end(kPlaceable), "only maps that are placeable lie elsewhere");
  Result<std::unique_ptr<Map>> map = pages != nullptr ? placeable->make(definition, *pages) : rules->make(definition);
  if (!map) map.error().message = fmt::format("cannot create map `{}`: {}", definition.name, map.error().message);
  return map;
}

}  // namespace spile::maps
