// World: the memory and the helpers that a program meets when it runs under observation.
//
// In: an object's maps and a program type. Out: what a CheckedRun needs. Everything that the verifier calls unknown is
// noise here: contexts, values of maps, results of helpers, the place and the length of the packet. Every helper call
// is checked against its row of helpers.def first: memory that it is given must be memory that the program may use.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "lang-spec/tables/tables.h"
#include "runtime/vm/checked.h"
#include "verifier/observe.h"

namespace spile::fuzz {

class World {
 public:
  World(const object::Object &object, const tables::ProgramType &type);
  ~World();
  World(const World &) = delete;
  World &operator=(const World &) = delete;

  // False: programs of this type are given kernel objects, which are not modelled.
  bool can_run() const { return can_run_; }
  // New noise everywhere; [options] then starts a run. Valid until the next call.
  void reset(uint64_t seed);
  vm::CheckedRun &options() { return run_; }
  // What a helper call is about to do with its arguments that it must not, in words.
  std::optional<std::string> check_call(uint32_t helper, const vm::Moment &moment);
  // The run has met something that is not modelled: it says nothing.
  bool gave_up() const { return gave_up_; }
  uint64_t context() const { return reinterpret_cast<uint64_t>(context_.data()); }
  verifier::PacketPlace packet() const { return packet_; }

 private:
  struct Env : vm::Env {
    World *world = nullptr;
  };
  struct MapMemory {
    std::vector<std::byte> keys;                 // one key, given to callbacks
    std::vector<std::vector<std::byte>> values;  // some elements, each a block by itself
  };
  static constexpr size_t kElements = 3;
  static constexpr size_t kContextBytes = 4096;
  static constexpr size_t kPacketRoom = 4096, kMaxPacket = 256;

  static uint64_t helper(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env);
  uint64_t call(const std::array<uint64_t, 5> &arguments);
  uint64_t noise() { return random_() >> (random_() % 64); }
  void fill(std::span<std::byte> bytes);
  void place_packet();
  void set_field(const tables::CtxField &field, uint64_t value);
  bool may_use(uint64_t address, uint64_t size, bool writes, const vm::Moment &moment) const;
  const object::Map *map_at(uint64_t address, size_t &index) const;
  uint64_t element(size_t map);
  uint64_t lookup(size_t map, uint64_t key);
  struct Dynptr {
    uint64_t data = 0, size = 0;  // 0: of nothing
  };
  struct Iterator {
    int32_t next = 0, end = 0;
    int32_t given = 0;  // what the program has a pointer to
  };
  static uint64_t iterator_new(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env);
  static uint64_t iterator_next(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env);
  static uint64_t iterator_destroy(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, vm::Env *env);
  uint64_t record(uint64_t size);
  bool make_dynptr(uint64_t place, Dynptr dynptr);
  uint64_t dynptr_part(uint64_t place, uint64_t offset, uint64_t size);
  uint64_t result_of(const tables::Helper &helper, const std::array<uint64_t, 5> &arguments);
  void remove_region(uint64_t address);

  const object::Object &object_;
  const tables::ProgramType &type_;
  bool can_run_ = true, gave_up_ = false;
  std::mt19937_64 random_;
  vm::CheckedRun run_;
  Env env_;
  vm::Event event_;
  vm::Packet captured_;
  std::vector<vm::Region> regions_;
  std::vector<vm::ResolvedMap> resolved_;
  std::vector<MapMemory> maps_;
  std::vector<std::vector<std::byte>> records_;  // of ring buffers, since the run began
  std::map<uint64_t, Dynptr> dynptrs_;           // by the address of the bpf_dynptr
  std::map<uint64_t, Iterator> iterators_;       // of the bpf_iter_num
  alignas(8) std::array<std::byte, kContextBytes> context_{};
  std::byte *room_ = nullptr;  // for packets; below 4 GiB, so that 32-bit fields of the context can name it
  verifier::PacketPlace packet_;
  uint32_t called_ = 0;  // the helper that is called now
};

}  // namespace spile::fuzz
