#include "runtime/hooks/tracepoint.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace spile::hooks {
namespace {

TEST(Tracepoints, LayoutIsThatOfTheFormatFile) {
  auto openat = find_tracepoint("tracepoint/syscalls/sys_enter_openat");
  ASSERT_TRUE(openat);
  EXPECT_EQ(openat->kind, Tracepoint::Kind::SyscallEnter);
  EXPECT_EQ(openat->syscall->number(), SYS_openat);
  EXPECT_EQ(openat->context_size, 48u);
  const auto fields = openat->fields();
  ASSERT_EQ(fields.size(), 5u);
  EXPECT_EQ(fields[0].name, "__syscall_nr");
  EXPECT_EQ(fields[0].size, 4u);
  EXPECT_EQ(fields[2].type, "const char *");
  EXPECT_EQ(fields[2].name, "filename");
  EXPECT_EQ(fields[2].offset, 24u);
}

TEST(Tracepoints, EveryKindIsFoundUnderEveryPrefix) {
  EXPECT_EQ(find_tracepoint("tp/syscalls/sys_exit_kill")->context_size, 24u);
  EXPECT_EQ(find_tracepoint("syscalls/sys_exit_kill")->kind, Tracepoint::Kind::SyscallExit);
  EXPECT_EQ(find_tracepoint("tp/raw_syscalls/sys_enter")->context_size, 64u);
  EXPECT_EQ(find_tracepoint("?tracepoint/raw_syscalls/sys_exit")->fields()[1].name, "ret");
}

TEST(Tracepoints, NamesAreThoseTheyAreFoundBy) {
  for (const tables::Syscall &row : tables::syscalls()) {
    if (row.number() < 0) continue;
    for (const std::string &name :
         {fmt::format("syscalls/sys_enter_{}", row.tracepoint), fmt::format("syscalls/sys_exit_{}", row.tracepoint)}) {
      auto found = find_tracepoint(name);
      ASSERT_TRUE(found) << name;
      EXPECT_EQ(found->name(), name);
      EXPECT_EQ(tables::find_syscall(static_cast<uint32_t>(row.number())), found->syscall);
      EXPECT_LE(found->context_size, 64u);
    }
  }
}

TEST(Tracepoints, AWrongNameGetsTheNearestOnes) {
  auto wrong = find_tracepoint("tracepoint/syscalls/sys_enter_opennat");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, Error::Kind::Environment);
  EXPECT_NE(wrong.error().hint.find("`sys_enter_openat`"), std::string::npos) << wrong.error().hint;
  EXPECT_EQ(find_tracepoint("tp/syscalls/sys_exit_fstat").error().hint,
            "the kernel's name of fstat is `sys_exit_newfstat`");
}

TEST(Tracepoints, WhatIsNotASystemCallIsRefused) {
  for (const char *name : {"tracepoint/sched/sched_switch", "tp/syscalls", "tp/syscalls/", "tp/syscalls/enter_kill",
                           "tp/raw_syscalls/sys_enter_kill", "tracepoint", ""})
    EXPECT_FALSE(find_tracepoint(name)) << name;
}

}  // namespace
}  // namespace spile::hooks
