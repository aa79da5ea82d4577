#include "support/source.h"

#include <gtest/gtest.h>

namespace spile {
namespace {

const SourceManager::File *add(SourceManager &sources, std::string path, std::string text, Loc from = {}) {
  auto file = sources.add(std::move(path), std::move(text), from);
  EXPECT_TRUE(file.has_value());
  return *file;
}

TEST(Source, PlaceCountsLinesAndColumnsFromOne) {
  SourceManager sources;
  const auto *file = add(sources, "a.c", "int a;\n  int b;\r\nlast");
  const Place first = sources.place(file->begin);
  EXPECT_EQ(first.line, 1u);
  EXPECT_EQ(first.column, 1u);
  EXPECT_EQ(first.line_text, "int a;");
  const Place second = sources.place(file->begin + 9);
  EXPECT_EQ(second.line, 2u);
  EXPECT_EQ(second.column, 3u);
  EXPECT_EQ(second.line_text, "  int b;");  // without the carriage return
  const Place end = sources.place(file->begin + static_cast<uint32_t>(file->text.size()));
  EXPECT_EQ(end.line, 3u);
  EXPECT_EQ(end.column, 5u);
}

TEST(Source, NowhereHasNoPlace) {
  SourceManager sources;
  EXPECT_EQ(sources.place(Loc{}).line, 0u);
  EXPECT_EQ(sources.place(Loc{12345}).line, 0u);
}

TEST(Source, FilesHaveRangesOfTheirOwn) {
  SourceManager sources;
  const auto *a = add(sources, "a.c", "x");
  const auto *b = add(sources, "b.c", "y", a->begin);
  EXPECT_EQ(sources.file_of(a->begin), a);
  EXPECT_EQ(sources.file_of(b->begin), b);
  // The end of a file still belongs to it: a diagnostic may point behind the last character.
  EXPECT_EQ(sources.file_of(a->begin + 1), a);
}

TEST(Source, ExpansionKnowsUseAndDefinition) {
  SourceManager sources;
  const auto *file = add(sources, "m.c", "#define TWICE(x) ((x) * 2)\nint a = TWICE(b);\n");
  const Loc body = file->begin + 17, use = file->begin + 35;
  const Loc inside = sources.add_expansion(body, Range{use, use + 8}, 9, "TWICE");
  EXPECT_EQ(sources.expansion(inside + 3), use);
  EXPECT_EQ(sources.spelling(inside + 3), body + 3);
  EXPECT_EQ(sources.place(inside + 3).line, 2u);
  // A macro used inside the first one's body.
  const Loc nested = sources.add_expansion(body + 1, Range{inside + 2, inside + 4}, 3, "INNER");
  const auto stack = sources.expansions(nested);
  ASSERT_EQ(stack.size(), 2u);
  EXPECT_EQ(stack[0].macro_name, "INNER");
  EXPECT_EQ(stack[1].macro_name, "TWICE");
  EXPECT_EQ(sources.expansion(Range{nested, nested + 1}), (Range{use, use + 8}));
}

TEST(Source, LineDirectiveRenumbers) {
  SourceManager sources;
  const auto *file = add(sources, "g.c", "one\n#line 100 \"origin.y\"\nthree\nfour\n");
  sources.add_line_directive(file->begin + 4, 100, "origin.y");
  EXPECT_EQ(sources.place(file->begin).line, 1u);
  const Place place = sources.place(file->begin + 25);
  EXPECT_EQ(place.line, 100u);
  EXPECT_EQ(place.path, "origin.y");
  EXPECT_EQ(sources.place(file->begin + 31).line, 101u);
}

TEST(Source, LoadSaysWhatIsWrong) {
  SourceManager sources;
  const auto missing = sources.load("/nonexistent/probe.c");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().message, "/nonexistent/probe.c: No such file or directory");
  EXPECT_EQ(missing.error().kind, Error::Kind::Environment);
  const auto folder = sources.load("/");
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().message, "/: is a directory");
}

}  // namespace
}  // namespace spile
