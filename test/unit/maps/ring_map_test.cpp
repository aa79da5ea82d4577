#include "runtime/maps/ring_map.h"

#include <array>
#include <thread>
#include <vector>

#include "map_testing.h"

namespace spile::maps {

constexpr uint32_t kRingBytes = 4096;

static std::unique_ptr<Map> make_ring() { return make({"m", BPF_MAP_TYPE_RINGBUF, 0, 0, kRingBytes, 0, 0}); }

TEST(RingMap, TheShortWayGivesNothingWhereTheLongOneWouldNot) {
  auto map = make_ring();
  auto &ring = static_cast<RingMap &>(*map);
  EXPECT_EQ(ring.reserve_at_once(kRingBytes), nullptr);
  EXPECT_EQ(ring.reserve_at_once(UINT64_MAX), nullptr);
  std::byte *const first = ring.reserve_at_once(kRingBytes / 2);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(ring.reserve_at_once(kRingBytes / 2), nullptr);
  RingMap::commit(first, true);
  EXPECT_EQ(ring.consume([](std::span<std::byte>) { return true; }), 0) << "a discarded record is nobody's";
  EXPECT_NE(ring.reserve_at_once(kRingBytes / 2), nullptr);
}

// What a producer puts in comes out whole and in its order, while another producer takes turns with it.
TEST(RingMap, ARecordIsOneProducersAndComesOnce) {
  constexpr uint64_t kRecords = 20'000;
  struct Record {
    uint64_t producer, number, sum;
  };
  auto map = make_ring();
  auto &ring = static_cast<RingMap &>(*map);
  std::vector<std::thread> producers;
  for (uint64_t producer = 0; producer < 2; producer++)
    producers.emplace_back([&ring, producer] {
      for (uint64_t number = 0; number < kRecords;) {
        std::byte *place = ring.reserve_at_once(sizeof(Record));
        if (place == nullptr) place = ring.reserve(sizeof(Record));
        if (place == nullptr) {
          std::this_thread::yield();
          continue;
        }
        const Record record{producer, number, producer + number};
        std::memcpy(place, &record, sizeof record);
        RingMap::commit(place, false);
        number++;
      }
    });
  std::array<uint64_t, 2> next{};
  uint64_t wrong = 0;
  while (next[0] + next[1] < 2 * kRecords) {
    const int64_t taken = ring.consume([&](std::span<std::byte> bytes_of_record) {
      Record record{};
      std::memcpy(&record, bytes_of_record.data(), sizeof record);
      if (record.producer > 1 || record.sum != record.producer + record.number ||
          record.number != next[record.producer & 1])
        wrong++;
      next[record.producer & 1]++;
      return true;
    });
    if (taken == 0) std::this_thread::yield();
  }
  for (std::thread &thread : producers) thread.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(next[0], kRecords);
}

}  // namespace spile::maps
