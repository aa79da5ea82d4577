// Differential test against the verifier of the kernel that runs here: random programs, both verdicts.
//
// Needs root and bpf(). SPILE_DIFF_COUNT programs (default 2000) from SPILE_DIFF_SEED on; SPILE_DIFF_SHOW disagreements
// are printed. Fails when we accept what the kernel rejects: that is the side on which a mistake is unsafe.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "backend/isa/disasm.h"
#include "test/fuzz/verifier/kernel.h"
#include "test/fuzz/verifier/sources.h"
#include "verifier/verifier.h"

namespace spile::verifier::testing {
namespace {

using isa::Insn;

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

std::string listing(const std::vector<Insn> &insns) {
  std::string text;
  for (size_t i = 0; i < insns.size(); i++) {
    text += fmt::format("  {:3}: {}\n", i, isa::disassemble(insns, i, isa::TextStyle::Exact));
    if (insns[i].is_lddw()) i++;
  }
  return text;
}

TEST(KernelDiff, WeAcceptNothingThatTheKernelRejects) {
  const fuzz::Sources sources({});
  fuzz::Kernel kernel(*sources.objects().front());
  if (!kernel.works()) GTEST_SKIP() << "needs root and bpf()";
  const uint64_t count = setting("SPILE_DIFF_COUNT", 2000), seed = setting("SPILE_DIFF_SEED", 1);
  uint64_t show = setting("SPILE_DIFF_SHOW", 3);
  uint64_t both_accept = 0, both_reject = 0, only_we = 0, only_kernel = 0, same_message = 0, compared = 0, left_out = 0;
  std::map<std::string, unsigned> other_messages;
  for (uint64_t i = 0; i < count; i++) {
    const fuzz::Case c = sources.make(seed + i);
    const object::Program &program = c.program;
    const Verdict ours = verify(program, *c.type, {});
    fuzz::Kernel::Answer theirs = kernel.load(program, *c.type, false);
    if (theirs.is_no_verdict()) {
      left_out++;
      continue;
    }
    const bool we_accept = ours.kind == Verdict::Accept, kernel_accepts = theirs.accepts();
    if (we_accept && kernel_accepts) both_accept++;
    if (!we_accept && !kernel_accepts) {
      both_reject++;
      if (i % 4 != 0) continue;  // a log costs the kernel a hundred times the verdict
      theirs = kernel.load(program, *c.type, true);
      const bool same = theirs.log.find(ours.rejections[0].kernel_message) != std::string::npos;
      compared++;
      same_message += same ? 1 : 0;
      if (!same) other_messages[fmt::format("{} | {}", ours.rejections[0].kernel_message, fuzz::reason(theirs.log))]++;
    }
    if (we_accept == kernel_accepts) continue;
    (we_accept ? only_we : only_kernel)++;
    if (show == 0 && !we_accept) continue;  // an unsafe one is always shown
    if (!we_accept) show--;
    theirs = kernel.load(program, *c.type, true);
    fmt::print(
        "seed {}: {}\n{}kernel: {}\nwe: {}\n", seed + i, we_accept ? "WE ACCEPT, THE KERNEL REJECTS" : "only we reject",
        listing(program.insns), fuzz::reason(theirs.log),
        ours.rejections.empty() ? "accept"
                                : fmt::format("{}: {}", ours.rejections[0].insn, ours.rejections[0].kernel_message));
  }
  const double agree = 100.0 * static_cast<double>(both_accept + both_reject) / static_cast<double>(count - left_out);
  fmt::print(
      "{} programs: both accept {}, both reject {} (same message in {} of {}), only we accept {}, only the kernel "
      "accepts {}, "
      "left out {}: {:.3f} % agree\n",
      count, both_accept, both_reject, same_message, compared, only_we, only_kernel, left_out, agree);
  for (const auto &[text, n] : other_messages)
    if (setting("SPILE_DIFF_MESSAGES", 0) != 0) fmt::print("{:4} {}\n", n, text);
  EXPECT_EQ(only_we, 0u);
  EXPECT_GE(agree, 99.9);
}

}  // namespace
}  // namespace spile::verifier::testing
