// CO-RE by libbpf's rules, on types made by hand: which type of the target is meant, where the path leads there, and
// what becomes of the instruction.
#include <gtest/gtest.h>

#include <cstring>

#include "backend/isa/builder.h"
#include "backend/object/core_match.h"
#include "backend/object/core_relocate.h"

namespace spile::object {
namespace {

using tables::CoreKind;

struct Types {
  Btf btf = *Btf::create();
  BtfId u32 = btf.add_int("unsigned int", 4, false, false, false);
  BtfId s32 = btf.add_int("int", 4, true, false, false);
  BtfId u64 = btf.add_int("unsigned long", 8, false, false, false);
};

Result<CoreDecision> decide(const Btf &local, const Btf &target, BtfId type, std::string access, CoreKind kind) {
  return CoreTarget(target).decide(local, {0, type, std::move(access), static_cast<uint32_t>(kind)});
}

TEST(Core, EssentialNames) {
  EXPECT_EQ(essential_name("sk_buff"), "sk_buff");
  EXPECT_EQ(essential_name("sk_buff___old"), "sk_buff");
  EXPECT_EQ(essential_name("a___b___c"), "a___b");
  EXPECT_EQ(essential_name("___x"), "___x");
  EXPECT_EQ(essential_name("x____y"), "x____y");
}

TEST(Core, MembersAreFoundByNameThroughAnonymousRecords) {
  Types local, target;
  const BtfId wanted = local.btf.add_composite(BtfKind::Struct, "thing___mine", 8);
  local.btf.add_member("a", local.u32, 0, 0);
  local.btf.add_member("b", local.u32, 32, 0);
  const BtfId inner = target.btf.add_composite(BtfKind::Union, "", 8);
  target.btf.add_member("x", target.u64, 0, 0);
  target.btf.add_member("b", target.u32, 0, 0);
  target.btf.add_composite(BtfKind::Struct, "thing", 24);
  target.btf.add_member("pad", target.u64, 0, 0);
  target.btf.add_member("", inner, 128, 0);
  const auto found = decide(local.btf, target.btf, wanted, "0:1", CoreKind::FieldByteOffset);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->local_number.value, 4u);
  EXPECT_EQ(found->number.value, 16u);
  EXPECT_EQ(found->target->indices, (std::vector<uint32_t>{0, 1, 1}));
  const auto missing = decide(local.btf, target.btf, wanted, "0:0", CoreKind::FieldByteOffset);
  ASSERT_TRUE(missing);
  EXPECT_TRUE(missing->is_poisoned);
  EXPECT_EQ(decide(local.btf, target.btf, wanted, "0:0", CoreKind::FieldExists)->number.value, 0u);
}

TEST(Core, ElementsStayWithinTheTargetsArray) {
  Types local, target;
  const BtfId array = local.btf.add_array(local.u32, local.u32, 8);
  const BtfId wanted = local.btf.add_composite(BtfKind::Struct, "thing", 32);
  local.btf.add_member("list", array, 0, 0);
  const BtfId shorter = target.btf.add_array(target.u64, target.u32, 4);
  target.btf.add_composite(BtfKind::Struct, "thing", 40);
  target.btf.add_member("list", shorter, 64, 0);
  target.btf.add_member("end", target.u32, 288, 0);
  EXPECT_EQ(decide(local.btf, target.btf, wanted, "0:0:3", CoreKind::FieldByteOffset)->number.value, 8u + 3 * 8);
  EXPECT_TRUE(decide(local.btf, target.btf, wanted, "0:0:4", CoreKind::FieldByteOffset)->is_poisoned);
  EXPECT_EQ(decide(local.btf, target.btf, wanted, "2:0:1", CoreKind::FieldByteOffset)->number.value, 80u + 8 + 8);
}

TEST(Core, CandidatesThatDisagreeAreAnError) {
  Types local, target;
  const BtfId wanted = local.btf.add_composite(BtfKind::Struct, "thing", 4);
  local.btf.add_member("a", local.u32, 0, 0);
  for (const uint32_t bit : {0u, 32u}) {
    target.btf.add_composite(BtfKind::Struct, bit == 0 ? "thing" : "thing___2", 8);
    target.btf.add_member("a", target.u32, bit, 0);
  }
  const auto decision = decide(local.btf, target.btf, wanted, "0:0", CoreKind::FieldByteOffset);
  ASSERT_FALSE(decision);
  EXPECT_NE(decision.error().message.find("ambiguous"), std::string::npos);
}

TEST(Core, BitfieldsAreReadByTheUnitThatHoldsThem) {
  Types local;
  const BtfId wanted = local.btf.add_composite(BtfKind::Struct, "bits", 8);
  local.btf.add_member("low", local.s32, 0, 7);
  local.btf.add_member("across", local.u32, 28, 9);
  const auto value = [&](const char *access, CoreKind kind) {
    return decide(local.btf, local.btf, wanted, access, kind)->number.value;
  };
  EXPECT_EQ(value("0:0", CoreKind::FieldByteSize), 4u);
  EXPECT_EQ(value("0:0", CoreKind::FieldLshiftU64), 57u);
  EXPECT_EQ(value("0:0", CoreKind::FieldRshiftU64), 57u);
  EXPECT_EQ(value("0:0", CoreKind::FieldSigned), 1u);
  EXPECT_EQ(value("0:1", CoreKind::FieldByteSize), 8u);
  EXPECT_EQ(value("0:1", CoreKind::FieldByteOffset), 0u);
  EXPECT_EQ(value("0:1", CoreKind::FieldLshiftU64), 27u);
  EXPECT_EQ(value("0:1", CoreKind::FieldRshiftU64), 55u);
}

TEST(Core, TypesAndEnumerators) {
  Types local, target;
  const BtfId wanted = local.btf.add_enum("state", 4, false);
  local.btf.add_enumerator("ON", 1);
  local.btf.add_enumerator("GONE", 2);
  const BtfId record = local.btf.add_composite(BtfKind::Struct, "thing", 4);
  local.btf.add_member("a", local.u32, 0, 0);
  const BtfId absent = local.btf.add_typedef("absent_t", local.u32);
  target.btf.add_enum("state", 4, false);
  target.btf.add_enumerator("OFF", 0);
  target.btf.add_enumerator("ON", 9);
  const BtfId there = target.btf.add_composite(BtfKind::Struct, "thing", 8);
  target.btf.add_member("a", target.s32, 0, 0);
  const auto value = [&](BtfId type, const char *access, CoreKind kind) {
    return decide(local.btf, target.btf, type, access, kind)->number.value;
  };
  EXPECT_EQ(value(wanted, "0", CoreKind::EnumvalValue), 9u);
  EXPECT_EQ(value(wanted, "1", CoreKind::EnumvalExists), 0u);
  EXPECT_EQ(value(record, "0", CoreKind::TypeSize), 8u);
  EXPECT_EQ(value(record, "0", CoreKind::TypeIdTarget), there.value);
  EXPECT_EQ(value(record, "0", CoreKind::TypeMatches), 0u);  // another sign
  EXPECT_EQ(value(absent, "0", CoreKind::TypeExists), 0u);
}

TEST(Core, MalformedAccessStringsAreErrors) {
  Types types;
  const BtfId wanted = types.btf.add_composite(BtfKind::Struct, "thing", 4);
  types.btf.add_member("a", types.u32, 0, 0);
  for (const char *access : {"", ":", "0:", "0:1", "x", "0:0:0", "-1", "0::0", "99999999999"})
    EXPECT_FALSE(decide(types.btf, types.btf, wanted, access, CoreKind::FieldByteOffset)) << access;
  EXPECT_FALSE(decide(types.btf, types.btf, wanted, "1", CoreKind::TypeExists));
  EXPECT_FALSE(CoreTarget(types.btf).decide(types.btf, {0, wanted, "0", 99}));
}

// What the names of a target find is what a search through all of its types finds.
TEST(Core, NamesFindTheFirstTypeOfTheirKind) {
  Types types;
  types.btf.add_composite(BtfKind::Union, "thing", 8);
  types.btf.add_composite(BtfKind::Struct, "thing___old", 8);
  types.btf.add_composite(BtfKind::Struct, "thing", 8);
  types.btf.add_composite(BtfKind::Struct, "thing", 16);
  const CoreTarget target(types.btf);
  for (const BtfKind kind : {BtfKind::Struct, BtfKind::Union, BtfKind::Typedef, BtfKind::Int})
    for (const char *name : {"thing", "thing___old", "thing___new", "int", "nothing"}) {
      const std::optional<BtfId> found = target.find(name, kind);
      ASSERT_TRUE(found) << name;
      EXPECT_EQ(found->value, types.btf.find(name, kind).value) << name;
    }
  EXPECT_FALSE(target.find("thing", BtfKind::Func)) << "functions are not among its names";
}

// One instruction, relocated from a member of four bytes at 0 to the same member at 8 of [size] bytes.
isa::Insn patched(isa::Insn insn, bool is_signed, uint32_t size) {
  Object object;
  Types target;
  object.btf = *Btf::create();
  const BtfId field = object.btf.add_int("field", 4, is_signed, false, false);
  const BtfId wanted = object.btf.add_composite(BtfKind::Struct, "thing", 4);
  object.btf.add_member("a", field, 0, 0);
  const BtfId there = target.btf.add_int("there", size, is_signed, false, false);
  target.btf.add_composite(BtfKind::Struct, "thing", 16);
  target.btf.add_member("a", there, 64, 0);
  Section section{.name = "socket", .kind = SectionKind::Program, .size = sizeof insn, .bytes = {}, .relocs = {}};
  section.bytes.resize(sizeof insn);
  std::memcpy(section.bytes.data(), &insn, sizeof insn);
  object.sections.push_back(std::move(section));
  object.code_info.push_back({.section = SectionId(0), .lines = {}, .funcs = {}, .core = {{0, wanted, "0:0", 0}}});
  EXPECT_TRUE(relocate_core(object, CoreTarget(target.btf)));
  std::memcpy(&insn, object.sections[0].bytes.data(), sizeof insn);
  return insn;
}

TEST(Core, InstructionsGetTheTargetsNumber) {
  const isa::Insn load{isa::mem_opcode(isa::LDX, isa::MEM, isa::W), 0, 1, 0, 0};
  EXPECT_EQ(patched(load, true, 4).off, 8);
  // Unsigned integers may change their size; others would be read wrongly.
  EXPECT_EQ(patched(load, false, 8).opcode, isa::mem_opcode(isa::LDX, isa::MEM, isa::DW));
  EXPECT_EQ(patched(load, true, 8).imm, kCorePoison);
  EXPECT_EQ(patched(isa::alu64(isa::ADD, 1, 0), true, 8).imm, 8);
}

}  // namespace
}  // namespace spile::object
