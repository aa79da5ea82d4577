#include "runtime/maps/hash_map.h"

#include <atomic>
#include <set>
#include <thread>

#include "map_testing.h"

namespace spile::maps {

TEST(HashMap, FlagsDecideWhetherTheKeyMustOrMustNotExist) {
  auto map = make(hash_of(8, 8, 4));
  EXPECT_EQ(put(*map, 1ul, 10ul, BPF_EXIST), -ENOENT);
  EXPECT_EQ(put(*map, 1ul, 10ul, BPF_NOEXIST), 0);
  EXPECT_EQ(put(*map, 1ul, 11ul, BPF_NOEXIST), -EEXIST);
  EXPECT_EQ(put(*map, 1ul, 12ul, BPF_EXIST), 0);
  EXPECT_EQ((get<uint64_t, uint64_t>(*map, 1)), 12u);
  EXPECT_EQ(put(*map, 1ul, 13ul, 3), -EINVAL);
  EXPECT_EQ(put(*map, 1ul, 13ul, BPF_F_LOCK), -EINVAL);
}

TEST(HashMap, AFullMapTakesNoNewKeyButUpdatesOldOnes) {
  auto map = make(hash_of(4, 4, 2));
  EXPECT_EQ(put(*map, 1u, 1u), 0);
  EXPECT_EQ(put(*map, 2u, 2u), 0);
  EXPECT_EQ(put(*map, 3u, 3u), -E2BIG);
  EXPECT_EQ(put(*map, 2u, 22u), 0);
  EXPECT_EQ(put(*map, 2u, 23u), 0);
  EXPECT_EQ(drop(*map, 1u), 0);
  EXPECT_EQ(drop(*map, 1u), -ENOENT);
  EXPECT_EQ(put(*map, 3u, 3u), 0);
  EXPECT_EQ(map->size(), 2u);
}

TEST(HashMap, APointerFromALookupGoesOnSeeingTheOldValue) {
  auto map = make(hash_of(8, 8, 4));
  put(*map, 1ul, 10ul);
  std::byte *old = map->lookup(bytes(1ul));
  put(*map, 1ul, 11ul);
  EXPECT_EQ(*reinterpret_cast<uint64_t *>(old), 10u);
  EXPECT_EQ((get<uint64_t, uint64_t>(*map, 1)), 11u);
}

TEST(HashMap, KeysOfEverySizeAreToldApart) {
  for (uint32_t size = 1; size <= 40; size++) {
    auto map = make(hash_of(size, 4, 512));
    std::vector<std::byte> key(size);
    for (uint32_t bit = 0; bit < size * 8; bit++) {
      key[bit / 8] = std::byte(1 << bit % 8);
      ASSERT_EQ(map->update(key.data(), bytes(bit), BPF_NOEXIST), 0) << size << " bytes, bit " << bit;
      key[bit / 8] = {};
    }
    for (uint32_t bit = 0; bit < size * 8; bit++) {
      key[bit / 8] = std::byte(1 << bit % 8);
      std::byte *value = map->lookup(key.data());
      ASSERT_NE(value, nullptr);
      EXPECT_EQ(*reinterpret_cast<uint32_t *>(value), bit);
      key[bit / 8] = {};
    }
    EXPECT_EQ(map->lookup(key.data()), nullptr);
  }
}

TEST(HashMap, ValuesAreAlignedForAtomics) {
  auto map = make(hash_of(3, 5, 8));
  const std::array<std::byte, 8> data{};
  ASSERT_EQ(map->update(data.data(), data.data(), BPF_ANY), 0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(map->lookup(data.data())) % 8, 0u);
}

static std::set<uint64_t> walk(Map &map, bool delete_each) {
  std::set<uint64_t> keys;
  uint64_t key = 0, next = 0;
  auto *out = reinterpret_cast<std::byte *>(&next);
  for (int64_t error = map.next_key(nullptr, out); error == 0; error = map.next_key(bytes(key), out)) {
    EXPECT_TRUE(keys.insert(next).second) << "key " << next << " twice";
    key = next;
    if (!delete_each) continue;
    // As user space does it: fetch the successor first, then delete.
    if (map.next_key(bytes(key), out) != 0) {
      drop(map, key);
      break;
    }
    keys.insert(next);
    drop(map, key);
    key = next;
  }
  return keys;
}

TEST(HashMap, NextKeyWalksAllKeysOnce) {
  auto map = make(hash_of(8, 8, 1000));
  for (uint64_t i = 0; i < 1000; i++) ASSERT_EQ(put(*map, i, i), 0);
  EXPECT_EQ(walk(*map, false).size(), 1000u);
  uint64_t unknown = 5000, first = 0, again = 0;
  EXPECT_EQ(map->next_key(nullptr, reinterpret_cast<std::byte *>(&first)), 0);
  EXPECT_EQ(map->next_key(bytes(unknown), reinterpret_cast<std::byte *>(&again)), 0);
  EXPECT_EQ(first, again);
}

TEST(HashMap, NextKeyOfAnEmptyMap) {
  auto map = make(hash_of(8, 8, 10));
  uint64_t next = 0;
  EXPECT_EQ(map->next_key(nullptr, reinterpret_cast<std::byte *>(&next)), -ENOENT);
}

TEST(HashMap, AVisitorMayDeleteWhatItVisits) {
  auto map = make(hash_of(8, 8, 100));
  for (uint64_t i = 0; i < 100; i++) put(*map, i, i);
  EXPECT_EQ(map->for_each([&](const std::byte *key, std::byte *) {
    uint64_t copy;
    std::memcpy(&copy, key, 8);
    EXPECT_EQ(drop(*map, copy), 0);
    return false;
  }),
            100u);
  EXPECT_EQ(map->size(), 0u);
}

TEST(HashMap, AVisitorThatKeepsReplacingElementsEnds) {
  auto map = make(hash_of(8, 8, 16));
  for (uint64_t i = 0; i < 16; i++) put(*map, i, i);
  const uint64_t visits = map->for_each([&](const std::byte *, std::byte *) {
    for (uint64_t i = 0; i < 16; i++) {
      put(*map, i, i);
      put(*map, i, i);
    }
    return false;
  });
  EXPECT_LE(visits, 16u);
}

// Readers must always find a key that is never deleted, with a value that some writer wrote whole, while its element
// moves through the slab and other keys come and go in the same buckets.
TEST(HashMap, ReadersSeeEveryStableKeyWhileWritersChurn) {
  constexpr uint64_t kStable = 16, kChurn = 48;
  auto map = make(hash_of(8, 8, kStable + kChurn));
  for (uint64_t i = 0; i < kStable; i++) put(*map, i, i);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> lost{0}, wrong{0}, reads{0};
  std::vector<std::thread> threads;
  for (uint64_t writer = 0; writer < 2; writer++)
    threads.emplace_back([&, writer] {
      uint64_t random = writer + 1;
      while (!stop) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const uint64_t key = kStable + (random >> 33) % kChurn;
        if ((random >> 60 & 1) != 0)
          put(*map, key, key);
        else
          drop(*map, key);
        put(*map, random >> 40 & (kStable - 1), random >> 40 & (kStable - 1));
      }
    });
  for (int reader = 0; reader < 2; reader++)
    threads.emplace_back([&] {
      for (uint64_t i = 0; !stop; i = (i + 1) % kStable) {
        const std::optional<uint64_t> value = get<uint64_t>(*map, i);
        if (!value) lost++;
        if (value && *value >= kStable + kChurn) wrong++;
        reads++;
      }
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  stop = true;
  for (std::thread &thread : threads) thread.join();
  EXPECT_GT(reads.load(), 1000u);
  EXPECT_EQ(lost.load(), 0u);
  EXPECT_EQ(wrong.load(), 0u);
  uint64_t counted = 0;
  map->for_each([&](const std::byte *, std::byte *) { return counted++, false; });
  EXPECT_EQ(counted, map->size());
}

// Writers of keys that nobody else has hold their own buckets alone, until the map is full to the last element.
TEST(HashMap, WritersOfTheirOwnKeysFillTheMapToTheLastElement) {
  constexpr uint64_t kEach = 500, kWriters = 4;
  for (const uint32_t entries : {uint32_t{kEach * kWriters}, uint32_t{kEach * kWriters - 7}}) {
    auto map = make(hash_of(8, 8, entries));
    std::atomic<uint64_t> refused{0};
    std::vector<std::thread> threads;
    for (uint64_t writer = 0; writer < kWriters; writer++)
      threads.emplace_back([&, writer] {
        for (int round = 0; round < 20; round++)
          for (uint64_t i = 0; i < kEach; i++) {
            const uint64_t key = writer * kEach + i;
            const int64_t result = put(*map, key, key * 3);
            const bool is_last = round == 19;
            if (result == -E2BIG && is_last) refused++;
            if (result == 0 && !is_last) EXPECT_EQ(drop(*map, key), 0);
          }
      });
    for (std::thread &thread : threads) thread.join();
    EXPECT_EQ(map->size(), entries);
    EXPECT_EQ(refused.load(), kEach * kWriters - entries);
    uint64_t there = 0;
    for (uint64_t key = 0; key < kEach * kWriters; key++)
      if (const auto value = get<uint64_t>(*map, key)) there += *value == key * 3;
    EXPECT_EQ(there, entries);
    uint64_t replaced = 0;  // in a full map: with the spare of the bucket
    for (uint64_t key = 0; key < kEach * kWriters; key++) replaced += put(*map, key, key, BPF_EXIST) == 0;
    EXPECT_EQ(replaced, entries);
  }
}

// A lookup marks an element as used that a writer frees meanwhile: making room must not take that for one to delete.
TEST(HashMap, AFullLruMapMakesRoomWhileItsElementsAreLookedUp) {
  constexpr uint64_t kRoom = 4, kKeys = 8, kUpdates = 300'000;
  auto map = make({"recent", BPF_MAP_TYPE_LRU_HASH, 8, 8, kRoom, 0, 0, {}});
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; reader++)
    readers.emplace_back([&] {
      for (uint64_t i = 0; !stop; i = (i + 1) % kKeys) (void)map->lookup(bytes(i));
    });
  uint64_t failed = 0;
  for (uint64_t i = 0; i < kUpdates; i++) {
    failed += put(*map, i * 5 % kKeys, i) != 0;
    if (i % 3 == 0) drop(*map, i * 7 % kKeys);
  }
  stop = true;
  for (std::thread &reader : readers) reader.join();
  EXPECT_EQ(failed, 0u);
  EXPECT_LE(map->size(), kRoom);
  uint64_t counted = 0;
  map->for_each([&](const std::byte *, std::byte *) { return counted++, false; });
  EXPECT_EQ(counted, map->size());
}

}  // namespace spile::maps
