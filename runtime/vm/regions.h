// Regions: the memory that a program which nobody verified may touch, and what each part of it is called.
//
// In: blocks of this process's memory, as they come into a program's reach (its context, a map's value that a lookup
// gave, a record of a ring buffer). Out: the block that an access lies in, or where the access lies beside it.
#pragma once

#include <cstdint>
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
  // The one that is next to the address; null when none is near.
  const Region *nearest(uint64_t address) const;

 private:
  std::map<uint64_t, Region> by_address_;   // they may overlap, but none holds another: find() looks at one only
  mutable const Region *recent_ = nullptr;  // that find() gave last
};

// Where [bytes] at [address] lie, as a message says it: "4 bytes past the end of `x`, which has 8 bytes". [near] may be
// null.
std::string describe_place(uint64_t address, uint64_t bytes, const Region *near);
// How far an address lies outside of a region.
uint64_t distance(const Region &region, uint64_t address);

}  // namespace spile::vm
