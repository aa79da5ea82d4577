// Prints what preprocessing and parsing cost, by size of the source. Only the growth is held to a bound: times depend
// on the build and the machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "test/unit/parse/parsed.h"

namespace spile::parse {

namespace {

struct Times {
  double preprocess = 1e18, parse = 1e18;  // microseconds, the best of some runs
};

std::string source_of(int lines) {
  static constexpr std::string_view kFunction =
      "static __always_inline int step_N(struct trace_event_raw_sys_enter *ctx, u32 key)\n"
      "{\n"
      "\tstruct event e = { .pid = bpf_get_current_pid_tgid() >> 32, .value = ctx->args[0] };\n"
      "\tu64 *count = bpf_map_lookup_elem(&counts, &key);\n"
      "\tif (!count || (e.pid & 0xff) == 3)\n"
      "\t\treturn 0;\n"
      "\tfor (int i = 0; i < 4; i++)\n"
      "\t\te.name[i] = (char)(*count >> (i * 8)) + 1;\n"
      "\tbpf_map_update_elem(&events, &key, &e, BPF_ANY);\n"
      "\treturn e.pid != 0 ? e.value : -1;\n"
      "}\n";
  std::string text =
      "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n"
      "struct event { u32 pid; u64 value; char name[16]; };\n"
      "struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u32); __type(value, u64); } "
      "counts SEC(\".maps\");\n"
      "struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u32); __type(value, struct "
      "event); } events SEC(\".maps\");\n";
  for (int i = 0; i < std::max(1, (lines - 5) / 11); i++) {
    std::string function(kFunction);
    function.replace(function.find("_N"), 2, "_" + std::to_string(i));
    text += function;
  }
  return text;
}

Times measure(const std::string &text) {
  using Clock = std::chrono::steady_clock;
  const auto microseconds = [](Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); };
  Times best;
  for (int i = 0; i < 20; i++) {
    SourceManager sources;
    Arena arena;
    Diagnostics diagnostics(sources);
    const auto *file = *sources.add("test.c", text);
    const auto begin = Clock::now();
    const pp::Tokens tokens = pp::preprocess(*file, {}, sources, arena, diagnostics);
    const auto middle = Clock::now();
    EXPECT_NE(parse(tokens, arena, diagnostics, frozen()), nullptr);
    best.preprocess = std::min(best.preprocess, microseconds(middle - begin));
    best.parse = std::min(best.parse, microseconds(Clock::now() - middle));
  }
  return best;
}

}  // namespace

TEST(Speed, GrowsWithTheSource) {
  Times small, large;
  for (const int lines : {40, 500, 5000}) {
    const Times times = measure(source_of(lines));
    std::printf("%6d lines: preprocess %8.0f us, parse %8.0f us\n", lines, times.preprocess, times.parse);
    if (lines == 500) small = times;
    if (lines == 5000) large = times;
  }
  EXPECT_LT(large.preprocess + large.parse, 40 * (small.preprocess + small.parse));
}

}  // namespace spile::parse
