#include "support/whole_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace spile {
namespace {

namespace fs = std::filesystem;

struct WholeFileTest : testing::Test {
  WholeFileTest() {
    std::string pattern = testing::TempDir() + "whole-file-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    path = folder / "file";
  }
  ~WholeFileTest() override { fs::remove_all(folder); }

  static WholeFile create(const std::string &path) { return WholeFile::create(path).value(); }
  static void write(WholeFile &file, std::string_view text) { file.write(std::as_bytes(std::span(text))); }
  std::string content() const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  fs::path folder;
  std::string path;
};

TEST_F(WholeFileTest, PiecesOfAnySizeComeInTheirOrder) {
  WholeFile file = create(path);
  std::string all;
  for (const size_t size : {1, 70'000, 3, 65'000, 600, 200'000, 0, 9}) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    write(file, piece);
    all += piece;
  }
  EXPECT_FALSE(fs::exists(path));
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(content(), all);
  EXPECT_EQ(files(), 1u);
}

TEST_F(WholeFileTest, WithoutCommitTheOldOneStays) {
  ASSERT_TRUE(write_file(path, std::as_bytes(std::span(std::string_view("old")))));
  {
    WholeFile file = create(path);
    write(file, "new");
  }
  EXPECT_EQ(content(), "old");
  EXPECT_EQ(files(), 1u);
}

TEST_F(WholeFileTest, TwoOfOneNameDoNotMix) {
  WholeFile first = create(path), second = create(path);
  write(first, "first");
  write(second, "second");
  ASSERT_TRUE(second.commit());
  EXPECT_EQ(content(), "second");
  ASSERT_TRUE(first.commit(Content::Made));
  EXPECT_EQ(content(), "first");
  EXPECT_EQ(files(), 1u);
}

TEST_F(WholeFileTest, ALinkStaysOne) {
  const fs::path link = folder / "link";
  fs::create_symlink("file", link);
  ASSERT_TRUE(write_file(path, {}));
  ASSERT_TRUE(write_file(link, std::as_bytes(std::span(std::string_view("text")))));
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(content(), "text");
}

TEST_F(WholeFileTest, WhatCannotHaveItsNameIsNotLost) {
  WholeFile file = create(path);
  write(file, "text");
  fs::create_directory(path);
  const auto failed = file.commit();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().os_error, EISDIR);
  const std::string &hint = failed.error().hint;
  const size_t begin = hint.find('`') + 1;
  path = hint.substr(begin, hint.rfind('`') - begin);
  EXPECT_EQ(content(), "text");
  EXPECT_EQ(files(), 2u);
}

TEST_F(WholeFileTest, TheModeIsLessTheUmask) {
  const mode_t before = ::umask(027);
  EXPECT_TRUE(write_file(path, {}, 0777));
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0750u);
}

TEST_F(WholeFileTest, AFullDiskIsToldWithItsError) {
  WholeFile file = create("/dev/full");
  write(file, std::string(100'000, 'x'));
  write(file, "y");
  const auto written = file.commit();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().os_error, ENOSPC);
}

}  // namespace
}  // namespace spile
