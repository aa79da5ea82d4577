#include "runtime/vm/jit_program.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "lang-spec/tables/tables.h"
#include "runtime/maps/arena_map.h"
#include "runtime/maps/array_map.h"
#include "runtime/maps/hash_map.h"
#include "runtime/maps/pages.h"
#include "runtime/maps/percpu_map.h"
#include "runtime/vm/bytes.h"
#include "support/check.h"

namespace spile::vm {
namespace {

template <class Function>
uint64_t address_of(Function *function) {
  return reinterpret_cast<uint64_t>(function);
}

// The block of memory in which programs reach a map's values without a lookup.
struct Block {
  uint64_t address = 0, size = 0;
};
Block block_of(maps::Map &map) {
  const maps::Definition &made = map.definition();
  if (made.type == maps::kArenaType) return {static_cast<maps::ArenaMap &>(map).base(), uint64_t{1} << 32};
  const std::byte *const values = map.direct_values();
  if (values == nullptr) return {};
  return {reinterpret_cast<uint64_t>(values), uint64_t{maps::round_up_8(made.value_size)} * made.max_entries};
}

// A hash of this process: a map of the kernel has the type, but is none.
struct Hash {
  bool evicts;
  Block buckets, slab;
  uint32_t bucket_mask;
  uint64_t stride;
};
std::optional<Hash> hash_of(maps::Map *map) {
  if (map == nullptr) return std::nullopt;
  return maps::with_key_size(map->definition().key_size, [&](auto size) -> std::optional<Hash> {
    const auto *const hash = dynamic_cast<const maps::HashMap<decltype(size)::value> *>(map);
    if (hash == nullptr) return std::nullopt;
    const auto table = hash->table();
    return Hash{hash->evicts(),
                {reinterpret_cast<uint64_t>(table.buckets), table.buckets_size},
                {reinterpret_cast<uint64_t>(table.slab), table.slab_size},
                table.bucket_mask,
                table.stride};
  });
}

std::vector<JitMap> plain_maps(std::span<maps::Map *const> maps) {
  std::vector<JitMap> plain;
  for (maps::Map *map : maps) {
    const maps::Definition &made = map->definition();
    const tables::MapType *const type = tables::find_map_type(made.type);
    const bool holds_maps = type != nullptr && (type->flags & tables::kMapOfMaps) != 0;
    JitMap &one = plain.emplace_back(JitMap{.map = reinterpret_cast<uint64_t>(map),
                                            .kind = JitMap::Other,
                                            .key_size = made.key_size,
                                            .value_size = holds_maps ? 0 : made.value_size,
                                            .writable = (made.map_flags & BPF_F_RDONLY_PROG) == 0});
    // A map of the kernel has the type, but is none of these.
    if (auto *const array = dynamic_cast<maps::ArrayMap *>(map); array != nullptr) {
      one.kind = JitMap::Array;
      one.values = reinterpret_cast<uint64_t>(array->direct_values());
      one.stride = maps::round_up_8(made.value_size);
      one.count = made.max_entries;
    } else if (const auto hash = hash_of(map)) {
      one.kind = hash->evicts ? JitMap::EvictingHash : JitMap::Hash;
      if (hash->evicts) continue;
      one.values = hash->slab.address;
      one.stride = hash->stride;
      one.count = hash->bucket_mask + 1;
      one.buckets = hash->buckets.address;
    } else if (auto *const percpu = dynamic_cast<maps::PerCpuMap *>(map); percpu != nullptr) {
      one.kind = percpu->is_array() ? JitMap::PerCpuArray : JitMap::PerCpuHash;
    }
  }
  return plain;
}

bool is_address(const isa::InsnInfo &info) {
  return info.shape == isa::Shape::CallHelper || info.shape == isa::Shape::CallKfunc ||
         info.op == isa::Op::LddwMapIdx || info.op == isa::Op::LddwMapIdxValue;
}

// Bytes that are compared as a whole.
class Key : public Bytes {
 public:
  template <class T>
  void add(const T &value) {
    static_assert(std::has_unique_object_representations_v<T>);
    Bytes::add(value);
  }
};

}  // namespace

std::span<const HostFunction> host_functions() {
  static const JitHost &host = jit_host();
  static const HostFunction all[] = {
      // LLVM makes calls to these by itself. It asks for bcmp() where only equality matters.
      {"memcpy", address_of<void *(void *, const void *, size_t)>(std::memcpy)},
      {"memmove", address_of<void *(void *, const void *, size_t)>(std::memmove)},
      {"memset", address_of<void *(void *, int, size_t)>(std::memset)},
      {"memcmp", address_of<int(const void *, const void *, size_t)>(std::memcmp)},
      {"bcmp", address_of<int(const void *, const void *, size_t)>(std::memcmp)},
      {"bpf_packet_load", address_of(host.packet_load)},
      {"bpf_helper_of_number", address_of(host.helper_of_register)},
      {"bpf_has_tail_called", address_of(host.leaves_after_tail_call)},
      {nullptr, address_of(host.step)},
      {nullptr, address_of(host.enter)},
      {nullptr, address_of(host.leave)},
  };
  return all;
}

JitInput::JitInput(const std::string &name, const Resolved &resolved, std::span<maps::Map *const> maps,
                   HelperResolver resolve, const JitUnverified *unverified)
    : maps_(plain_maps(maps)) {
  for (maps::Map *map : maps) {
    add(reinterpret_cast<uint64_t>(map), 1);
    const Block block = map == nullptr ? Block{} : block_of(*map);
    add(block.address, block.size);
    if (const auto hash = hash_of(map); hash && !hash->evicts) {
      add(hash->buckets.address, hash->buckets.size);
      add(hash->slab.address, hash->slab.size);
    }
  }
  if (unverified != nullptr) {
    add(reinterpret_cast<uint64_t>(unverified->seen), sizeof(uint64_t) << kSeenBits);
    add(reinterpret_cast<uint64_t>(unverified->windows), resolved.insns.size() * sizeof(Window *));
    for (const JitRegion &region : std::span(unverified->regions, unverified->region_count))
      add(region.address, region.size);
  }
  for (const HostFunction &one : host_functions()) add(one.address, 0, one.name);
  for (size_t i = 0; i < resolved.insns.size(); i += isa::width(resolved.insns[i]))
    if (is_address(resolved.info(i)) && !resolved.insns[i].is_lddw()) add_function(resolved.values[i]);
  set_program(name, resolved);
  program_.hot_helpers = resolve == helper_function;
  program_.unverified = unverified;
}

JitInput::JitInput(const std::string &name, const Resolved &resolved, std::vector<JitObject> objects,
                   std::vector<JitMap> maps)
    : maps_(std::move(maps)), objects_(std::move(objects)) {
  set_program(name, resolved);
}

void JitInput::set_program(const std::string &name, const Resolved &resolved) {
  program_.name = name.c_str();
  program_.insns = resolved.insns.data();
  program_.values = resolved.values.data();
  program_.insn_count = resolved.insns.size();
  program_.subprograms = resolved.subprograms.data();
  program_.stack_bytes = resolved.stack_bytes.data();
  program_.subprogram_count = resolved.subprograms.size();
  program_.maps = maps_.data();
  program_.map_count = maps_.size();
  program_.objects = objects_.data();
  program_.object_count = objects_.size();
}

void JitInput::add_function(uint64_t address) {
  if (std::ranges::find(objects_, address, &JitObject::address) == objects_.end()) add(address, 0);
}

std::vector<std::byte> JitInput::key() const {
  Key key;
  key.add(uint32_t{program_.unverified != nullptr} | uint32_t{program_.hot_helpers} << 1);
  // An address, as the object that it lies in and how far from its beginning.
  const auto add_address = [&](uint64_t address) {
    const auto object = std::ranges::find_if(objects_, [&](const JitObject &one) {
      return one.address != 0 && address - one.address < std::max<uint64_t>(one.size, 1);
    });
    SPILE_CHECK(object != objects_.end(), "compiled code refers to an address that belongs to nothing");
    key.add(uint64_t(object - objects_.begin()));
    key.add(address - object->address);
  };
  for (const JitObject &object : objects_) key.add(object.address == 0 ? UINT64_MAX : object.size);
  for (size_t i = 0; i < program_.insn_count; i++) key.add_bytes(&program_.insns[i], sizeof(isa::Insn));
  for (size_t i = 0; i < program_.insn_count; i += isa::width(program_.insns[i]))
    if (is_address(*isa::lookup(program_.insns[i]))) add_address(program_.values[i]);
  for (const JitMap &map : maps_) {
    key.add(uint32_t{map.kind} | uint32_t{map.writable} << 8);
    key.add(map.key_size);
    key.add(map.value_size);
    key.add(map.stride);
    key.add(map.count);
    if (map.values != 0) add_address(map.values);
    if (map.buckets != 0) add_address(map.buckets);
  }
  if (program_.unverified == nullptr) return std::move(key.all);
  for (const JitRegion &region : std::span(program_.unverified->regions, program_.unverified->region_count)) {
    add_address(region.address);
    key.add(region.size);
    key.add(uint32_t{region.writable});
  }
  return std::move(key.all);
}

}  // namespace spile::vm
