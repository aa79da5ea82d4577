#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "frontend/pp/headers.h"
#include "test/unit/pp/preprocessed.h"

namespace spile::pp {

// A folder of headers that goes away with the test.
class Headers : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path() / ("spile-headers-" + std::to_string(::getpid()));
    std::filesystem::create_directories(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string &path, const std::string &text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  Options with(std::initializer_list<const char *> directories) {
    Options options;
    for (const char *directory : directories) options.include_dirs.push_back(root_ / directory);
    return options;
  }
  std::filesystem::path root_;
};

TEST_F(Headers, SearchOrder) {
  write("a/x.h", "from_a");
  write("b/x.h", "from_b");
  write("b/y.h", "#include \"x.h\"\n");
  EXPECT_EQ(Preprocessed("#include <x.h>", with({"a", "b"})).text(), "from_a");
  EXPECT_EQ(Preprocessed("#include <y.h>", with({"a", "b"})).text(), "from_b");  // beside the includer first
  Options options = with({"a"});
  options.quote_dirs.push_back(root_ / "b");
  EXPECT_EQ(Preprocessed("#include \"x.h\"\n#include <x.h>", options).text(), "from_b from_a");
}

TEST_F(Headers, IncludeNext) {
  write("a/x.h", "a\n#include_next <x.h>\n");
  write("b/x.h", "b\n");
  EXPECT_EQ(Preprocessed("#include <x.h>", with({"a", "b"})).text(), "a b");
}

TEST_F(Headers, GuardsAndPragmaOnce) {
  write("guarded.h", "/* c */\n#ifndef G\n#define G\ng\n#endif\n");
  write("once.h", "#pragma once\no\n");
  write("twice.h", "t\n");
  const Preprocessed p(
      "#include <guarded.h>\n#include <guarded.h>\n#include <once.h>\n#include <once.h>\n"
      "#include <twice.h>\n#include <twice.h>\n#undef G\n#include <guarded.h>",
      with({"."}));
  EXPECT_EQ(p.text(), "g o t t g");
  EXPECT_EQ(p.tokens.read.size(), 3u);
}

TEST_F(Headers, MacroNames) {
  write("x.h", "x");
  EXPECT_EQ(Preprocessed("#define H <x.h>\n#define Q \"x.h\"\n#include H\n#include Q\n", with({"."})).text(), "x x");
}

TEST_F(Headers, ShippedOnesComeLastAndCanBeTurnedOff) {
  EXPECT_EQ(Preprocessed("#include <bpf/bpf_helpers.h>").faults(), "");
  write("stdint.h", "mine");
  EXPECT_EQ(Preprocessed("#include <stdint.h>", with({"."})).text(), "mine");
  Options none;
  none.shipped_headers = false;
  EXPECT_EQ(Preprocessed("#include <stdint.h>", none).faults(), "HeaderNotFound");
}

TEST_F(Headers, AMissingHeaderNamesTheNearest) {
  const Preprocessed p("#include <bpf/bpf_helper.h>");
  ASSERT_EQ(p.faults(), "HeaderNotFound");
  ASSERT_EQ(p.diagnostics.all()[0].hints.size(), 1u);
  EXPECT_EQ(p.diagnostics.all()[0].hints[0], "did you mean `<bpf/bpf_helpers.h>`?");
}

TEST_F(Headers, Faults) {
  write("self.h", "#include \"self.h\"\n");
  EXPECT_EQ(Preprocessed("#include <self.h>", with({"."})).faults(), "IncludeTooDeep");
  EXPECT_EQ(faults("#include 3"), "ExpectedHeaderName");
  EXPECT_EQ(faults("#include <x.h"), "UnterminatedHeaderName");
  write("open.h", "#if 1\n");
  EXPECT_EQ(Preprocessed("#include <open.h>\n#endif", with({"."})).faults(),
            "UnterminatedConditional DirectiveWithoutIf");
}

TEST(Paths, Joined) {
  EXPECT_EQ(join_path("a/b", "c.h"), "a/b/c.h");
  EXPECT_EQ(join_path("a/b/", "./../c.h"), "a/c.h");
  EXPECT_EQ(join_path("a", "/x/y.h"), "/x/y.h");
  EXPECT_EQ(join_path("../a", "../../c.h"), "../../c.h");
  EXPECT_EQ(join_path("", "c.h"), "c.h");
}

TEST(Shipped, EachHeaderStandsAlone) {
  for (const ShippedHeader &header : shipped_headers())
    EXPECT_EQ(faults("#define __TARGET_ARCH_x86 1\n#include <" + std::string(header.path) + ">\n"), "") << header.path;
}

TEST(Shipped, VmlinuxDefinesNoMacroThatProgramsDefine) {
  EXPECT_EQ(expand("#include \"vmlinux.h\"\n#if defined bool || defined ETH_P_IP || defined s6_addr\nno\n#endif\n")
                .ends_with("no"),
            false);
  EXPECT_EQ(
      faults("#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n#include <linux/bpf.h>\n#define ETH_P_IP 0x0800\n"),
      "");
}

}  // namespace spile::pp
