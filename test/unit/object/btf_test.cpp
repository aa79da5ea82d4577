#include "backend/object/btf.h"

#include <gtest/gtest.h>

#include <cstring>

#include "backend/object/dump.h"

namespace spile::object {
namespace {

Btf create() {
  auto btf = Btf::create();
  EXPECT_TRUE(btf);
  return *std::move(btf);
}

TEST(Btf, EveryKindComesBackAsItWasAdded) {
  Btf btf = create();
  const BtfId integer = btf.add_int("int", 4, true, false, false);
  const BtfId boolean = btf.add_int("_Bool", 1, false, true, false);
  const BtfId pointer = btf.add_ptr({});
  const BtfId constant = btf.add_modifier(BtfKind::Const, integer);
  const BtfId alias = btf.add_typedef("pid_t", constant);
  const BtfId array = btf.add_array(alias, integer, 3);
  const BtfId node = btf.add_composite(BtfKind::Struct, "node", 24);
  btf.add_member("next", pointer, 0, 0);
  btf.add_member("low", integer, 64, 3);
  btf.add_member("high", integer, 67, 5);
  btf.add_member("", array, 96, 0);
  btf.set_type(pointer, node);
  const BtfId colour = btf.add_enum("colour", 4, true);
  btf.add_enumerator("RED", -1);
  btf.add_enumerator("BLUE", 7);
  const BtfId wide = btf.add_enum("wide", 8, false);
  btf.add_enumerator("HUGE", 1LL << 40);
  const BtfId proto = btf.add_func_proto(integer);
  btf.add_param("node", pointer);
  const BtfId function = btf.add_func("probe", 1, proto);
  const BtfId variable = btf.add_var("counter", 1, integer);
  const BtfId section = btf.add_datasec(".bss", 4);
  btf.add_datasec_var(variable, 0, 4);
  const BtfId tag = btf.add_decl_tag("note", node, 1);

  auto read = Btf::parse(btf.raw());
  ASSERT_TRUE(read) << read.error().message;
  for (const Btf *each : {&btf, &*read}) {
    EXPECT_EQ(each->type_count(), tag.value + 1);
    EXPECT_TRUE(each->type(integer).is_signed);
    EXPECT_TRUE(each->type(boolean).is_bool);
    EXPECT_EQ(each->type(pointer).type, node);
    EXPECT_EQ(each->resolve(alias), integer);
    EXPECT_EQ(each->size_of(array), 12u);
    EXPECT_EQ(each->size_of(node), 24u);
    const auto members = each->members(node);
    ASSERT_EQ(members.size(), 4u);
    EXPECT_EQ(members[0].name, "next");
    EXPECT_EQ(members[0].bitfield_size, 0u);
    EXPECT_EQ(members[2].bit_offset, 67u);
    EXPECT_EQ(members[2].bitfield_size, 5u);
    EXPECT_EQ(members[3].name, "");
    EXPECT_TRUE(each->type(colour).is_signed);
    EXPECT_EQ(each->enumerators(colour)[0].value, -1);
    EXPECT_EQ(each->enumerators(wide)[0].value, 1LL << 40);
    EXPECT_EQ(each->params(proto)[0].name, "node");
    EXPECT_EQ(each->type(function).linkage, 1u);
    EXPECT_EQ(each->variables(section)[0].var, variable);
    EXPECT_EQ(each->type(tag).component, 1);
    EXPECT_EQ(each->find("node", BtfKind::Struct), node);
    EXPECT_FALSE(each->find("node", BtfKind::Union));
  }
}

TEST(Btf, AnEmptyOneHasNoTypes) {
  const Btf btf;
  EXPECT_TRUE(btf.empty());
  EXPECT_EQ(btf.type_count(), 0u);
  EXPECT_EQ(btf.type(BtfId{1}).kind, BtfKind::Void);
  EXPECT_FALSE(btf.find("int", BtfKind::Int));
  EXPECT_TRUE(btf.raw().empty());
}

TEST(Btf, IdsOutOfRangeAreVoid) {
  const Btf btf = create();
  EXPECT_EQ(btf.type(BtfId{99}).kind, BtfKind::Void);
  EXPECT_TRUE(btf.members(BtfId{99}).empty());
  EXPECT_EQ(btf.size_of(BtfId{99}), 0u);
  EXPECT_EQ(btf.string(1u << 30).data(), nullptr);
}

TEST(Btf, CirclesOfTypesEnd) {
  Btf btf = create();
  const BtfId first = btf.add_typedef("a", {});
  const BtfId second = btf.add_typedef("b", first);
  btf.set_type(first, second);
  const BtfId array = btf.add_array({}, {}, 2);
  btf.set_type(array, array);
  EXPECT_FALSE(btf.resolve(first));
  EXPECT_EQ(btf.size_of(first), 0u);
  EXPECT_EQ(btf.size_of(array), 0u);
  EXPECT_NE(dump_btf(btf).find("circle"), std::string::npos);
}

TEST(Btf, WhatBtfCannotExpressIsLeftOut) {
  Btf btf = create();
  const BtfId integer = btf.add_int("int", 4, true, false, false);
  const BtfId far = btf.add_composite(BtfKind::Struct, "far", 4 << 20);
  btf.add_member("near", integer, 0, 5);
  btf.add_member("bits", integer, 3 << 23, 5);  // a bitfield has 24 bits of offset
  EXPECT_EQ(btf.members(far).size(), 1u);
  const BtfId many = btf.add_enum("many", 4, false);
  for (int i = 0; i < 70000; i++) btf.add_enumerator("e" + std::to_string(i), i);
  EXPECT_EQ(btf.enumerators(many).size(), 65535u);
}

TEST(Btf, SizesThatDoNotFitIn64BitsAreNone) {
  Btf btf = create();
  BtfId type = btf.add_int("long", 8, true, false, false);
  for (int i = 0; i < 3; i++) type = btf.add_array(type, {}, UINT32_MAX);
  EXPECT_EQ(btf.size_of(type), 0u);
}

TEST(Btf, ReferencesOutsideAreNamed) {
  Btf btf = create();
  const BtfId pointer = btf.add_ptr({});
  btf.set_type(pointer, BtfId{55});
  const auto read = Btf::parse(btf.raw());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, ".BTF: type [1] refers to [55], but the last one is [1]");
}

TEST(Btf, WhatWouldPrintForEverIsNotPrinted) {
  Btf embedded = create();  // struct a { struct a a; }
  const BtfId a = embedded.add_composite(BtfKind::Struct, "a", 4);
  embedded.add_member("a", a, 0, 0);
  Btf sparse = create();  // a gap of 200 MB
  sparse.add_composite(BtfKind::Struct, "sparse", 200 << 20);
  Btf sizeless = create();  // a member of type void: no alignment
  sizeless.add_composite(BtfKind::Struct, "sizeless", 8);
  sizeless.add_member("nothing", {}, 0, 0);
  Btf doubled = create();  // each struct holds the one before twice
  BtfId inner = doubled.add_int("int", 4, true, false, false);
  for (uint32_t size = 8, i = 0; i < 24; i++, size *= 2) {
    const BtfId outer = doubled.add_composite(BtfKind::Struct, "", size);
    doubled.add_member("x", inner, 0, 0);
    doubled.add_member("y", inner, size * 4, 0);
    inner = outer;
  }
  for (const Btf *btf : {&embedded, &sparse, &sizeless, &doubled})
    EXPECT_NE(dump_btf(*btf).find("too deep or in a circle, or are too large"), std::string::npos) << dump_btf(*btf);
}

TEST(Btf, CirclesThatCAllowsArePrinted) {
  Btf btf = create();
  const BtfId pointer = btf.add_ptr({});
  const BtfId list = btf.add_composite(BtfKind::Struct, "list", 8);
  btf.add_member("all", pointer, 0, 0);
  btf.set_type(pointer, btf.add_array(list, btf.add_int("int", 4, true, false, false), 8));
  const BtfId callback = btf.add_ptr({});  // typedef struct { void (*f)(node_t *); } node_t;
  const BtfId node = btf.add_composite(BtfKind::Struct, "node", 8);
  btf.add_member("f", callback, 0, 0);
  const BtfId alias = btf.add_typedef("node_t", node);
  const BtfId to_alias = btf.add_ptr(alias);
  const BtfId proto = btf.add_func_proto({});
  btf.add_param("node", to_alias);
  btf.set_type(callback, proto);
  const std::string text = dump_btf(btf);
  EXPECT_NE(text.find("void (*f)(node_t *node);"), std::string::npos) << text;
}

TEST(Btf, PrintsDeclarationsAsC) {
  Btf btf = create();
  const BtfId integer = btf.add_int("int", 4, true, false, false);
  const BtfId pointer = btf.add_ptr({});
  const BtfId list = btf.add_composite(BtfKind::Struct, "list", 16);
  btf.add_member("next", pointer, 0, 0);
  btf.add_member("value", integer, 64, 0);
  btf.set_type(pointer, list);
  btf.add_typedef("list_t", list);
  const BtfId proto = btf.add_func_proto(integer);
  btf.add_param("head", pointer);
  btf.add_func("walk", 0, proto);
  const std::string text = dump_btf(btf);
  EXPECT_NE(text.find("struct list {\n\tstruct list *next;\n\tint value;\n};"), std::string::npos) << text;
  EXPECT_NE(text.find("typedef struct list list_t;"), std::string::npos) << text;
  EXPECT_NE(text.find("static int walk(struct list *head);"), std::string::npos) << text;
}

}  // namespace
}  // namespace spile::object
