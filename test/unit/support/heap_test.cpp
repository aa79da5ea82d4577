// The heap: blocks do not overlap, are aligned, and what is released is given again.
#include "support/heap.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace spile {
namespace {

TEST(Heap, GivesNothingBeforeItStarts) {
  Heap heap;
  EXPECT_EQ(heap.allocate(1), nullptr);
  EXPECT_FALSE(heap.owns(&heap));
}

TEST(Heap, BlocksAreAlignedAndApart) {
  Heap heap;
  heap.start();
  struct Block {
    unsigned char *at;
    size_t size;
  };
  std::vector<Block> blocks;
  for (size_t size = 0; size < 100'000; size += 1 + size / 7) {
    for (int i = 0; i < 3; i++) {
      auto *at = static_cast<unsigned char *>(heap.allocate(size));
      ASSERT_NE(at, nullptr);
      EXPECT_TRUE(heap.owns(at));
      EXPECT_EQ(reinterpret_cast<uintptr_t>(at) % 16, 0U);
      std::memset(at, static_cast<int>(blocks.size() % 251), size);
      blocks.push_back({at, size});
    }
  }
  for (size_t i = 0; i < blocks.size(); i++)
    for (size_t k = 0; k < blocks[i].size; k++) ASSERT_EQ(blocks[i].at[k], i % 251) << "block " << i;
}

TEST(Heap, WhatWasReleasedIsGivenAgainToItsClassOnly) {
  Heap heap;
  heap.start();
  void *small = heap.allocate(100), *other = heap.allocate(3000);
  heap.release(small);
  heap.release(other);
  EXPECT_EQ(heap.allocate(2999), other);
  EXPECT_NE(heap.allocate(200), small);
  EXPECT_EQ(heap.allocate(99), small);
}

TEST(Heap, LargeBlocksJoinTheirNeighbours) {
  Heap heap;
  heap.start();
  constexpr size_t kSize = 100'000;
  void *blocks[4];
  for (void *&block : blocks) block = heap.allocate(kSize);
  heap.release(blocks[0]);
  heap.release(blocks[2]);
  EXPECT_NE(heap.allocate(2 * kSize), blocks[0]);  // neither is large enough
  heap.release(blocks[1]);
  EXPECT_EQ(heap.allocate(3 * kSize), blocks[0]);
  heap.release(blocks[0]);
  EXPECT_EQ(heap.allocate(kSize / 2), blocks[0]);  // a part of it
  EXPECT_LT(heap.allocate(kSize / 2), blocks[1]);
}

TEST(Heap, WhatCannotBeGivenIsRefused) {
  Heap heap;
  heap.start();
  EXPECT_EQ(heap.allocate(Heap::kLargest + 1), nullptr);
  EXPECT_EQ(heap.allocate(SIZE_MAX - 4), nullptr);
  EXPECT_NE(heap.allocate(8), nullptr);
}

}  // namespace
}  // namespace spile
