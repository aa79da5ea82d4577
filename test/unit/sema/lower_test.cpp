// The shape of the IR that lowering makes: what a reader of `spile build --emit=ir` relies on.
#include <gtest/gtest.h>

#include "front.h"

namespace spile {
namespace {

std::string body(const char *text, const char *function = "f") {
  const Front front(text);
  if (!front.module) return front.messages();
  if (const auto fault = ir::check(*front.module)) return "fault: " + fault->inst + ": " + fault->what;
  return front.text_of(function);
}
bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

TEST(Lower, HelperPointersBecomeCalls) {
  const std::string text = body(R"(
    static void *(*lookup)(void *, const void *) = (void *)1;
    static long (*const print)(const char *, unsigned, ...) = (void *)6;
    int f(void *m) { int k = 0; print("x", 2, k); return lookup(m, &k) != 0; })");
  EXPECT_TRUE(has(text, "call_helper.i64 6(@.str, i32 2,")) << text;
  EXPECT_TRUE(has(text, "call_helper.ptr 1(")) << text;
}

TEST(Lower, NarrowValuesHaveTheirWidth) {
  const std::string text = body("long f(signed char a, unsigned short b) { return a + b; }");
  EXPECT_TRUE(has(text, "sext.i32")) << text;
  EXPECT_TRUE(has(text, "zext.i32")) << text;
  EXPECT_TRUE(has(text, "sext.i64")) << text;
}

TEST(Lower, ExpectBecomesAWeight) {
  const std::string text = body("int f(int a) { if (__builtin_expect(!!(a == 3), 0)) return 1; return 2; }");
  EXPECT_TRUE(has(text, "icmp.eq")) << text;
  EXPECT_TRUE(has(text, "weight -1")) << text;
}

TEST(Lower, BarriersHideValues) {
  const std::string text =
      body(R"(int f(int a) { asm volatile("" : "+r"(a)); asm volatile("" ::: "memory"); return a; })");
  EXPECT_TRUE(has(text, "opaque")) << text;
  EXPECT_TRUE(has(text, "barrier")) << text;
}

TEST(Lower, PacketLoads) {
  const std::string text = body(R"(
    unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");
    int f(void *skb, int n) { return load_half(skb, 12) + load_half(skb, n + 2); })");
  EXPECT_TRUE(has(text, "load_abs.i16")) << text;
  EXPECT_TRUE(has(text, "load_ind.i16")) << text;
}

TEST(Lower, OnlyWhatIsReachedIsEmitted) {
  const Front front(R"(
    static int unused(void) { return 1; } static int used(void) { return 2; } static int table[2] = {1, 2};
    static int not_read[2]; extern int elsewhere; int declared(int);
    int f(void) { return used() + table[1]; })");
  ASSERT_TRUE(front.module);
  EXPECT_EQ(front.module->functions.size(), 2u);
  EXPECT_EQ(front.module->globals.size(), 1u);
}

TEST(Lower, SectionsFollowInitializers) {
  const Front front(R"(
    int zero; int data = 1; const int ro = 2; const volatile int conf; static char *text = "t";
    int f(void) { static int count = 3; return count++ + *text + zero + data + ro + conf; })");
  ASSERT_TRUE(front.module) << front.messages();
  EXPECT_EQ(front.global("zero")->section, ".bss");
  EXPECT_EQ(front.global("data")->section, ".data");
  EXPECT_EQ(front.global("ro")->section, ".rodata");
  EXPECT_EQ(front.global("conf")->section, ".rodata");
  EXPECT_TRUE(front.global("conf")->is_volatile);
  EXPECT_EQ(front.global("f.count")->section, ".data");
  EXPECT_EQ(front.global(".str")->section, ".rodata.str1.1");
  ASSERT_EQ(front.global("text")->relocs.size(), 1u);
}

TEST(Lower, StaticInitializersAreBytesAndAddresses) {
  const Front front(R"(
    struct s { char a; short b:4, c:4; int d[2]; void *p; char n[4]; } s = { 1, -1, 2, { [1] = 7 }, (char *)&s + 4, "ab" };
    struct m { int (*type)[2]; struct s *(*values[])(void); }; extern struct s *get(void);
    struct m maps = { .values = { [1] = get } };)");
  ASSERT_TRUE(front.module) << front.messages();
  const ir::Global &s = *front.global("s");
  std::string hex;
  for (const std::byte b : s.bytes) hex += fmt::format("{:02x}", static_cast<unsigned>(b));
  EXPECT_EQ(hex,
            "012f0000000000000700000000000000"
            "0000000000000000"
            "6162000000000000");
  ASSERT_EQ(s.relocs.size(), 1u);
  EXPECT_EQ(s.relocs[0].offset, 16u);
  EXPECT_EQ(s.relocs[0].addend, 4);
  EXPECT_EQ(front.global("maps")->size, 24u);  // the flexible array counts
  EXPECT_EQ(front.global("maps")->relocs[0].offset, 16u);
}

TEST(Lower, PaddingOfInitializedObjectsIsZero) {
  const std::string text =
      body("void g(void *); void f(char c) { struct { char c; long l; } k = { .c = c, .l = 1 }; g(&k); }");
  EXPECT_TRUE(has(text, "memset $1, i8 0, 8")) << text;
}

TEST(Lower, RecordsTravelByHiddenPointers) {
  const std::string text =
      body("struct s { long a, b, c; }; struct s g(struct s v); long f(struct s v) { return g(v).b; }");
  EXPECT_TRUE(has(text, "call.void @g(")) << text;
  EXPECT_TRUE(has(text, "memcopy")) << text;
}

TEST(Lower, UserSideHandlersAreMarked) {
  const Front front("__attribute__((section(\"end\"), used)) int done(void *ctx) { return 0; }");
  ASSERT_TRUE(front.module) << front.messages();
  EXPECT_TRUE(front.module->functions[0].is_user_side);
  EXPECT_TRUE(front.module->functions[0].used);
}

TEST(Lower, CodeBehindAReturnIsGone) {
  const std::string text = body("int f(int a) { return a; a = 3; while (a) a--; return 7; }");
  EXPECT_FALSE(has(text, "i32 7")) << text;
}

}  // namespace
}  // namespace spile
