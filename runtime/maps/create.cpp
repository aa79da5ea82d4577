// create(): the checks of BPF_MAP_CREATE, and the map.
//
// Source: map_create() in kernel/bpf/syscall.c, htab_map_alloc_check() and array_map_alloc_check(). The errno is the
// kernel's; the words are ours.
#include <linux/bpf.h>

#include <bit>
#include <cerrno>

#include "lang-spec/tables/tables.h"
#include "runtime/maps/array_map.h"
#include "runtime/maps/hash_map.h"
#include "runtime/maps/map.h"
#include "support/check.h"

namespace spile::maps {

namespace {

constexpr uint32_t kAccessFlags = BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;
constexpr uint32_t kHashFlags = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | kAccessFlags;
constexpr uint32_t kArrayFlags = BPF_F_NUMA_NODE | BPF_F_MMAPABLE | BPF_F_INNER_MAP | kAccessFlags;

// KMALLOC_MAX_SIZE of a kernel with 4 KiB pages, less struct htab_elem: what a key and a value may be together.
constexpr uint64_t kMaxHashElement = (uint64_t{4} << 20) - 48;
// U32_MAX / sizeof(struct bucket), as a power of two.
constexpr uint32_t kMaxBuckets = 1u << 27;
constexpr uint32_t kMaxArrayValue = INT32_MAX;

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

Result<void> check_flags(const Definition &definition, std::string_view type, uint32_t allowed) {
  if ((definition.map_flags & ~allowed) != 0)
    return refuse(definition, EINVAL, "map_flags has bits {:#x} that a map of type {} does not take",
                  definition.map_flags & ~allowed, type);
  constexpr uint32_t both = BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;
  if ((definition.map_flags & both) == both)
    return refuse(definition, EINVAL, "map_flags has both BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG");
  return {};
}

Result<void> check(const Definition &definition, const tables::MapType &type) {
  if (Result<void> ok = check_size(definition, "key_size", definition.key_size, type.key); !ok) return ok;
  if (Result<void> ok = check_size(definition, "value_size", definition.value_size, type.value); !ok) return ok;
  if (definition.max_entries == 0) return refuse(definition, EINVAL, "max_entries is 0");
  if (definition.map_extra != 0)
    return refuse(definition, EINVAL, "map_extra is {:#x}; a map of type {} takes 0", definition.map_extra,
                  type.spoken);
  if (definition.type == BPF_MAP_TYPE_ARRAY) {
    if (Result<void> ok = check_flags(definition, type.spoken, kArrayFlags); !ok) return ok;
    if (definition.value_size > kMaxArrayValue)
      return refuse(definition, E2BIG, "value_size is {}; the most is {}", definition.value_size, kMaxArrayValue);
  }
  if (definition.type == BPF_MAP_TYPE_HASH) {
    if (Result<void> ok = check_flags(definition, type.spoken, kHashFlags); !ok) return ok;
    if (uint64_t{definition.key_size} + definition.value_size >= kMaxHashElement)
      return refuse(definition, E2BIG, "key_size and value_size are {} together; the most is {}",
                    uint64_t{definition.key_size} + definition.value_size, kMaxHashElement - 1);
    if (definition.max_entries > kMaxBuckets)
      return refuse(definition, E2BIG, "max_entries is {}; the most is {}", definition.max_entries, kMaxBuckets);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Map>> create(const Definition &definition) {
  const tables::MapType *type = tables::find_map_type(definition.type);
  if (type == nullptr || (type->flags & tables::kMapSupported) == 0)
    return unsupported_error("map `{}`: the engines have no maps of type {}", definition.name,
                             type == nullptr ? fmt::format("{}", definition.type) : std::string(type->spoken));
  if (Result<void> ok = check(definition, *type); !ok) return std::unexpected(ok.error());
  Result<std::unique_ptr<Map>> map =
      definition.type == BPF_MAP_TYPE_ARRAY ? ArrayMap::make(definition) : make_hash_map(definition);
  if (!map) map.error().message = fmt::format("cannot create map `{}`: {}", definition.name, map.error().message);
  return map;
}

}  // namespace spile::maps
