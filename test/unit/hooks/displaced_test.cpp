// Instructions in slots: what is written for each kind, and which are refused.
#include "runtime/hooks/displaced.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace spile::hooks {
namespace {

#ifdef __x86_64__

constexpr uint64_t kAddress = 0x555555001000, kSlot = 0x555554000040;

Result<Displaced> displace(const std::vector<uint8_t> &code, uint64_t slot = kSlot) {
  const auto displacer = Displacer::open();
  if (!displacer) return std::unexpected(displacer.error());
  return displacer->displace(std::as_bytes(std::span(code)), kAddress, slot);
}

uint64_t address_at(const Displaced &displaced, size_t at) {
  uint64_t address = 0;
  std::memcpy(&address, displaced.bytes.data() + at, sizeof address);
  return address;
}
uint64_t next_of(const Displaced &displaced) { return address_at(displaced, kSlotSize - 16); }
uint64_t target_of(const Displaced &displaced) { return address_at(displaced, kSlotSize - 8); }

TEST(Displaced, GoesOnBehindWhatRunsAnywhere) {
  const auto push = displace({0x55});  // push %rbp
  ASSERT_TRUE(push) << push.error().message;
  EXPECT_EQ(push->bytes[0], std::byte{0x55});
  EXPECT_EQ(push->bytes[1], std::byte{0xff});
  EXPECT_EQ(push->bytes[2], std::byte{0x25});
  EXPECT_EQ(next_of(*push), kAddress + 1);
  ASSERT_EQ(push->mark_count, 1u);
  EXPECT_EQ(push->marks[0].offset, 1);
  EXPECT_EQ(push->marks[0].address, kAddress + 1);
}

TEST(Displaced, RefersToTheSamePlace) {
  const auto lea = displace({0x48, 0x8d, 0x05, 0x20, 0, 0, 0});  // lea 0x20(%rip),%rax
  ASSERT_TRUE(lea) << lea.error().message;
  int32_t distance = 0;
  std::memcpy(&distance, lea->bytes.data() + 3, sizeof distance);
  EXPECT_EQ(kSlot + 7 + static_cast<uint64_t>(distance), kAddress + 7 + 0x20);
  const auto far = displace({0x48, 0x8d, 0x05, 0x20, 0, 0, 0}, kAddress + (uint64_t{4} << 30));
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().kind, Error::Kind::Unsupported);
}

TEST(Displaced, CallsPushTheirOwnReturnAddress) {
  const auto direct = displace({0xe8, 0, 1, 0, 0});  // call +0x100
  ASSERT_TRUE(direct) << direct.error().message;
  EXPECT_EQ(direct->bytes[1], std::byte{0x35});  // push
  EXPECT_EQ(next_of(*direct), kAddress + 5);
  EXPECT_EQ(target_of(*direct), kAddress + 5 + 0x100);
  const auto indirect = displace({0xff, 0xd0});  // call *%rax
  ASSERT_TRUE(indirect) << indirect.error().message;
  EXPECT_EQ(indirect->bytes[6], std::byte{0xff});
  EXPECT_EQ(indirect->bytes[7], std::byte{0xe0});  // jmp *%rax
  EXPECT_EQ(next_of(*indirect), kAddress + 2);
}

TEST(Displaced, ConditionsKeepBothWays) {
  for (const std::vector<uint8_t> &code :
       {std::vector<uint8_t>{0x74, 0x10}, std::vector<uint8_t>{0x0f, 0x84, 0x0c, 0, 0, 0},
        std::vector<uint8_t>{0xe3, 0x10}}) {  // je, je, jrcxz
    const auto condition = displace(code);
    ASSERT_TRUE(condition) << condition.error().message;
    EXPECT_EQ(next_of(*condition), kAddress + code.size());
    EXPECT_EQ(target_of(*condition), kAddress + 0x12);
    ASSERT_EQ(condition->mark_count, 2u);
    EXPECT_EQ(condition->marks[1].offset - condition->marks[0].offset, 6);
  }
}

TEST(Displaced, RefusesWhatItCannotMove) {
  for (const std::vector<uint8_t> &code : {std::vector<uint8_t>{0xcc}, std::vector<uint8_t>{0xff, 0xd4},
                                           std::vector<uint8_t>{0xff, 0x14, 0x24}, std::vector<uint8_t>{0x06}}) {
    const auto displaced = displace(code);  // int3, call *%rsp, call *(%rsp), none
    ASSERT_FALSE(displaced);
    EXPECT_EQ(displaced.error().kind, Error::Kind::Unsupported);
  }
}

#endif

}  // namespace
}  // namespace spile::hooks
