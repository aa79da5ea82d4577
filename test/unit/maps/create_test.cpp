#include "map_testing.h"

namespace spile::maps {

static int error_of(const Definition &definition) {
  auto map = create(definition);
  return map ? 0 : map.error().os_error;
}

TEST(CreateMap, ASizeOrCountOfZeroIsRefused) {
  EXPECT_EQ(error_of(hash_of(0, 8, 1)), EINVAL);
  EXPECT_EQ(error_of(hash_of(8, 0, 1)), EINVAL);
  EXPECT_EQ(error_of(hash_of(8, 8, 0)), EINVAL);
  EXPECT_EQ(error_of(array_of(8, 0)), EINVAL);
  EXPECT_EQ(error_of(array_of(0, 1)), EINVAL);
}

TEST(CreateMap, AnArrayHasKeysOfFourBytes) {
  auto map = create({"counts", BPF_MAP_TYPE_ARRAY, 8, 8, 1, 0, 0});
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().os_error, EINVAL);
  EXPECT_EQ(map.error().message, "map `counts`: key_size is 8; ARRAY takes 4 bytes");
}

TEST(CreateMap, FlagsAreCheckedPerType) {
  EXPECT_EQ(error_of(hash_of(8, 8, 1, BPF_F_NO_PREALLOC)), 0);
  EXPECT_EQ(error_of(hash_of(8, 8, 1, BPF_F_RDONLY_PROG)), 0);
  EXPECT_EQ(error_of(array_of(8, 1, BPF_F_RDONLY_PROG | BPF_F_MMAPABLE)), 0);
  EXPECT_EQ(error_of(array_of(8, 1, BPF_F_NO_PREALLOC)), EINVAL);
  EXPECT_EQ(error_of(hash_of(8, 8, 1, BPF_F_MMAPABLE)), EINVAL);
  EXPECT_EQ(error_of(hash_of(8, 8, 1, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)), EINVAL);
}

TEST(CreateMap, ElementsAndTablesHaveALargestSize) {
  EXPECT_EQ(error_of(hash_of(8, 5 << 20, 1)), E2BIG);
  EXPECT_EQ(error_of(hash_of(8, 8, 1u << 31)), E2BIG);
  EXPECT_EQ(error_of(array_of(1u << 31, 1)), E2BIG);
}

TEST(CreateMap, AMapThatMemoryCannotHoldIsAnErrorOfTheHost) {
  auto map = create(array_of(INT32_MAX, UINT32_MAX));
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().kind, Error::Kind::Environment);
  EXPECT_NE(map.error().message.find("cannot create map `m`"), std::string::npos);
}

TEST(CreateMap, AnUnknownTypeIsNamed) {
  auto map = create({"ops", BPF_MAP_TYPE_STRUCT_OPS, 4, 8, 1, 0, 0, {}});
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().kind, Error::Kind::Unsupported);
}

}  // namespace spile::maps
