// The limits are those of a kernel with 4 KiB pages.
#include "lang-spec/tables/map_definition.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "lang-spec/tables/tables.h"

namespace spile::tables {

namespace {

// Newer than the headers of some machines.
constexpr uint32_t kCgrpStorage = 32, kArena = 33;
// ENOTSUPP of the kernel, which userspace has no name for.
constexpr int kNotSupported = 524;

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
  uint32_t flags;                     // that it takes
  uint32_t must = 0;                  // that it must have
  uint64_t max_value = INT32_MAX;     // -E2BIG above
  uint32_t max_entries = UINT32_MAX;  // -E2BIG above
};
constexpr Rules kRules[] = {
    {BPF_MAP_TYPE_HASH, kHash, 0, kMaxAlloc, kMaxBuckets},
    {BPF_MAP_TYPE_ARRAY, BPF_F_NUMA_NODE | BPF_F_MMAPABLE | BPF_F_INNER_MAP | kAccess},
    {BPF_MAP_TYPE_PROG_ARRAY, kNuma | kUserAccess},
    {BPF_MAP_TYPE_PERF_EVENT_ARRAY, kNuma | kUserAccess | BPF_F_PRESERVE_ELEMS},
    {BPF_MAP_TYPE_PERCPU_HASH, kHash & ~kNuma, 0, kMaxPerCpu, kMaxBuckets},
    {BPF_MAP_TYPE_PERCPU_ARRAY, kAccess, 0, kMaxPerCpu},
    {BPF_MAP_TYPE_STACK_TRACE, kNuma | kUserAccess | BPF_F_STACK_BUILD_ID, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_CGROUP_ARRAY, kNuma | kUserAccess},
    {BPF_MAP_TYPE_LRU_HASH, kLruHash, 0, kMaxAlloc, kMaxBuckets},
    {BPF_MAP_TYPE_LRU_PERCPU_HASH, kLruHash & ~kNuma, 0, kMaxPerCpu, kMaxBuckets},
    {BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC | kNuma | kAccess, BPF_F_NO_PREALLOC, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_ARRAY_OF_MAPS, kNuma | kUserAccess},
    {BPF_MAP_TYPE_HASH_OF_MAPS, kHash, 0, kMaxAlloc, kMaxBuckets},
    {BPF_MAP_TYPE_DEVMAP, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_SOCKMAP, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_CPUMAP, kNuma, 0, UINT32_MAX, kMaxCpus},
    {BPF_MAP_TYPE_XSKMAP, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_SOCKHASH, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_CGROUP_STORAGE, kNuma | kAccess, 0, kMaxStorage},
    {BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, kNuma | kAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, kNuma | kAccess, 0, kMaxPerCpu},
    {BPF_MAP_TYPE_QUEUE, kNuma | kAccess, 0, kMaxAlloc},
    {BPF_MAP_TYPE_STACK, kNuma | kAccess, 0, kMaxAlloc},
    {BPF_MAP_TYPE_SK_STORAGE, kStorage, BPF_F_NO_PREALLOC, kMaxStorage},
    {BPF_MAP_TYPE_DEVMAP_HASH, kNuma | kUserAccess, 0, UINT32_MAX, kMaxBuckets},
    {BPF_MAP_TYPE_RINGBUF, kNuma},
    {BPF_MAP_TYPE_INODE_STORAGE, kStorage, BPF_F_NO_PREALLOC, kMaxStorage},
    {BPF_MAP_TYPE_TASK_STORAGE, kStorage, BPF_F_NO_PREALLOC, kMaxStorage},
    {BPF_MAP_TYPE_BLOOM_FILTER, kNuma | BPF_F_ZERO_SEED | kAccess, 0, kMaxAlloc},
    {BPF_MAP_TYPE_USER_RINGBUF, kNuma},
    {kCgrpStorage, kStorage, BPF_F_NO_PREALLOC, kMaxStorage},
    {kArena, BPF_F_MMAPABLE | kSegvOnFault | kNoUserConv, BPF_F_MMAPABLE, UINT32_MAX, kMaxArenaPages},
};

const Rules *rules_of(uint32_t type) {
  const Rules *rules = std::ranges::find(kRules, type, &Rules::type);
  return rules == std::end(kRules) ? nullptr : rules;
}

using Fault = std::optional<MapFault>;

template <class... Args>
MapFault refuse(int os_error, fmt::format_string<Args...> format, Args &&...args) {
  return {.message = fmt::format(format, std::forward<Args>(args)...), .hint = {}, .os_error = os_error};
}

// [what]: "key" or "value".
Fault check_size(std::string_view what, uint32_t size, SizeRule rule, const MapType &type) {
  if (fits(rule, size)) return {};
  MapFault fault = refuse(EINVAL, "{}_size is {}; {} takes {}", what, size, type.name, spoken(rule));
  switch (rule) {
    case SizeRule::None:
      fault.message = fmt::format("{}_size is {}; a map of type {} has no {}s", what, size, type.name, what);
      fault.hint = fmt::format("leave out __type({}, ...)", what);
      return fault;
    case SizeRule::U32:
    case SizeRule::U32OrU64:
      fault.hint = fmt::format("write __type({}, __u32)", what);
      break;
    case SizeRule::Prefix:
      fault.hint =
          "write a struct whose first member is `__u32 prefixlen`, with the data behind it, as struct "
          "bpf_lpm_trie_key_u8 has it";
      break;
    case SizeRule::Words:
      fault.hint = "write __uint(value_size, 127 * sizeof(__u64))";
      break;
    case SizeRule::CgroupKey:
      fault.hint = "write __type(key, struct bpf_cgroup_storage_key)";
      break;
    case SizeRule::Any:
      fault.hint = fmt::format("add __type({}, ...)", what);
      break;
  }
  if (size == 0) fault.message = fmt::format("it has no {}: {}_size is 0", what, what), fault.is_missing = true;
  return fault;
}

Fault check_entries(uint32_t entries, const MapType &type) {
  MapFault fault = refuse(EINVAL, "max_entries is {}; {} takes {}", entries, type.name, spoken(type.entries));
  switch (type.entries) {
    case EntriesRule::Positive:
    case EntriesRule::Cpus:
      if (entries != 0) return {};
      break;
    case EntriesRule::Zero:
      if (entries == 0) return {};
      fault.hint = "leave out max_entries: there is a value for each object that has one";
      return fault;
    case EntriesRule::One:
      if (entries == 1) return {};
      return fault;
    case EntriesRule::Pages:
      if (std::has_single_bit(entries) && entries % kPage == 0) return {};
      if (entries != 0) return fault;
      break;
  }
  fault.message = "max_entries is 0";
  fault.is_missing = true;
  fault.hint = type.entries == EntriesRule::Pages
                   ? "add __uint(max_entries, 256 * 1024): its bytes"
                   : "add __uint(max_entries, N), or have the loader call bpf_map__set_max_entries()";
  return fault;
}

Fault check_flags(const MapDefinition &definition, const MapType &type, const Rules &rules) {
  const bool lru = definition.type == BPF_MAP_TYPE_LRU_HASH || definition.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
  const uint32_t wrong = definition.map_flags & ~rules.flags;
  if (lru && wrong == BPF_F_NO_PREALLOC)
    return refuse(kNotSupported, "BPF_F_NO_PREALLOC is not for LRU maps, which are always preallocated");
  if (wrong != 0)
    return refuse(EINVAL, "map_flags has bits {:#x} that a map of type {} does not take", wrong, type.spoken);
  if ((definition.map_flags & rules.must) != rules.must) {
    const char *flag = rules.must == BPF_F_MMAPABLE ? "BPF_F_MMAPABLE" : "BPF_F_NO_PREALLOC";
    MapFault fault = refuse(EINVAL, "map_flags lacks {}, which a map of type {} must have", flag, type.spoken);
    fault.hint = fmt::format("add __uint(map_flags, {})", flag);
    return fault;
  }
  if ((definition.map_flags & kProgAccess) == kProgAccess)
    return refuse(EINVAL, "map_flags has both BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG");
  return {};
}

Fault check_extra(const MapDefinition &definition, const MapType &type) {
  const bool bloom = definition.type == BPF_MAP_TYPE_BLOOM_FILTER, arena = definition.type == kArena;
  if (bloom && (definition.map_extra & ~kMaxHashes) != 0)
    return refuse(EINVAL, "map_extra is {:#x}; a bloom filter takes 0 to {}", definition.map_extra, kMaxHashes);
  if (arena && definition.map_extra % kPage != 0)
    return refuse(EINVAL, "map_extra is {:#x}; an arena begins at a page", definition.map_extra);
  if (!bloom && !arena && definition.map_extra != 0)
    return refuse(EINVAL, "map_extra is {:#x}; a map of type {} takes 0", definition.map_extra, type.spoken);
  return {};
}

bool is_hash(uint32_t type) {
  static constexpr uint32_t kHashes[] = {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_PERCPU_HASH,
                                         BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_HASH_OF_MAPS};
  return std::ranges::find(kHashes, type) != std::end(kHashes);
}

bool is_ring(uint32_t type) { return type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF; }

Fault check_limits(const MapDefinition &definition, const Rules &rules) {
  const uint64_t both = uint64_t{definition.key_size} + definition.value_size;
  if (is_hash(definition.type) && both >= kMaxAlloc - kHashElement)
    return refuse(E2BIG, "key_size and value_size are {} together; the most is {}", both, kMaxAlloc - kHashElement - 1);
  if (definition.type == BPF_MAP_TYPE_SOCKHASH && definition.key_size > kMaxSockKey)
    return refuse(E2BIG, "key_size is {}; the most is {}", definition.key_size, kMaxSockKey);
  if (definition.value_size > rules.max_value)
    return refuse(E2BIG, "value_size is {}; the most is {}", definition.value_size, rules.max_value);
  if (definition.type == BPF_MAP_TYPE_DEVMAP_HASH && definition.max_entries > kMaxTargets)
    return refuse(EINVAL, "max_entries is {}; the most is {}", definition.max_entries, kMaxTargets);
  if (definition.max_entries > rules.max_entries)
    return refuse(E2BIG, "max_entries is {}; the most is {}", definition.max_entries, rules.max_entries);
  if (definition.type == BPF_MAP_TYPE_STACK_TRACE) {
    // Kernel: stack_map_data_size().
    const size_t address = (definition.map_flags & BPF_F_STACK_BUILD_ID) != 0 ? sizeof(bpf_stack_build_id) : 8;
    if (definition.value_size / address > kMaxStackDepth)
      return refuse(EINVAL, "value_size is {}: {} addresses; the most is {}", definition.value_size,
                    definition.value_size / address, kMaxStackDepth);
  }
  return {};
}

// libbpf: adjust_ringbuf_sz(). 0 stays, so that the kernel refuses it.
uint32_t ring_bytes(uint32_t max_entries) {
  if (max_entries == 0) return 0;
  const uint64_t pages = (uint64_t{max_entries} + kPage - 1) / kPage, bytes = std::bit_ceil(pages) * kPage;
  return bytes <= UINT32_MAX ? static_cast<uint32_t>(bytes) : max_entries;
}

}  // namespace

std::optional<MapFault> fault_of(const MapDefinition &definition) {
  const MapType *type = find_map_type(definition.type);
  const Rules *rules = rules_of(definition.type);
  if (definition.type == BPF_MAP_TYPE_UNSPEC) {
    MapFault fault = refuse(EINVAL, "it has no type");
    fault.hint = "a definition by __uint() and __type() belongs into SEC(\".maps\")";
    return fault;
  }
  if (type == nullptr || rules == nullptr) return {};
  if (Fault fault = check_size("key", definition.key_size, type->key, *type)) return fault;
  if (Fault fault = check_size("value", definition.value_size, type->value, *type)) return fault;
  if (Fault fault = check_entries(definition.max_entries, *type)) return fault;
  if (Fault fault = check_extra(definition, *type)) return fault;
  if (Fault fault = check_flags(definition, *type, *rules)) return fault;
  return check_limits(definition, *rules);
}

MapDefinition mended_by_libbpf(MapDefinition definition, uint32_t possible_cpus) {
  if (is_ring(definition.type)) definition.max_entries = ring_bytes(definition.max_entries);
  if (definition.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY && definition.max_entries == 0)
    definition.max_entries = possible_cpus;
  return definition;
}

}  // namespace spile::tables
