#include "support/arena.h"

#include <algorithm>

namespace spile {

// The first block is small: most probes need no more. Two of a size, then two of twice that, up to the largest: what an
// arena leaves of its last block is memory that the program's huge page has not got for others.
static constexpr size_t kFirstBlock = 16 << 10;
static constexpr size_t kLargestBlock = 256 << 10;

void Arena::release(Mark mark) {
  blocks_.resize(mark.blocks);
  next_ = mark.next;
  end_ = mark.end;
}

void *Arena::allocate_slow(size_t size, size_t align) {
  if (size + align > kFirstBlock) {
    // In a block by itself: what is left of the one in use stays in use.
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size + align));
    const auto begin = reinterpret_cast<uintptr_t>(blocks_.back().get());
    return reinterpret_cast<void *>((begin + align - 1) & ~(align - 1));
  }
  const size_t block = std::min(kFirstBlock << std::min<size_t>(blocks_.size() / 2, 8), kLargestBlock);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
  next_ = blocks_.back().get();
  end_ = next_ + block;
  return allocate(size, align);
}

}  // namespace spile
