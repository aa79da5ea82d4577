// The preprocessor against clang-19 -target bpf -E, token for token. Skipped where clang-19 is not installed.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "test/unit/pp/preprocessed.h"

namespace spile::pp {

namespace {

std::string output_of(const std::string &command) {
  std::string all;
  std::FILE *pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return all;
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) all.append(buffer, n);
  ::pclose(pipe);
  return all;
}

// Lines that neither of us takes for tokens: #pragma.
std::string without_pragmas(const std::string &text) {
  std::string kept;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (text[at] != '#') kept += text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return kept;
}

void compare(const std::string &path, Options options) {
  // The one macro that Spile alone predefines: the headers that ship ask for it.
  std::string command = "clang-19 -target bpf -nostdinc -E -P -w -D__SPILE__";
  for (const std::string &directory : options.include_dirs) command += " -I" + directory;
  for (const MacroOption &macro : options.macros) command += " -D" + macro.text;
  options.shipped_headers = false;
  SourceManager sources;
  Arena arena;
  Diagnostics diagnostics(sources);
  const auto file = sources.load(path);
  ASSERT_TRUE(file) << path;
  const Tokens tokens = preprocess(**file, options, sources, arena, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.all()[0].message;
  const Preprocessed ours(without_pragmas(print_tokens(tokens)));
  const Preprocessed theirs(without_pragmas(output_of(command + " " + path)));
  EXPECT_EQ(ours.text(), theirs.text()) << path;
}

bool has_clang() { return !output_of("command -v clang-19").empty(); }

}  // namespace

TEST(Clang, ExamplesWithTheShippedHeaders) {
  if (!has_clang()) GTEST_SKIP() << "clang-19 is not installed";
  Options options;
  options.include_dirs = {SPILE_SOURCE_DIR "/lang-spec/include", SPILE_BINARY_DIR "/lang-spec/include"};
  options.macros = {{.text = "__TARGET_ARCH_x86"}};
  for (const auto &entry : std::filesystem::directory_iterator(SPILE_SOURCE_DIR "/examples"))
    if (entry.path().extension() == ".c") compare(entry.path(), options);
}

TEST(Clang, HeadersOfLibbpfAndTheKernel) {
  if (!has_clang()) GTEST_SKIP() << "clang-19 is not installed";
  if (!std::filesystem::exists("/usr/include/bpf/bpf_tracing.h")) GTEST_SKIP() << "libbpf-dev is not installed";
  Options options;
  options.include_dirs = {"/usr/include", "/usr/include/x86_64-linux-gnu"};
  options.macros = {{"__TARGET_ARCH_x86", false}};
  compare(SPILE_SOURCE_DIR "/test/pp/Inputs/system-headers.c", options);
}

TEST(Clang, MacroCorners) {
  if (!has_clang()) GTEST_SKIP() << "clang-19 is not installed";
  compare(SPILE_SOURCE_DIR "/test/pp/Inputs/corners.c", {});
}

}  // namespace spile::pp
