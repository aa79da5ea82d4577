#include "test/fuzz/verifier/world.h"

#include <linux/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "lang-spec/tables/kfuncs.h"
#include "support/check.h"

namespace spile::fuzz {
namespace {

constexpr uint64_t kInvalid = 0 - uint64_t{22};  // -EINVAL
constexpr size_t kDynptrBytes = 16, kIteratorBytes = 8;
constexpr uint64_t kMaxTurns = 6;  // of a callback: what is true of one more is true of many
constexpr uint64_t kMaxErrno = 4095;

}  // namespace

World::World(const object::Object &object, const tables::ProgramType &type) : object_(object), type_(type) {
  room_ = static_cast<std::byte *>(
      mmap(nullptr, kPacketRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
  SPILE_CHECK(room_ != MAP_FAILED, "no memory for a packet");
  for (const object::Map &map : object.maps) {
    MapMemory memory;
    memory.keys.resize(map.key_size);
    const bool holds_maps = map.type == BPF_MAP_TYPE_HASH_OF_MAPS || map.type == BPF_MAP_TYPE_ARRAY_OF_MAPS;
    memory.values.assign(holds_maps ? 0 : kElements, std::vector<std::byte>(map.value_size));
    maps_.push_back(std::move(memory));
  }
  for (MapMemory &map : maps_)
    resolved_.push_back({reinterpret_cast<uint64_t>(&map),
                         map.values.empty() ? 0 : reinterpret_cast<uint64_t>(map.values.front().data())});
  for (const tables::CtxField &field : tables::kCtxFields)
    if (field.ctx == type.ctx && field.result != tables::CtxResult::Scalar &&
        field.result != tables::CtxResult::Packet && field.result != tables::CtxResult::PacketEnd &&
        field.result != tables::CtxResult::PacketMeta && field.result != tables::CtxResult::SocketOrNull &&
        field.result != tables::CtxResult::SockCommonOrNull)
      can_run_ = false;
  env_.world = this;
  env_.event = &event_;
  event_.packet = &captured_;
  run_.maps = resolved_;
  run_.env = &env_;
  run_.r1 = context();
  run_.fuel = 5'000;
  run_.btf = &object.btf;
  run_.resolve = [](uint32_t number) -> vm::HelperFn {
    if (number < vm::kKfuncNumbers) return helper;
    const auto is = [&](const char *name) { return number - vm::kKfuncNumbers == index_of(*tables::find_kfunc(name)); };
    return is("bpf_iter_num_new") ? iterator_new : is("bpf_iter_num_next") ? iterator_next : iterator_destroy;
  };
}

World::~World() { munmap(room_, kPacketRoom); }

void World::fill(std::span<std::byte> bytes) {
  for (size_t at = 0; at < bytes.size(); at += 8) {
    const uint64_t word = noise();
    std::memcpy(bytes.data() + at, &word, std::min<size_t>(8, bytes.size() - at));
  }
}

void World::set_field(const tables::CtxField &field, uint64_t value) {
  std::memcpy(context_.data() + field.offset, &value, std::min<size_t>(field.size, sizeof value));
}

// A packet of some length somewhere in the room; the old one, if any, is no memory any more.
void World::place_packet() {
  if (packet_.end != 0) remove_region(packet_.meta);
  const uint64_t length = random_() % 4 == 0 ? random_() % 16 : random_() % kMaxPacket;
  packet_.data = reinterpret_cast<uint64_t>(room_) + 512 + random_() % 512;
  packet_.meta = packet_.data - (random_() % 2 == 0 ? 0 : 4 * (random_() % 8));
  packet_.end = packet_.data + length;
  regions_.push_back({"packet", packet_.meta, packet_.end - packet_.meta, true});
  run_.regions = regions_;
  captured_.data = {reinterpret_cast<std::byte *>(packet_.data), length};
  captured_.wire_length = static_cast<uint32_t>(length);
  for (const tables::CtxField &field : tables::kCtxFields) {
    if (field.ctx != type_.ctx) continue;
    if (field.result == tables::CtxResult::Packet) set_field(field, packet_.data);
    if (field.result == tables::CtxResult::PacketEnd) set_field(field, packet_.end);
    if (field.result == tables::CtxResult::PacketMeta) set_field(field, packet_.meta);
  }
}

void World::reset(uint64_t seed) {
  random_.seed(seed);
  gave_up_ = false;
  packet_ = {};
  records_.clear();
  dynptrs_.clear();
  iterators_.clear();
  regions_ = {{"ctx", context(), kContextBytes, true}};
  fill(context_);
  fill({room_, kPacketRoom});
  for (const tables::CtxField &field : tables::kCtxFields)
    if (field.ctx == type_.ctx && field.result != tables::CtxResult::Scalar) set_field(field, 0);
  place_packet();
  for (size_t m = 0; m < maps_.size(); m++) {
    const object::Map &map = object_.maps[m];
    fill(maps_[m].keys);
    regions_.push_back({"key", reinterpret_cast<uint64_t>(maps_[m].keys.data()), map.key_size, false});
    for (std::vector<std::byte> &value : maps_[m].values) {
      if (map.is_readonly && map.section.valid()) {
        const std::vector<std::byte> &bytes = object_[map.section].bytes;
        std::fill(value.begin(), value.end(), std::byte{0});
        std::copy_n(bytes.begin(), std::min(bytes.size(), value.size()), value.begin());
      } else {
        fill(value);
      }
      regions_.push_back({"value", reinterpret_cast<uint64_t>(value.data()), value.size(), !map.is_readonly});
    }
  }
  run_.regions = regions_;
  run_.stack_noise = random_() | 1;
}

void World::remove_region(uint64_t address) {
  std::erase_if(regions_, [&](const vm::Region &r) { return r.address == address; });
  run_.regions = regions_;
}

bool World::may_use(uint64_t address, uint64_t size, bool writes, const vm::Moment &moment) const {
  const auto holds = [&](uint64_t start, uint64_t bytes) {
    return address >= start && address - start <= bytes && bytes - (address - start) >= size;
  };
  if (holds(reinterpret_cast<uint64_t>(moment.stack.data()), moment.stack.size())) return true;
  return std::ranges::any_of(regions_,
                             [&](const vm::Region &r) { return (r.writable || !writes) && holds(r.address, r.size); });
}

const object::Map *World::map_at(uint64_t address, size_t &index) const {
  for (index = 0; index < resolved_.size(); index++)
    if (resolved_[index].address == address) return &object_.maps[index];
  return nullptr;
}

std::optional<std::string> World::check_call(uint32_t number, const vm::Moment &moment) {
  called_ = number;
  const tables::Helper *helper = tables::find_helper(number);
  if (helper == nullptr) return fmt::format("there is no helper {}", number);
  const auto &kinds = tables::arguments_of(*helper, type_.number);
  const object::Map *map = nullptr;
  for (unsigned i = 0; i < kinds.size(); i++) {
    const tables::Arg &arg = kinds[i];
    const uint64_t value = moment.regs[i + 1];
    if (arg.or_null && value == 0) continue;
    uint64_t size = 0;
    switch (arg.kind) {
      case tables::ArgKind::ConstMapPtr:
        if (size_t index = 0; (map = map_at(value, index)) == nullptr) gave_up_ = true;  // an inner map
        continue;
      case tables::ArgKind::MapKey:
      case tables::ArgKind::MapValue:
        if (map == nullptr) return {};
        size = arg.kind == tables::ArgKind::MapKey ? map->key_size : map->value_size;
        break;
      case tables::ArgKind::Mem:
        size = i + 1 < kinds.size() ? moment.regs[i + 2] : 0;
        if (size == 0 && kinds[i + 1].kind == tables::ArgKind::ConstSizeOrZero) continue;
        if (size == 0) return fmt::format("argument {} has a size of 0", i + 1);
        break;
      case tables::ArgKind::FixedMem:
        size = arg.size;
        break;
      case tables::ArgKind::Ctx:
        if (value != context()) return fmt::format("argument {} is not the context", i + 1);
        continue;
      default:
        continue;
    }
    if (!may_use(value, size, arg.writes, moment))
      return fmt::format("argument {} is {} bytes at {:#x}, which the program may not {}", i + 1, size, value,
                         arg.writes ? "write" : "read");
  }
  return {};
}

uint64_t World::helper(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env) {
  return static_cast<Env *>(env)->world->call({r1, r2, r3, r4, r5});
}

uint64_t World::element(size_t map) {
  if (maps_[map].values.empty()) return 0;
  return reinterpret_cast<uint64_t>(maps_[map].values[random_() % kElements].data());
}

uint64_t World::lookup(size_t map, uint64_t key) {
  // Newer kernels know that an element of an array is there.
  if (object_.maps[map].type == BPF_MAP_TYPE_ARRAY) {
    uint32_t index = 0;
    std::memcpy(&index, reinterpret_cast<const void *>(key), sizeof index);
    return index < object_.maps[map].max_entries ? element(map) : 0;
  }
  return random_() % 3 == 0 ? 0 : element(map);
}

// 0: there is no room.
uint64_t World::record(uint64_t size) {
  if (random_() % 3 == 0 || size > kContextBytes) return 0;
  fill(records_.emplace_back(size));
  regions_.push_back({"record", reinterpret_cast<uint64_t>(records_.back().data()), size, true});
  run_.regions = regions_;
  return regions_.back().address;
}

// False when it stands for nothing. What its bytes are is the kernel's affair.
bool World::make_dynptr(uint64_t place, Dynptr dynptr) {
  fill({reinterpret_cast<std::byte *>(place), kDynptrBytes});
  dynptrs_[place] = dynptr;
  return dynptr.data != 0;
}

// 0: it has no such bytes.
uint64_t World::dynptr_part(uint64_t place, uint64_t offset, uint64_t size) {
  const auto found = dynptrs_.find(place);
  if (found == dynptrs_.end()) gave_up_ = true;  // copied by nobody: the verifier lets none of these pass
  if (gave_up_ || found->second.data == 0) return 0;
  const Dynptr &d = found->second;
  return offset <= d.size && size <= d.size - offset ? d.data + offset : 0;
}

uint64_t World::iterator_new(uint64_t place, uint64_t start, uint64_t end, uint64_t, uint64_t, vm::Env *env) {
  World &world = *static_cast<Env *>(env)->world;
  const auto first = static_cast<int32_t>(start), last = static_cast<int32_t>(end);
  world.fill({reinterpret_cast<std::byte *>(place), kIteratorBytes});
  Iterator &iterator = world.iterators_[place];
  iterator = {first, first};
  if (first > last) return kInvalid;
  iterator.end = static_cast<int32_t>(std::min<int64_t>(last, int64_t{first} + static_cast<int64_t>(kMaxTurns)));
  return 0;
}

uint64_t World::iterator_next(uint64_t place, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  World &world = *static_cast<Env *>(env)->world;
  Iterator &iterator = world.iterators_[place];
  const auto address = reinterpret_cast<uint64_t>(&iterator.given);
  world.remove_region(address);
  if (iterator.next >= iterator.end) return 0;
  iterator.given = iterator.next++;
  world.regions_.push_back({"number of an iterator", address, sizeof iterator.given, false});
  world.run_.regions = world.regions_;
  return address;
}

uint64_t World::iterator_destroy(uint64_t place, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  World &world = *static_cast<Env *>(env)->world;
  world.remove_region(reinterpret_cast<uint64_t>(&world.iterators_[place].given));
  world.iterators_.erase(place);
  return world.noise();
}

uint64_t World::call(const std::array<uint64_t, 5> &a) {
  const tables::Helper &helper = *tables::find_helper(called_);
  size_t map = 0;
  const bool has_map = map_at(a[0], map) != nullptr;
  switch (called_) {
    case BPF_FUNC_tail_call:  // nothing to go to: nothing happens
      return noise();
    case BPF_FUNC_map_lookup_elem:
      return has_map ? lookup(map, a[1]) : 0;
    case BPF_FUNC_for_each_map_elem:
    case BPF_FUNC_loop: {
      const uint64_t most = called_ == BPF_FUNC_loop ? std::min(a[0] & 0xffff'ffff, kMaxTurns) : kElements;
      for (uint64_t i = 0; i < most; i++) {
        uint64_t end = 0;
        if (called_ == BPF_FUNC_loop)
          end = env_.call_back(&env_, a[1], i, a[2], 0, 0, 0);
        else if (has_map)
          end = env_.call_back(&env_, a[1], a[0], reinterpret_cast<uint64_t>(maps_[map].keys.data()), element(map),
                               a[2], 0);
        if (end != 0) return i + 1;
      }
      return most;
    }
    case BPF_FUNC_ringbuf_reserve:
      return record(a[1]);
    case BPF_FUNC_ringbuf_submit:
    case BPF_FUNC_ringbuf_discard:
      remove_region(a[0]);
      return noise();
    case BPF_FUNC_ringbuf_reserve_dynptr: {
      const uint64_t data = record(a[1]);
      return make_dynptr(a[3], {data, data == 0 ? 0 : a[1]}) ? noise() : kInvalid;
    }
    case BPF_FUNC_ringbuf_submit_dynptr:
    case BPF_FUNC_ringbuf_discard_dynptr:
      if (dynptrs_[a[0]].data != 0) remove_region(dynptrs_[a[0]].data);
      dynptrs_.erase(a[0]);
      return noise();
    case BPF_FUNC_dynptr_from_mem:
      return make_dynptr(a[3], a[2] == 0 ? Dynptr{a[0], a[1]} : Dynptr{}) ? 0 : kInvalid;
    case BPF_FUNC_dynptr_data:
      return dynptr_part(a[0], a[1], a[2]);
    case BPF_FUNC_dynptr_read:
      if (const uint64_t from = dynptr_part(a[2], a[3], a[1]); from == 0 || a[1] == 0)
        return kInvalid;
      else
        std::memmove(reinterpret_cast<void *>(a[0]), reinterpret_cast<const void *>(from), a[1]);
      return 0;
    case BPF_FUNC_dynptr_write:
      if (const uint64_t to = dynptr_part(a[0], a[1], a[3]); to == 0 || a[3] == 0)
        return kInvalid;
      else
        std::memmove(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(a[2]), a[3]);
      return 0;
    default:
      break;
  }
  const auto &kinds = tables::arguments_of(helper, type_.number);
  for (unsigned i = 0; i < kinds.size(); i++) {
    if (!kinds[i].writes || a[i] == 0) continue;
    const uint64_t size = kinds[i].kind == tables::ArgKind::Mem                   ? a[i + 1]
                          : kinds[i].kind == tables::ArgKind::FixedMem            ? kinds[i].size
                          : kinds[i].kind == tables::ArgKind::MapValue && has_map ? object_.maps[map].value_size
                                                                                  : 0;
    fill({reinterpret_cast<std::byte *>(a[i]), size});
  }
  if ((helper.flags & tables::kChangesPacket) != 0) place_packet();
  return result_of(helper, a);
}

uint64_t World::result_of(const tables::Helper &helper, const std::array<uint64_t, 5> &a) {
  switch (helper.result.kind) {
    case tables::ReturnKind::Integer: {
      if ((helper.flags & tables::kReturnsCpu) != 0) return random_() % 8;
      if ((helper.flags & tables::kReturnsLength) == 0) return noise();
      const auto &kinds = tables::arguments_of(helper, type_.number);
      for (unsigned i = 0; i < kinds.size(); i++)
        if (kinds[i].kind == tables::ArgKind::ConstSize || kinds[i].kind == tables::ArgKind::ConstSizeOrZero)
          return random_() % 3 == 0 ? 0 - random_() % (kMaxErrno + 1) : random_() % (a[i] + 1);
      return 0;
    }
    case tables::ReturnKind::Void:
      return noise();
    case tables::ReturnKind::MapValue:
      if (size_t map = 0; map_at(a[0], map) != nullptr)
        return helper.result.or_null && random_() % 3 == 0 ? 0 : element(map);
      break;
    default:
      break;
  }
  if (!helper.result.or_null) gave_up_ = true;
  return 0;
}

}  // namespace spile::fuzz
