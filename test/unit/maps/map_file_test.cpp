// A map in a file is the same map when it is opened again, whatever became of who wrote it; and what is no map, or a
// damaged one, is refused.
#include "runtime/maps/map_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>

namespace spile::maps {
namespace {

using Access = MapFile::Access;

class MapFileTest : public ::testing::Test {
 protected:
  MapFileTest() {
    std::string pattern = ::testing::TempDir() + "map-file-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/map";
  }
  ~MapFileTest() override { std::filesystem::remove_all(folder_); }

  Result<MapFile> keep(uint32_t type, uint32_t entries = 100) {
    return keep_in_file(path_, {"m", type, 4, 8, entries, 0, 0, {}}, {});
  }
  static int64_t put(MapFile &file, uint32_t key, uint64_t value) {
    return file.map->update(reinterpret_cast<const std::byte *>(&key), reinterpret_cast<const std::byte *>(&value), 0);
  }
  static uint64_t get(MapFile &file, uint32_t key) {
    const std::byte *value = file.map->lookup(reinterpret_cast<const std::byte *>(&key));
    uint64_t number = ~0ull;
    if (value != nullptr) std::memcpy(&number, value, sizeof number);
    return number;
  }

  std::string folder_, path_;
};

TEST_F(MapFileTest, ElementsOutliveWhoWroteThem) {
  for (const uint32_t type : {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY,
                              BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH}) {
    {
      auto file = keep(type);
      ASSERT_TRUE(file) << file.error().message;
      for (uint32_t key = 0; key < 50; key++) ASSERT_EQ(put(*file, key, key * 3), 0);
      for (uint32_t key = 0; key < 10; key++) file->map->erase(reinterpret_cast<const std::byte *>(&key));
    }
    for (const Access access : {Access::Read, Access::Own}) {
      auto file = open_map_file(path_, access);
      ASSERT_TRUE(file) << file.error().message;
      for (uint32_t key = 10; key < 50; key++) EXPECT_EQ(get(*file, key), key * 3);
      // What was deleted is free again, and what is used is not taken.
      for (uint32_t key = 100; key < 110; key++) put(*file, key, 1);
      for (uint32_t key = 10; key < 50; key++) EXPECT_EQ(get(*file, key), key * 3);
    }
    std::filesystem::remove(path_);
  }
}

TEST_F(MapFileTest, QueuesAndStacksOutliveWhoWroteThem) {
  const auto bytes = [](auto &number) { return reinterpret_cast<std::byte *>(&number); };
  for (const uint32_t type : {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK}) {
    const Definition definition{"m", type, 0, 8, 4, 0, 0, {}};
    {
      auto file = keep_in_file(path_, definition, {});
      ASSERT_TRUE(file) << file.error().message;
      // More than have room, so that the ring goes round.
      for (uint64_t i = 1; i <= 9; i++) ASSERT_EQ(file->map->push(bytes(i), BPF_EXIST), 0);
    }
    const bool is_stack = type == BPF_MAP_TYPE_STACK;
    uint64_t value = 0;
    {
      auto file = keep_in_file(path_, definition, {});
      ASSERT_TRUE(file) << file.error().message;
      EXPECT_EQ(file->map->size(), 4u);
      EXPECT_EQ(file->map->pop(bytes(value)), 0);
      EXPECT_EQ(value, is_stack ? 9u : 6u);
      auto reader = open_map_file(path_, Access::Read);
      ASSERT_TRUE(reader) << reader.error().message;
      EXPECT_EQ(reader->map->peek(bytes(value)), 0);
      EXPECT_EQ(value, is_stack ? 8u : 7u);
    }
    auto file = open_map_file(path_, Access::Own);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->map->size(), 3u);
    value = 100;
    EXPECT_EQ(file->map->push(bytes(value), 0), 0);
    EXPECT_EQ(file->map->push(bytes(value), 0), -E2BIG);
    std::filesystem::remove(path_);
  }
}

TEST_F(MapFileTest, PrefixesOutliveWhoWroteThem) {
  const Definition definition{"m", BPF_MAP_TYPE_LPM_TRIE, 8, 4, 16, BPF_F_NO_PREALLOC, 0, {}};
  const auto key = [](uint32_t prefix, std::array<uint8_t, 4> address) {
    std::array<std::byte, 8> bytes;
    std::memcpy(bytes.data(), &prefix, 4);
    std::memcpy(bytes.data() + 4, address.data(), 4);
    return bytes;
  };
  const auto value = [&](MapFile &file, std::array<uint8_t, 4> address) {
    const std::byte *found = file.map->lookup(key(32, address).data());
    uint32_t number = 0;
    if (found != nullptr) std::memcpy(&number, found, sizeof number);
    return number;
  };
  {
    auto file = keep_in_file(path_, definition, {});
    ASSERT_TRUE(file) << file.error().message;
    const uint32_t numbers[] = {1, 2, 3};
    const auto bytes = [&](int i) { return reinterpret_cast<const std::byte *>(&numbers[i]); };
    ASSERT_EQ(file->map->update(key(8, {10, 9, 9, 9}).data(), bytes(0), 0), 0);
    ASSERT_EQ(file->map->update(key(16, {10, 1, 0, 0}).data(), bytes(1), 0), 0);
    ASSERT_EQ(file->map->update(key(24, {10, 2, 3, 0}).data(), bytes(2), 0), 0);
    ASSERT_EQ(file->map->erase(key(24, {10, 2, 3, 0}).data()), 0);
  }
  for (const Access access : {Access::Read, Access::Own}) {
    auto file = open_map_file(path_, access);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(value(*file, {10, 1, 5, 5}), 2u);
    EXPECT_EQ(value(*file, {10, 2, 3, 1}), 1u);
    EXPECT_EQ(value(*file, {11, 0, 0, 1}), 0u);
    EXPECT_EQ(file->map->size(), 2u);
    // The key is shown as it was given, longer prefixes first.
    std::vector<std::array<std::byte, 8>> keys;
    file->map->for_each([&](const std::byte *shown, std::byte *) {
      std::memcpy(keys.emplace_back().data(), shown, 8);
      return false;
    });
    EXPECT_EQ(keys, (std::vector{key(16, {10, 1, 0, 0}), key(8, {10, 9, 9, 9})}));
  }
}

TEST_F(MapFileTest, AFilterOutlivesWhoFilledIt) {
  const Definition definition{"m", BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 100, 0, 3, {}};
  const auto bytes = [](uint64_t &number) { return reinterpret_cast<std::byte *>(&number); };
  {
    auto file = keep_in_file(path_, definition, {});
    ASSERT_TRUE(file) << file.error().message;
    for (uint64_t i = 0; i < 50; i++) ASSERT_EQ(file->map->push(bytes(i), 0), 0);
  }
  auto file = open_map_file(path_, Access::Read);
  ASSERT_TRUE(file) << file.error().message;
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < 50; i++) EXPECT_EQ(file->map->peek(bytes(i)), 0);
  for (uint64_t i = 1000; i < 2000; i++) wrong += file->map->peek(bytes(i)) == 0;
  EXPECT_LT(wrong, 300u);
  // A filter with other hashes is another one.
  Definition other = definition;
  other.map_extra = 4;
  const auto refused = keep_in_file(path_, other, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("map_extra 0x3"), std::string::npos) << refused.error().message;
}

TEST_F(MapFileTest, AFullMapIsFullWhenItIsOpenedAgain) {
  {
    auto file = keep(BPF_MAP_TYPE_HASH, 10);
    for (uint32_t key = 0; key < 10; key++) ASSERT_EQ(put(*file, key, key), 0);
  }
  auto file = open_map_file(path_, Access::Own);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->map->size(), 10u);
  EXPECT_EQ(put(*file, 10, 10), -E2BIG);
  EXPECT_EQ(put(*file, 9, 90), 0);
  EXPECT_EQ(get(*file, 9), 90u);
}

TEST_F(MapFileTest, OneProcessWorksWithAMapAndOthersReadIt) {
  auto file = keep(BPF_MAP_TYPE_HASH);
  ASSERT_EQ(put(*file, 1, 11), 0);
  auto reader = open_map_file(path_, Access::Read);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_TRUE(reader->is_in_use);
  EXPECT_EQ(get(*reader, 1), 11u);
  const auto second = open_map_file(path_, Access::Update);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Error::Kind::Environment);
  *file = {};
  EXPECT_TRUE(open_map_file(path_, Access::Update));
}

TEST_F(MapFileTest, AnArrayIsUpdatedWhileItIsInUse) {
  auto file = keep(BPF_MAP_TYPE_ARRAY);
  auto second = open_map_file(path_, Access::Update);
  ASSERT_TRUE(second) << second.error().message;
  ASSERT_EQ(put(*second, 3, 33), 0);
  EXPECT_EQ(get(*file, 3), 33u);
}

// At whatever moment a writer is killed, each element is whole.
TEST_F(MapFileTest, AKilledProcessLeavesAReadableMap) {
  ASSERT_TRUE(keep(BPF_MAP_TYPE_HASH, 64));
  for (unsigned round = 0; round < 20; round++) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto file = open_map_file(path_, Access::Own);
      for (uint32_t i = 0; file; i++) {
        const uint32_t key = i % 97;
        put(*file, key, uint64_t{key} << 32 | key);
        const uint32_t gone = (i * 7) % 97;
        file->map->erase(reinterpret_cast<const std::byte *>(&gone));
      }
      ::_exit(1);
    }
    ::usleep(2000 + round * 300);
    // Also while it is at work, a reader sees whole elements.
    for (const bool killed : {false, true}) {
      if (killed) {
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
      }
      auto reader = open_map_file(path_, Access::Read);
      ASSERT_TRUE(reader) << reader.error().message;
      if (!killed) continue;
      reader->map->for_each([&](const std::byte *key, std::byte *value) {
        uint32_t number = 0;
        uint64_t stored = 0;
        std::memcpy(&number, key, sizeof number);
        std::memcpy(&stored, value, sizeof stored);
        EXPECT_EQ(stored, uint64_t{number} << 32 | number);
        return false;
      });
    }
  }
}

TEST_F(MapFileTest, AnotherDefinitionIsRefused) {
  ASSERT_TRUE(keep(BPF_MAP_TYPE_HASH, 10));
  const auto other = keep(BPF_MAP_TYPE_HASH, 11);
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("another map lies there"), std::string::npos) << other.error().message;
}

TEST_F(MapFileTest, MapsThatNoFileHoldsAreNamed) {
  EXPECT_EQ(keep(BPF_MAP_TYPE_RINGBUF).error().kind, Error::Kind::Unsupported);
  const Definition timer{"t", BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0, 0, {{SpecialField::Timer, 0, 16}}};
  EXPECT_EQ(keep_in_file(path_, timer, {}).error().kind, Error::Kind::Unsupported);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// Whatever a file holds, it is refused or is a map that can be read and written.
TEST_F(MapFileTest, DamagedFilesAreRefusedOrAreMaps) {
  for (const uint32_t type :
       {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_LPM_TRIE}) {
    const bool is_queue = type == BPF_MAP_TYPE_QUEUE, is_trie = type == BPF_MAP_TYPE_LPM_TRIE;
    std::string good;
    std::array<std::byte, 8> value{};
    {
      const uint32_t flags = is_trie ? uint32_t{BPF_F_NO_PREALLOC} : 0;
      auto file = keep_in_file(path_, {"m", type, is_queue ? 0u : is_trie ? 5u : 4u, 8, 16, flags, 0, {}}, {});
      ASSERT_TRUE(file) << file.error().message;
      for (uint32_t key = 0; key < 12; key++) {
        const std::array<uint32_t, 2> prefix{8, key};
        if (is_queue)
          file->map->push(value.data(), 0);
        else if (is_trie)
          file->map->update(reinterpret_cast<const std::byte *>(prefix.data()), value.data(), 0);
        else
          put(*file, key, key);
      }
    }
    std::ifstream in(path_, std::ios::binary);
    good.assign(std::istreambuf_iterator<char>(in), {});
    std::mt19937 random(type);
    unsigned refused = 0;
    for (unsigned round = 0; round < 250; round++) {
      std::string bad = good;
      for (unsigned n = 1 + random() % 4; n > 0; n--) {
        // Mostly where something stands.
        size_t at = random() % (random() % 2 == 0 ? 256 : bad.size());
        if (const size_t full = good.find_first_not_of('\0', at); random() % 2 == 0 && full != std::string::npos)
          at = full;
        bad[at] = static_cast<char>(random());
      }
      if (random() % 8 == 0) bad.resize(random() % bad.size());
      std::ofstream(path_, std::ios::binary) << bad;
      for (const Access access : {Access::Read, Access::Own}) {
        auto file = open_map_file(path_, access);
        refused += !file;
        if (!file) continue;
        for (uint32_t key = 0; key < 40; key++) {
          const std::array<uint32_t, 2> prefix{key % 9, key};
          const auto *bytes = reinterpret_cast<const std::byte *>(prefix.data());
          if (is_trie) {
            file->map->lookup(bytes);
            file->map->update(bytes, value.data(), 0);
          } else {
            get(*file, key);
            put(*file, key, key);
          }
          file->map->push(value.data(), 0);
          file->map->pop(value.data());
        }
        file->map->for_each([](const std::byte *, std::byte *) { return false; });
      }
    }
    EXPECT_GT(refused, 50u);
    std::filesystem::remove(path_);
  }
}

}  // namespace
}  // namespace spile::maps
