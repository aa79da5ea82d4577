// What a scan says of a BTF, and that it survives any other bytes.
#include "backend/object/btf_scan.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "backend/object/btf.h"

namespace spile::object {
namespace {

struct Made {
  Btf btf = *Btf::create();
  Made() {
    const BtfId number = btf.add_int("int", 4, true, false, false);
    const BtfId letter = btf.add_int("char", 1, true, false, true);
    const BtfId task = btf.add_composite(BtfKind::Struct, "task_struct", 8);
    btf.add_member("pid", number, 0, 0);
    const BtfId text = btf.add_ptr(btf.add_modifier(BtfKind::Const, letter));
    const BtfId callback = btf.add_func_proto(number);
    btf.add_param("", text);
    const BtfId size = btf.add_typedef("size_t", number);
    const BtfId to_task = btf.add_ptr(task), fixed = btf.add_modifier(BtfKind::Const, text);
    const BtfId call = btf.add_ptr(callback);
    btf.add_typedef("call_t", call);
    const BtfId three = btf.add_ptr(btf.add_array(number, number, 3));
    const BtfId data = btf.add_ptr(BtfId{});
    // Parameters belong to the type that was added last.
    const BtfId proto = btf.add_func_proto(size);
    btf.add_param("task", to_task);
    btf.add_param("name", text);
    btf.add_param("fixed", fixed);
    btf.add_param("call", call);
    btf.add_param("three", three);
    btf.add_param("data", data);
    btf.add_func("look", 0, proto);
  }
};

TEST(BtfScan, DeclaresParametersAsCDoes) {
  const Made made;
  const auto scan = BtfScan::of(made.btf.raw());
  ASSERT_TRUE(scan) << scan.error().message;
  std::map<std::string, uint32_t, std::less<>> functions, types;
  scan->each_function([&](std::string_view name, uint32_t id) { functions.emplace(name, id); });
  scan->each_typedef([&](std::string_view name, uint32_t id) { types.emplace(name, id); });
  ASSERT_EQ(functions.size(), 1u);
  EXPECT_TRUE(types.contains("size_t"));
  EXPECT_EQ(scan->parameters(functions["look"]),
            (std::vector<std::string>{"struct task_struct *task", "const char *name", "const char *const fixed",
                                      "int (*call)(const char *)", "int (*three)[3]", "void *data"}));
  EXPECT_EQ(scan->result(functions["look"]), "size_t");
  EXPECT_EQ(scan->parameters(types["call_t"]), std::vector<std::string>{"const char *"});
  EXPECT_TRUE(scan->parameters(types["size_t"]).empty());
  EXPECT_TRUE(scan->parameters(UINT32_MAX).empty());
}

TEST(BtfScan, SurvivesAnyBytes) {
  const Made made;
  const auto raw = made.btf.raw();
  std::mt19937 random(1);
  unsigned scanned = 0;
  for (unsigned round = 0; round < 3000; round++) {
    std::vector<std::byte> bytes(raw.begin(), raw.end());
    for (unsigned n = 1 + random() % 4; n > 0; n--) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    const auto scan = BtfScan::of(bytes);
    if (!scan) continue;
    scanned++;
    for (uint32_t id = 0; id < 40; id++) {
      (void)scan->parameters(id);
      (void)scan->result(id);
    }
    scan->each_function([](std::string_view, uint32_t) {});
  }
  EXPECT_GT(scanned, 500u);
}

}  // namespace
}  // namespace spile::object
