// ArenaMap: BPF_MAP_TYPE_ARENA. Memory that programs address by themselves, page by page.
//
// 4 GiB of address space that begins at a multiple of 4 GiB: the lower half of an address is its place in the arena,
// in the program's view and in this process's. Kernel: a read of a page that was not allocated gives 0 and a write is
// lost; here the page comes into being.
#pragma once

#include <mutex>

#include "runtime/maps/keyless_map.h"

namespace spile::maps {

class ArenaMap final : public KeylessMap {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition);
  ~ArenaMap() override;

  uint64_t base() const { return reinterpret_cast<uint64_t>(base_); }
  // Global variables that lie in the arena take its last pages, as libbpf places them; null when they do not fit.
  std::byte *place_globals(uint64_t size);
  std::byte *direct_values() override { return globals_; }
  // bpf_arena_alloc_pages(): [pages] in a row, at [address] when that is not 0. 0: there are none.
  uint64_t allocate(uint64_t address, uint32_t pages);
  void free(uint64_t address, uint32_t pages);

 private:
  ArenaMap(const Definition &definition, std::byte *base, void *mapping);
  bool is_free(uint32_t first, uint32_t pages) const;

  std::byte *base_;
  void *mapping_;  // what base_ was aligned in
  std::byte *globals_ = nullptr;
  std::mutex mutex_;
  std::vector<bool> used_;  // by page
};

}  // namespace spile::maps
