#include "backend/object/dump.h"

#include "test/unit/object/fixture.h"

namespace spile::object::test {
namespace {

TEST(Dump, InstructionsWithNamesLabelsAndSource) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(kEverything);
  const std::string text = dump(object, {.source = true, .section = "tp/syscalls/sys_enter_kill"});
  for (const char *expected : {"section tp/syscalls/sys_enter_kill:\n", "\nfirst:\n", "\nsecond:\n",
                               "/probe.bpf.c:15:13: int pid = bpf_get", "call 0xe <bpf_get_current_pid_tgid>",
                               "r1 = 0x0 ll <events>", "<L1>\n", "\nL1:\n", "<first.text \"hello %d\\n\">", " <shared>",
                               "call 0xb5 <bpf_loop>", " <each>", " <scale>", " <counter>", " <own>"})
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  EXPECT_EQ(text.find("section .text"), std::string::npos) << "only the section that was asked for";
}

TEST(Dump, WithoutSourceNoLines) {
  SPILE_NEEDS("clang-19");
  EXPECT_EQ(dump(compile_and_read(kEverything)).find(';'), std::string::npos);
}

TEST(Dump, Maps) {
  SPILE_NEEDS("clang-19");
  const std::string text = dump(compile_and_read(kEverything), {.maps = true});
  EXPECT_NE(text.find("map events: hash, key 4 bytes (int), value 32 bytes (struct event), max_entries 64, in .maps\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("map probe.rodata: array, key 4 bytes"), std::string::npos) << text;
}

TEST(Dump, Relocations) {
  SPILE_NEEDS("clang-19");
  const std::string text = dump(compile_and_read(R"(
struct task { int pid; } __attribute__((preserve_access_index));
extern const int jiffy __ksym __weak; int counter;
SEC("tp/x/y") long probe(struct task *task) { counter++; return task->pid + (long)&jiffy; })"),
                                {.relocs = true});
  EXPECT_NE(text.find("R_BPF_64_64        counter\n"), std::string::npos) << text;
  EXPECT_NE(text.find("jiffy (extern, weak)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("CO-RE byte_off     (struct task) 0:0\n"), std::string::npos) << text;
}

TEST(Dump, TypesAsC) {
  SPILE_NEEDS("clang-19");
  const std::string text = dump(compile_and_read(kEverything), {.btf = true});
  EXPECT_NE(text.find("struct event {\n\tint pid;\n\tunsigned int uid;\n\tchar comm[16];\n\t__u64 time;\n};"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("static int scale(int a, int b);"), std::string::npos) << text;
  EXPECT_NE(text.find("volatile const int limit;"), std::string::npos) << text;
}

}  // namespace
}  // namespace spile::object::test
