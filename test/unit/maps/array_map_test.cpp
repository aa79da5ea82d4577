#include "map_testing.h"

namespace spile::maps {

TEST(ArrayMap, HoldsEveryElementFromTheStartAsZero) {
  auto map = make(array_of(8, 3));
  EXPECT_EQ((get<uint64_t, uint32_t>(*map, 2)), 0u);
  EXPECT_EQ((get<uint64_t, uint32_t>(*map, 3)), std::nullopt);
  EXPECT_EQ(map->size(), 3u);
}

TEST(ArrayMap, ErrorsAreTheKernels) {
  auto map = make(array_of(8, 3));
  const uint64_t value = 7;
  EXPECT_EQ(put(*map, 1u, value), 0);
  EXPECT_EQ(put(*map, 1u, value, BPF_EXIST), 0);
  EXPECT_EQ(put(*map, 1u, value, BPF_NOEXIST), -EEXIST);
  EXPECT_EQ(put(*map, 3u, value), -E2BIG);
  EXPECT_EQ(put(*map, 1u, value, 8), -EINVAL);
  EXPECT_EQ(put(*map, 1u, value, BPF_F_LOCK), -EINVAL);
  EXPECT_EQ(drop(*map, 1u), -EINVAL);
  EXPECT_EQ((get<uint64_t, uint32_t>(*map, 1)), 7u);
}

TEST(ArrayMap, ValuesLieAtAStrideRoundedUpToEight) {
  auto map = make(array_of(5, 4));
  ASSERT_NE(map->direct_values(), nullptr);
  EXPECT_EQ(map->lookup(bytes(2u)), map->direct_values() + 16);
}

TEST(ArrayMap, AnUpdateIsSeenThroughAnEarlierPointer) {
  auto map = make(array_of(8, 1));
  std::byte *value = map->lookup(bytes(0u));
  put(*map, 0u, uint64_t{9});
  EXPECT_EQ(*reinterpret_cast<uint64_t *>(value), 9u);
}

TEST(ArrayMap, KeysComeInOrderAndStartAgainAfterAnUnknownOne) {
  auto map = make(array_of(8, 3));
  uint32_t next = 99;
  auto *out = reinterpret_cast<std::byte *>(&next);
  EXPECT_EQ(map->next_key(nullptr, out), 0);
  EXPECT_EQ(next, 0u);
  EXPECT_EQ(map->next_key(bytes(1u), out), 0);
  EXPECT_EQ(next, 2u);
  EXPECT_EQ(map->next_key(bytes(2u), out), -ENOENT);
  EXPECT_EQ(map->next_key(bytes(77u), out), 0);
  EXPECT_EQ(next, 0u);
}

TEST(ArrayMap, AVisitorStopsTheIteration) {
  auto map = make(array_of(8, 10));
  uint32_t last = 0;
  EXPECT_EQ(map->for_each([&](const std::byte *key, std::byte *) {
    std::memcpy(&last, key, 4);
    return last == 3;
  }),
            4u);
  EXPECT_EQ(last, 3u);
  EXPECT_EQ(map->for_each([](const std::byte *, std::byte *) { return false; }), 10u);
}

}  // namespace spile::maps
