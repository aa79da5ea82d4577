#include <linux/bpf.h>
#include <sys/mman.h>

#include "helper_testing.h"
#include "runtime/helpers/btf_show.h"

namespace spile::vm {
namespace {

TEST(HelperTable, EveryRowThatRunsHasAFunction) {
  for (const tables::Helper &row : tables::kHelpers)
    if (row.runs) EXPECT_NE(helper_function(row.number), nullptr) << row.name;
  EXPECT_EQ(helper_function(0), nullptr);
  EXPECT_EQ(helper_function(9999), nullptr);
}

using Maps = HelperTest;

TEST_F(Maps, LookupUpdateDelete) {
  auto map = maps::create({"m", BPF_MAP_TYPE_HASH, 8, 8, 1, 0, 0}).value();
  const uint64_t key = 1, other = 2, value = 7;
  EXPECT_EQ(call("map_lookup_elem", map.get(), &key), 0);
  EXPECT_EQ(call("map_update_elem", map.get(), &key, &value, BPF_NOEXIST), 0);
  EXPECT_EQ(*reinterpret_cast<uint64_t *>(call("map_lookup_elem", map.get(), &key)), 7u);
  EXPECT_EQ(call("map_update_elem", map.get(), &other, &value, BPF_ANY), -E2BIG);
  EXPECT_EQ(call("map_update_elem", map.get(), &other, &value, BPF_ANY), -E2BIG);
  EXPECT_EQ(call("map_delete_elem", map.get(), &key), 0);
  EXPECT_EQ(call("map_delete_elem", map.get(), &key), -ENOENT);
  ASSERT_EQ(env.failures.size(), 2u);
  EXPECT_EQ(env.failures[0].error, -E2BIG);
  EXPECT_EQ(env.failures[0].count, 2u);
  EXPECT_EQ(env.failures[1].helper, uint32_t{BPF_FUNC_map_delete_elem});
}

TEST_F(Maps, ForEachStopsWhenTheCallbackSaysSo) {
  auto map = maps::create({"m", BPF_MAP_TYPE_ARRAY, 4, 8, 10, 0, 0}).value();
  env.call_back = [](Env *, uint64_t callback, uint64_t, uint64_t key, uint64_t value, uint64_t ctx,
                     uint64_t) -> uint64_t {
    *reinterpret_cast<uint64_t *>(value) = callback;
    ++*reinterpret_cast<uint64_t *>(ctx);
    return *reinterpret_cast<uint32_t *>(key) == 4;
  };
  uint64_t calls = 0;
  EXPECT_EQ(call("for_each_map_elem", map.get(), 77, &calls, 0), 5);
  EXPECT_EQ(calls, 5u);
  EXPECT_EQ(reinterpret_cast<uint64_t *>(map->direct_values())[4], 77u);
  EXPECT_EQ(call("for_each_map_elem", map.get(), 77, &calls, 1), -EINVAL);
}

using Task = HelperTest;

TEST_F(Task, AnswersComeFromTheEvent) {
  event.pid = 10;
  event.tid = 11;
  event.uid = 1000;
  event.gid = 100;
  event.cpu = 3;
  std::memcpy(event.comm.data(), "editor", 7);
  EXPECT_EQ(call("get_current_pid_tgid"), (10l << 32) | 11);
  EXPECT_EQ(call("get_current_uid_gid"), (100l << 32) | 1000);
  EXPECT_EQ(call("get_smp_processor_id"), 3);
  char comm[16];
  std::memset(comm, 'x', sizeof comm);
  EXPECT_EQ(call("get_current_comm", comm, sizeof comm), 0);
  EXPECT_EQ(std::string(comm, sizeof comm), std::string("editor") + std::string(10, '\0'));
  EXPECT_EQ(call("get_current_comm", comm, 4), 0);
  EXPECT_STREQ(comm, "edi");
  env.event = nullptr;
  EXPECT_EQ(call("get_current_comm", comm, sizeof comm), 0);
  EXPECT_STREQ(comm, "");
}

TEST_F(Task, TimeAndChance) {
  now = 5000;
  env.suspended_ns = 100;
  EXPECT_EQ(call("ktime_get_ns"), 5000);
  EXPECT_EQ(call("ktime_get_boot_ns"), 5100);
  env.random_state = 1;
  const int64_t first = call("get_prandom_u32");
  EXPECT_NE(first, call("get_prandom_u32"));
  EXPECT_EQ(first >> 32, 0);
  env.random_state = 1;
  EXPECT_EQ(first, call("get_prandom_u32"));
}

struct Probe : HelperTest {
  Probe() {
    task.put(0x1ff8, "/etc/passwd");
    task.put(0x1ff8 + 11, std::string(1, '\0'));
    task.put(0x2ffc, "abcd");  // and 0x3000 is not there
    event.memory = &task;
  }
  FakeTaskMemory task;
  char buffer[16] = "xxxxxxxxxxxxxxx";
};

TEST_F(Probe, WhatStandsBehindTheEndOfAStringStays) {
  task.put(0x1ff8, std::string("ab\0cdefgh", 9));
  EXPECT_EQ(call("probe_read_user_str", buffer, 8, 0x1ff8), 3);
  EXPECT_STREQ(buffer, "ab");
  EXPECT_STREQ(buffer + 3, "xxxxxxxxxxxx") << "a key would have bytes that nobody set";
}

TEST_F(Probe, AStringOfTheTaskMayCrossPagesAndEndWhereMemoryEnds) {
  EXPECT_EQ(call("probe_read_user_str", buffer, 16, 0x1ff8), 12);
  EXPECT_STREQ(buffer, "/etc/passwd");
  EXPECT_EQ(call("probe_read_user_str", buffer, 5, 0x1ff8), 5);
  EXPECT_STREQ(buffer, "/etc");
  EXPECT_EQ(call("probe_read_user_str", buffer, 0, 0x1ff8), 0);
  EXPECT_EQ(call("probe_read_user_str", buffer, 16, 0x2ffc), -EFAULT) << "no NUL before the hole";
}

TEST_F(Probe, AFaultZeroesTheDestinationAndIsCounted) {
  EXPECT_EQ(call("probe_read_user", buffer, 8, 0x2ffc), -EFAULT);
  EXPECT_EQ(std::string(buffer, 16), std::string(8, '\0') + "xxxxxxx" + '\0');
  EXPECT_EQ(call("probe_read_user", buffer, 4, 0x2ffc), 0);
  EXPECT_EQ(std::string(buffer, 4), "abcd");
  event.memory = nullptr;
  EXPECT_EQ(call("probe_read_user", buffer, 4, 0x2ffc), -EFAULT);
  ASSERT_EQ(env.failures.size(), 1u);
  EXPECT_EQ(env.failures[0].count, 2u);
}

TEST_F(Probe, TheProgramsOwnMemoryIsTheKernels) {
  const char text[] = "own memory";
  EXPECT_EQ(call("probe_read_kernel", buffer, 4, text), 0);
  EXPECT_EQ(std::string(buffer, 4), "own ");
  EXPECT_EQ(call("probe_read_kernel_str", buffer, 16, text), 11);
  EXPECT_STREQ(buffer, "own memory");
  EXPECT_EQ(call("probe_read", buffer, 4, 0x2ffc), 0) << "the old name reads the task's";
  EXPECT_EQ(call("probe_read", buffer, 4, text), 0) << "and the program's own";
}

TEST_F(Probe, WrongAddressesDoNotEndTheProcess) {
  void *page = ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ::munmap(static_cast<char *>(page) + 4096, 4096);
  char *end = static_cast<char *>(page) + 4096;
  std::memcpy(end - 4, "end", 4);
  EXPECT_EQ(call("probe_read_kernel", buffer, 8, end - 4), -ERANGE) << "as of every address that is a user's";
  EXPECT_EQ(call("probe_read_kernel_str", buffer, 16, end - 4), 4) << "the string ends before the hole";
  for (const uint64_t address : {~0ul, 0xffff'8000'0000'0000ul})
    EXPECT_EQ(call("probe_read_kernel", buffer, 8, address), -EFAULT);
  for (const uint64_t address : {0ul, 1ul}) EXPECT_EQ(call("probe_read_kernel", buffer, 8, address), -ERANGE);
  ::munmap(page, 4096);
}

using SocketBuffer = HelperTest;

TEST_F(SocketBuffer, BytesOutsideTheCaptureFailAndZero) {
  std::array<std::byte, 20> data;
  for (size_t i = 0; i < data.size(); i++) data[i] = std::byte(i);
  Packet packet{.data = data, .wire_length = 60, .network_offset = 14, .mac_offset = 0};
  event.packet = &packet;
  uint32_t word = 1;
  EXPECT_EQ(call("skb_load_bytes", 0, 12, &word, 4), 0);
  EXPECT_EQ(word, 0x0f0e0d0cu);
  EXPECT_EQ(call("skb_load_bytes", 0, 17, &word, 4), -EFAULT);
  EXPECT_EQ(word, 0u);
  EXPECT_EQ(call("skb_load_bytes", 0, -1, &word, 4), -EFAULT);
  EXPECT_EQ(call("skb_load_bytes_relative", 0, 2, &word, 4, BPF_HDR_START_NET), 0);
  EXPECT_EQ(word, 0x13121110u);
  EXPECT_EQ(call("skb_load_bytes_relative", 0, 2, &word, 4, BPF_HDR_START_MAC), 0);
  EXPECT_EQ(word, 0x05040302u);
  EXPECT_EQ(call("skb_load_bytes_relative", 0, 2, &word, 4, 2), -EFAULT);
  EXPECT_EQ(call("skb_load_bytes_relative", 0, 0x10000, &word, 4, BPF_HDR_START_MAC), -EFAULT);
}

using Print = HelperTest;

TEST_F(Print, TracePrintkPrintsLines) {
  const char format[] = "pid %d %s";
  EXPECT_EQ(call("trace_printk", format, sizeof format, 42, "ok"), 9);
  const char line[] = "line\n";
  EXPECT_EQ(call("trace_printk", line, sizeof line), 5);
  EXPECT_EQ(printed, "pid 42 ok\nline\n");
  const char four[] = "%d %d %d %d";
  EXPECT_EQ(call("trace_printk", four, sizeof four, 1, 2, 3), -EINVAL);
}

TEST_F(Print, TraceVprintkTakesAnArray) {
  const uint64_t args[] = {1, 2, 3, 4};
  const char format[] = "%d %d %d %d";
  EXPECT_EQ(call("trace_vprintk", format, sizeof format, args, sizeof args), 7);
  EXPECT_EQ(printed, "1 2 3 4\n");
  EXPECT_EQ(call("trace_vprintk", format, sizeof format, args, 12), -EINVAL);
  EXPECT_EQ(call("trace_vprintk", format, sizeof format, 0, 8), -EINVAL);
  EXPECT_EQ(call("trace_vprintk", format, sizeof format, args, 13 * 8), -EINVAL);
}

TEST_F(Print, SpilePrintfPrintsAsItIs) {
  const uint64_t args[] = {5};
  const char format[] = "%5d|";
  EXPECT_EQ(call("spile_printf", format, sizeof format, args, sizeof args), 6);
  EXPECT_EQ(printed, "    5|");
}

using Types = HelperTest;

// The kernel loads no such BTF. A file may have it.
TEST_F(Types, ABitfieldIsShownUpToTheWidestInteger) {
  auto btf = object::Btf::create().value();
  const object::BtfId integer = btf.add_int("__int128 unsigned", 16, false, false, false);
  const object::BtfId widest = btf.add_composite(object::BtfKind::Struct, "widest", 16);
  btf.add_member("all", integer, 0, 128);
  const object::BtfId wider = btf.add_composite(object::BtfKind::Struct, "wider", 64);
  btf.add_member("all", integer, 7, 255);
  const std::vector<uint64_t> ones(8, ~uint64_t{0});
  const auto shown = [&](object::BtfId type) {
    std::string text;
    helpers::show_value(&env, btf, type, argument(ones.data()), helpers::ShowFlags::kCompact, text);
    return text;
  };
  EXPECT_EQ(shown(widest), "(struct widest){.all = (__int128 unsigned)0xffffffffffffffffffffffffffffffff,}");
  EXPECT_EQ(shown(wider), "(struct wider){<unsupported bitfield>}");
}

}  // namespace
}  // namespace spile::vm
