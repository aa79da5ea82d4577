#include "backend/object/print_value.h"

#include <gtest/gtest.h>

#include <cstring>

namespace spile::object {
namespace {

class PrintValue : public testing::Test {
 protected:
  template <class T>
  std::string print(BtfId type, const T &value) {
    return format_value(btf, type, std::as_bytes(std::span(&value, 1)));
  }

  Btf btf = *Btf::create();
  BtfId integer = btf.add_int("int", 4, true, false, false);
  BtfId natural = btf.add_int("unsigned int", 4, false, false, false);
  BtfId character = btf.add_int("char", 1, true, false, false);
  BtfId byte = btf.add_int("unsigned char", 1, false, false, false);
  BtfId boolean = btf.add_int("_Bool", 1, false, true, false);
  BtfId wide = btf.add_int("__int128", 16, true, false, false);
};

TEST_F(PrintValue, IntegersByTheirSign) {
  EXPECT_EQ(print(integer, -5), "-5");
  EXPECT_EQ(print(natural, -5), "4294967291");
  EXPECT_EQ(print(character, char{-1}), "-1");
  EXPECT_EQ(print(boolean, true), "true");
  EXPECT_EQ(print(boolean, false), "false");
  const uint64_t halves[2] = {1, 2};
  EXPECT_EQ(print(wide, halves), "0x00000000000000020000000000000001");
}

TEST_F(PrintValue, TypedefsAndQualifiersAreTransparent) {
  EXPECT_EQ(print(btf.add_typedef("pid_t", btf.add_modifier(BtfKind::Const, integer)), 7), "7");
}

TEST_F(PrintValue, CharArraysAreEscapedStrings) {
  EXPECT_EQ(print(btf.add_array(character, natural, 8), "a\"\\\n\t\x01z"), R"("a\"\\\n\t\x01z")");
  EXPECT_EQ(print(btf.add_array(character, natural, 2), "ab"), "\"ab\"") << "no NUL";
  EXPECT_EQ(print(btf.add_array(byte, natural, 2), "ab"), "[97, 98]") << "unsigned char is a number";
}

TEST_F(PrintValue, ArraysOfArrays) {
  const int numbers[2][2] = {{1, 2}, {3, 4}};
  const BtfId row = btf.add_array(integer, natural, 2);
  EXPECT_EQ(print(btf.add_array(row, natural, 2), numbers), "[[1, 2], [3, 4]]");
}

TEST_F(PrintValue, EnumsByName) {
  const BtfId state = btf.add_enum("state", 4, true);
  btf.add_enumerator("DEAD", -1);
  btf.add_enumerator("RUNNING", 3);
  EXPECT_EQ(print(state, 3), "RUNNING");
  EXPECT_EQ(print(state, -1), "DEAD");
  EXPECT_EQ(print(state, -9), "-9");
  const BtfId big = btf.add_enum("big", 8, false);
  btf.add_enumerator("HUGE", 1LL << 40);
  EXPECT_EQ(print(big, 1LL << 40), "HUGE");
}

TEST_F(PrintValue, StructsWithAnonymousUnionsAndPointers) {
  const BtfId inner = btf.add_composite(BtfKind::Union, "", 4);
  btf.add_member("a", integer, 0, 0);
  btf.add_member("b", natural, 0, 0);
  const BtfId pointer = btf.add_ptr(integer);
  const BtfId comm = btf.add_array(character, natural, 4);
  const BtfId outer = btf.add_composite(BtfKind::Struct, "outer", 16);
  btf.add_member("comm", comm, 0, 0);
  btf.add_member("", inner, 32, 0);
  btf.add_member("p", pointer, 64, 0);
  struct {
    char comm[4] = "sh";
    int a = -1;
    uint64_t p = 0xffff888000000000;
  } value;
  EXPECT_EQ(print(outer, value), R"({ .comm = "sh", { .a = -1, .b = 4294967295 }, .p = 0xffff888000000000 })");
}

TEST_F(PrintValue, Bitfields) {
  const BtfId flags = btf.add_composite(BtfKind::Struct, "flags", 4);
  btf.add_member("a", natural, 0, 3);
  btf.add_member("b", integer, 3, 7);
  btf.add_member("c", natural, 10, 22);
  EXPECT_EQ(print(flags, uint32_t{5u | (0x7fu & unsigned(-2)) << 3 | 1234u << 10}), "{ .a = 5, .b = -2, .c = 1234 }");
}

TEST_F(PrintValue, FloatsInBothSizes) {
  EXPECT_EQ(print(btf.add_float("double", 8), 1.5), "1.5");
  EXPECT_EQ(print(btf.add_float("float", 4), 0.25f), "0.25");
}

TEST_F(PrintValue, WithoutATypeBytesInHex) {
  EXPECT_EQ(print({}, uint32_t{0xefbeadde}), "de ad be ef");
  EXPECT_EQ(print(BtfId{999}, uint8_t{7}), "07");
  EXPECT_EQ(format_value(Btf{}, BtfId{1}, {}), "");
  EXPECT_EQ(print(integer, uint8_t{7}), "07") << "fewer bytes than the type has";
}

TEST_F(PrintValue, CirclesAndHugeArraysEnd) {
  const BtfId empty = btf.add_composite(BtfKind::Struct, "empty", 0);
  const BtfId many = btf.add_array(empty, natural, UINT32_MAX);
  const BtfId holder = btf.add_composite(BtfKind::Struct, "holder", 4);
  btf.add_member("many", many, 0, 0);
  btf.add_member("self", holder, 0, 0);
  EXPECT_LT(print(holder, 1).size(), 3u << 20);
}

}  // namespace
}  // namespace spile::object
