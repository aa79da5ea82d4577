#include "runtime/vm/regions.h"

#include <fmt/format.h>

#include <algorithm>

namespace spile::vm {

namespace {
// An access this far from a region, or nearer, is told relative to it.
constexpr uint64_t kNear = 0x10000;
// What a pointer that is NULL gives with the offset of a member.
constexpr uint64_t kLargestMember = 4096;

std::string_view plural(uint64_t n) { return n == 1 ? "" : "s"; }
}  // namespace

uint64_t distance(const Region &region, uint64_t address) {
  const uint64_t into = address - region.address;
  return into < region.size ? 0 : std::min(into - region.size, region.address - address);
}

void Window::resize(uint64_t bytes, bool may_write) {
  size = bytes, writable = may_write;
  for (unsigned i = 0; i < reads.size(); i++) {
    const uint64_t access = uint64_t{1} << i;
    reads[i] = bytes < access ? 0 : bytes - access + 1;
    writes[i] = may_write ? reads[i] : 0;
  }
}

void Regions::add(Region region) {
  if (region.size == 0 || find(region.address, region.size) != nullptr) return;
  // None holds another, so their ends ascend, too: those that the new one holds are the first that begin in it.
  auto held = by_address_.lower_bound(region.address);
  if (held != by_address_.end() && region.holds(held->first, held->second.size)) recent_.fill(nullptr);
  while (held != by_address_.end() && region.holds(held->first, held->second.size)) held = by_address_.erase(held);
  by_address_.emplace(region.address, std::move(region));
}

void Regions::remove(uint64_t address) {
  recent_.fill(nullptr);
  by_address_.erase(address);
}

void Regions::remove_within(uint64_t address, uint64_t size) {
  recent_.fill(nullptr);
  by_address_.erase(by_address_.lower_bound(address), by_address_.lower_bound(address + size));
}

const Region *Regions::find(uint64_t address, uint64_t bytes) const {
  const Region *&recent_one = recent(address);
  if (recent_one != nullptr && recent_one->holds(address, bytes)) return recent_one;
  const auto next = by_address_.upper_bound(address);
  if (next == by_address_.begin()) return nullptr;
  const Region &region = std::prev(next)->second;
  if (!region.holds(address, bytes)) return nullptr;
  recent_one = &region;
  return recent_one;
}

const Region *Regions::nearest(uint64_t address) const {
  const Region *nearest = nullptr;
  const auto consider = [&](const Region &region) {
    if (distance(region, address) >= kNear) return;
    if (nearest == nullptr || distance(region, address) < distance(*nearest, address)) nearest = &region;
  };
  const auto next = by_address_.upper_bound(address);
  if (next != by_address_.end()) consider(next->second);
  if (next != by_address_.begin()) consider(std::prev(next)->second);
  return nearest;
}

std::string describe_place(uint64_t address, uint64_t bytes, const Region *near) {
  if (address + bytes < kLargestMember) return "a pointer that is NULL";
  if (near == nullptr || distance(*near, address) >= kNear) return "the program has no memory there";
  const auto into = static_cast<int64_t>(address - near->address);
  const std::string of = fmt::format("{}, which has {} byte{}", near->name, near->size, plural(near->size));
  if (into < 0) return fmt::format("{} byte{} before {}", -into, plural(static_cast<uint64_t>(-into)), of);
  const uint64_t at = static_cast<uint64_t>(into);
  if (at < near->size) return fmt::format("offset {} of {}", at, of);
  if (at == near->size) return fmt::format("right behind {}", of);
  return fmt::format("{} byte{} past the end of {}", at - near->size, plural(at - near->size), of);
}

}  // namespace spile::vm
