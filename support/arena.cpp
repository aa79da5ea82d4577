#include "support/arena.h"

#include <algorithm>

namespace spile {

// The first block is small: most probes need no more.
static constexpr size_t kFirstBlock = 32 << 10;
static constexpr size_t kBlock = 256 << 10;

void Arena::release(Mark mark) {
  blocks_.resize(mark.blocks);
  next_ = mark.next;
  end_ = mark.end;
}

void *Arena::allocate_slow(size_t size, size_t align) {
  const size_t block = std::max(blocks_.empty() ? kFirstBlock : kBlock, size + align);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
  next_ = blocks_.back().get();
  end_ = next_ + block;
  return allocate(size, align);
}

}  // namespace spile
