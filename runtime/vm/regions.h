// Regions: the memory that a program which nobody verified may touch, and what each part of it is called.
//
// In: blocks of this process's memory, as they come into a program's reach (its context, a map's value that a lookup
// gave, a record of a ring buffer). Out: the block that an access lies in, or where the access lies beside it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace spile::vm {

struct Region {
  std::string name;      // "memory", "the stack", "a value of `counts`"; for messages
  uint64_t address = 0;  // as the program sees it, and in this process
  uint64_t size = 0;     // bytes
  bool writable = true;
  bool lasting = true;  // it stays where it is while the program's maps, context and packet do

  bool holds(uint64_t at, uint64_t bytes) const { return at - address <= size && size - (at - address) >= bytes; }
};

// Where memory is that a program was found to have: what an access compares with first (accelerate.h).
struct Window {
  uint64_t first = 0, size = 0;
  bool writable = false;
  // By the logarithm of an access's bytes: at how many addresses from [first] on it may begin.
  std::array<uint64_t, 4> reads{}, writes{};

  void set(uint64_t address, uint64_t bytes, bool may_write) {
    first = address;
    if (size != bytes || writable != may_write) resize(bytes, may_write);
  }
  void grow(int64_t bytes) {
    size += static_cast<uint64_t>(bytes);
    for (unsigned i = 0; i < reads.size(); i++) {
      reads[i] += static_cast<uint64_t>(bytes);
      writes[i] += static_cast<uint64_t>(bytes);
    }
  }
  void close() { set(0, 0, false); }

 private:
  void resize(uint64_t bytes, bool may_write);
};

class Regions {
 public:
  // What already lies in a region that was added before stays a part of it, and those that lie in this one become parts
  // of it.
  void add(Region region);
  // The region that begins there, when there is one.
  void remove(uint64_t address);
  // Those that begin in these bytes.
  void remove_within(uint64_t address, uint64_t size);
  // The region that holds all of these bytes; null when none does.
  const Region *find(uint64_t address, uint64_t bytes) const;
  void for_each(const std::function<void(const Region &)> &visit) const {
    for (const auto &[address, region] : by_address_) visit(region);
  }
  // The one that is next to the address; null when none is near.
  const Region *nearest(uint64_t address) const;

 private:
  const Region *&recent(uint64_t address) const { return recent_[address / 8 % recent_.size()]; }

  std::map<uint64_t, Region> by_address_;  // they may overlap, but none holds another: find() looks at one only
  mutable std::array<const Region *, 64> recent_{};  // that find() gave last, by address
};

// Where [bytes] at [address] lie, as a message says it: "4 bytes past the end of `x`, which has 8 bytes". [near] may be
// null.
std::string describe_place(uint64_t address, uint64_t bytes, const Region *near);
// How far an address lies outside of a region.
uint64_t distance(const Region &region, uint64_t address);

}  // namespace spile::vm
