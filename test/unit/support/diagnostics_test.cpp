#include "support/diagnostics.h"

#include <gtest/gtest.h>

namespace spile {

namespace diag {
struct Sample {
  static constexpr std::string_view kName = "Sample";
  static constexpr Severity kSeverity = Severity::Error;
  static constexpr const char *kText = "`{}` has {} bytes";
};
struct Mild {
  static constexpr std::string_view kName = "Mild";
  static constexpr Severity kSeverity = Severity::Warning;
  static constexpr const char *kText = "mild";
};
}  // namespace diag

namespace {

struct Fixture : testing::Test {
  SourceManager sources;
  Diagnostics diags{sources};
  const SourceManager::File *file = nullptr;

  void source(std::string text) {
    auto added = sources.add("t.c", std::move(text));
    ASSERT_TRUE(added.has_value());
    file = *added;
  }
  Range at(uint32_t from, uint32_t to) const { return {file->begin + from, file->begin + to}; }
};

TEST_F(Fixture, RendersPlaceCaretNotesHintAndFix) {
  source("int a;\n\tlong bcd = a;\n");
  diags.report<diag::Sample>(at(13, 16), "bcd", 8)
      .note(at(4, 5), "`{}` is declared here", "a")
      .hint("use `{}`", "int")
      .fixit(at(8, 12), "int");
  ASSERT_EQ(diags.error_count(), 1u);
  EXPECT_EQ(render_text(sources, diags.all()[0]),
            "t.c:2:7: error: `bcd` has 8 bytes [Sample]\n"
            "    2 |         long bcd = a;\n"
            "      |              ^~~\n"
            "t.c:1:5: note: `a` is declared here\n"
            "    1 | int a;\n"
            "      |     ^\n"
            "  hint: use `int`\n"
            "  fix: t.c:2:2: replace `long` with `int`\n");
}

TEST_F(Fixture, ForeignPlacesStandForSourcesThatAreNotLoaded) {
  diags.report<diag::Mild>(Range{})
      .foreign({"far.c", 12, 3, "  x = *p;"})
      .note(ForeignPlace{"far.c", 9, 0, "p = f();"}, "from here");
  EXPECT_EQ(render_text(sources, diags.all()[0]),
            "far.c:12:3: warning: mild [Mild]\n"
            "   12 |   x = *p;\n"
            "      |   ^\n"
            "far.c:9: note: from here\n"
            "    9 | p = f();\n");
}

TEST_F(Fixture, MacroUsesAreNotedAtTheirDefinition) {
  source("#define M(x) (x+)\nint a = M(1);\n");
  const Loc inside = sources.add_expansion(file->begin + 13, at(26, 30), 4, "M");
  diags.report<diag::Mild>(inside + 2);
  const std::string text = render_text(sources, diags.all()[0]);
  EXPECT_NE(text.find("t.c:2:9: warning: mild"), std::string::npos);
  EXPECT_NE(text.find("t.c:1:16: note: in expansion of macro `M`"), std::string::npos);
}

TEST_F(Fixture, InsertionsBehindAMacroGoBehindItsUse) {
  source("#define M(x) (x+)\nint a = M(1)\n");
  const Loc inside = sources.add_expansion(file->begin + 13, at(26, 30), 4, "M");
  diags.report<diag::Mild>(inside).fixit({inside + 4, inside + 4}, ";");
  EXPECT_NE(render_text(sources, diags.all()[0]).find("fix: t.c:2:13: insert `;`"), std::string::npos);
}

TEST_F(Fixture, ControlCharactersAndLongLinesAreTamed) {
  source("\033[31mred" + std::string(500, 'x') + "\n");
  diags.report<diag::Mild>(file->begin + 300);
  const std::string text = render_text(sources, diags.all()[0]);
  EXPECT_EQ(text.find('\033'), std::string::npos);
  for (size_t from = 0, to; (to = text.find('\n', from)) != std::string::npos; from = to + 1)
    EXPECT_LT(to - from, 200u);
}

TEST_F(Fixture, ErrorsPastTheLimitAreCountedNotKept) {
  diags.max_errors = 2;
  for (int i = 0; i < 5; i++) diags.report<diag::Sample>(Range{}, "x", i);
  EXPECT_EQ(diags.all().size(), 2u);
  EXPECT_EQ(diags.error_count(), 5u);
  EXPECT_TRUE(diags.too_many());
}

TEST_F(Fixture, WarningsObeyTheirSwitches) {
  diags.warnings.no_warnings = true;
  diags.report<diag::Mild>(Range{});
  EXPECT_TRUE(diags.all().empty());
  diags.warnings.no_warnings = false;
  diags.warnings.warnings_as_errors = true;
  diags.report<diag::Mild>(Range{});
  EXPECT_EQ(diags.error_count(), 1u);
}

}  // namespace
}  // namespace spile
