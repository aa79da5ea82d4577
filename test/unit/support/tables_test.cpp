#include "lang-spec/tables/tables.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace spile::tables {
namespace {

std::string_view type_of(std::string_view section) {
  const ProgramType *row = find_program_type(section);
  return row != nullptr ? row->name : std::string_view{"-"};
}

TEST(Programs, SectionsMatchAsLibbpfMatchesThem) {
  EXPECT_EQ(type_of("tracepoint/syscalls/sys_enter_kill"), "TRACEPOINT");
  EXPECT_EQ(type_of("tp/syscalls/sys_enter_kill"), "TRACEPOINT");
  EXPECT_EQ(type_of("?tp/syscalls/sys_enter_kill"), "TRACEPOINT");
  EXPECT_EQ(type_of("socket"), "SOCKET_FILTER");
  EXPECT_EQ(type_of("interval/1s"), "USER_SIDE");
  // What needs a rest has one; what has none takes none.
  EXPECT_EQ(type_of("interval"), "-");
  EXPECT_EQ(type_of("interval/"), "-");
  EXPECT_EQ(type_of("socket/filter"), "-");
  // The longest row wins; a dot begins another name.
  EXPECT_EQ(find_program_type("kprobe.multi/vfs_*")->attach, AttachType::TRACE_KPROBE_MULTI);
  EXPECT_EQ(find_program_type("kprobe")->attach, AttachType::None);
  EXPECT_EQ(find_program_type("xdp.frags/devmap")->attach, AttachType::XDP_DEVMAP);
  EXPECT_EQ(type_of("kprobe/do_unlinkat+0x8"), "KPROBE");
  EXPECT_EQ(type_of("kprobes/x"), "-");
  EXPECT_EQ(type_of("begin/now"), "-");
  EXPECT_EQ(type_of("tracepointy/x"), "-");
  EXPECT_EQ(type_of(""), "-");
}

TEST(Programs, NearestSectionsComeBestFirst) {
  EXPECT_EQ(nearest_sections("tracepoin/syscalls/x")[0], "tracepoint");
  EXPECT_EQ(nearest_sections("sockett")[0], "socket");
}

TEST(Helpers, FoundByNumberAndName) {
  ASSERT_NE(find_helper(1), nullptr);
  EXPECT_EQ(find_helper(1)->name, "map_lookup_elem");
  EXPECT_EQ(find_helper("ktime_get_ns")->number, 5u);
  EXPECT_EQ(find_helper(0), nullptr);
  EXPECT_EQ(find_helper(0x6fff), nullptr);
}

TEST(Contexts, FieldsAreFoundByAnyOfTheirBytes) {
  const CtxField *cb = find_ctx_field(CtxKind::SkBuff, 50);
  ASSERT_NE(cb, nullptr);
  EXPECT_EQ(cb->name, "cb");
  EXPECT_EQ(find_ctx_field(CtxKind::SkBuff, 191)->name, "hwtstamp");
  EXPECT_EQ(find_ctx_field(CtxKind::SkBuff, 192), nullptr);
}

// Names are what `expect-error` and `spile explain` take, so no stage may use one of another's.
TEST(DiagnosticNames, AreUnique) {
  std::set<std::string_view> names;
#define SPILE_DIAG(Name, Level, text) EXPECT_TRUE(names.insert(#Name).second) << #Name;
#include "lang-spec/tables/diagnostics.def"
#undef SPILE_DIAG
  EXPECT_GT(names.size(), 200u);
}

}  // namespace
}  // namespace spile::tables
