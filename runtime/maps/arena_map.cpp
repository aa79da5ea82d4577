#include "runtime/maps/arena_map.h"

#include <linux/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace spile::maps {

namespace {
constexpr uint64_t kSpan = uint64_t{1} << 32;
constexpr uint64_t kPage = 4096;
}  // namespace

ArenaMap::ArenaMap(const Definition &definition, std::byte *base, void *mapping)
    : KeylessMap(definition, {.update = -EOPNOTSUPP, .erase = -EOPNOTSUPP, .next_key = -EOPNOTSUPP}),
      base_(base),
      mapping_(mapping),
      used_(definition.max_entries) {
  used_[0] = true;  // so that no address in the arena has a zero lower half, which casts take for a null pointer
}

ArenaMap::~ArenaMap() { ::munmap(mapping_, kSpan * 2); }

Result<std::unique_ptr<Map>> ArenaMap::make(const Definition &definition) {
  void *mapping =
      ::mmap(nullptr, kSpan * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return os_error(errno, "4 GiB of address space for an arena");
  const uint64_t aligned = (reinterpret_cast<uint64_t>(mapping) + kSpan - 1) & ~(kSpan - 1);
  return std::unique_ptr<Map>(new ArenaMap(definition, reinterpret_cast<std::byte *>(aligned), mapping));
}

std::byte *ArenaMap::place_globals(uint64_t size) {
  const uint64_t pages = (size + kPage - 1) / kPage, all = definition().max_entries;
  if (pages >= all) return nullptr;
  const uint64_t address = allocate(base() + (all - pages) * kPage, static_cast<uint32_t>(pages));
  globals_ = reinterpret_cast<std::byte *>(address);
  return globals_;
}

bool ArenaMap::is_free(uint32_t first, uint32_t pages) const {
  return std::find(used_.begin() + first, used_.begin() + first + pages, true) == used_.begin() + first + pages;
}

uint64_t ArenaMap::allocate(uint64_t address, uint32_t pages) {
  const uint32_t all = definition().max_entries;
  if (pages == 0 || pages > all) return 0;
  const std::lock_guard guard(mutex_);
  uint32_t first = 0;
  if (address != 0) {
    const uint64_t offset = address & (kSpan - 1);
    if (offset % kPage != 0 || offset / kPage > all - pages) return 0;
    first = static_cast<uint32_t>(offset / kPage);
    if (!is_free(first, pages)) return 0;
  } else {
    while (first <= all - pages && !is_free(first, pages)) first++;
    if (first > all - pages) return 0;
  }
  std::fill_n(used_.begin() + first, pages, true);
  return base() + first * kPage;
}

void ArenaMap::free(uint64_t address, uint32_t pages) {
  const uint64_t first = (address & (kSpan - 1)) / kPage;
  const std::lock_guard guard(mutex_);
  if (first == 0 || first >= used_.size()) return;
  const uint64_t count = std::min<uint64_t>(pages, used_.size() - first);
  std::fill_n(used_.begin() + static_cast<int64_t>(first), count, false);
  // The next one to get these pages finds zeros.
  ::madvise(base_ + first * kPage, count * kPage, MADV_DONTNEED);
}

}  // namespace spile::maps
