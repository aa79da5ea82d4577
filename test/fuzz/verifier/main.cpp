// program_fuzz verifier|verdict|engines|show [--programs N] [--minutes M] [--seed S] [--findings DIR] [OBJECT...]
//
//   verifier  what our verifier accepts is run on the checked interpreter under observation (soundness.h)
//   verdict   our verdict against the kernel's; needs root
//   engines   what our verifier accepts gives the same on every engine, and in the kernel where that takes programs
//   show      the programs themselves, for `spile check`
//
// The programs are those of the seeds from S on, so that a long run can be had in pieces. Ends after N programs or M
// minutes with a line of counts; until then it tells each few seconds on stderr how far it is. What should not be is
// made small, printed, and left as assembly text in DIR. Exit status 1 when there is something.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "backend/isa/disasm.h"
#include "test/fuzz/verifier/engines.h"
#include "test/fuzz/verifier/kernel.h"
#include "test/fuzz/verifier/reduce.h"
#include "test/fuzz/verifier/soundness.h"
#include "test/fuzz/verifier/sources.h"
#include "verifier/verifier.h"

namespace spile::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kRuns = 4;  // of each accepted program
// Disagreements that are made small and shown; the others are counted.
constexpr uint64_t kMaxShown = 20;

struct Settings {
  uint64_t programs = 0, seed = 1;  // programs 0: until the time is over
  double minutes = 1;
  std::string findings;
  std::vector<std::string> objects;
};

class Report {
 public:
  explicit Report(const Settings &settings) : settings_(settings) {}

  // [title]: one line; the same title is only shown so often.
  void show(const std::string &kind, uint64_t seed, const std::string &title, const object::Program &program) {
    std::string text = fmt::format("; seed {}: {}\n", seed, title);
    for (size_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i]))
      text += isa::disassemble(program.insns, i, isa::TextStyle::Exact) + "\n";
    fmt::print("{}\n", text);
    std::fflush(stdout);
    if (settings_.findings.empty()) return;
    std::filesystem::create_directories(settings_.findings);
    std::ofstream(fmt::format("{}/{}-{}.s", settings_.findings, kind, seed)) << text;
  }

 private:
  const Settings &settings_;
};

// Counts programs and time, and tells about them.
class Budget {
 public:
  explicit Budget(const Settings &settings)
      : settings_(settings),
        end_(Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(settings.minutes * 60000))) {}
  // Whether to go on after [done] programs; [counts]() is told now and then.
  template <class Counts>
  bool more(uint64_t done, Counts &&counts) {
    if (settings_.programs != 0 && done >= settings_.programs) return false;
    const Clock::time_point now = Clock::now();
    if (now >= told_ + kTellEach) {
      told_ = now;
      fmt::print(stderr, "next seed {}: {} programs, {}\n", settings_.seed + done, done, counts());
    }
    return settings_.programs != 0 || now < end_;
  }

 private:
  static constexpr std::chrono::seconds kTellEach{5};

  const Settings &settings_;
  Clock::time_point end_, told_ = Clock::now();
};

// A world for each pair of object and program type, made when it is needed.
class Worlds {
 public:
  explicit Worlds(const Sources &sources) : sources_(sources) {}
  World &of(const Case &c) {
    std::unique_ptr<World> &world = worlds_[{c.object, c.type}];
    if (!world) world = std::make_unique<World>(*sources_.objects()[c.object], *c.type);
    return *world;
  }

 private:
  const Sources &sources_;
  std::map<std::pair<size_t, const tables::ProgramType *>, std::unique_ptr<World>> worlds_;
};

int fuzz_verifier(const Settings &settings) {
  const Sources sources(settings.objects);
  Worlds worlds(sources);
  Report report(settings);
  Budget budget(settings);
  uint64_t done = 0, steps = 0;
  std::array<uint64_t, 4> kinds{};
  const auto counts = [&] {
    return fmt::format(
        "{} accepted and run {} times each without a fault, {} rejected, {} too large to observe, {} unsound; {} "
        "instructions observed",
        kinds[Soundness::Sound], kRuns, kinds[Soundness::Rejected], kinds[Soundness::TooLarge],
        kinds[Soundness::Unsound], steps);
  };
  for (; budget.more(done, counts); done++) {
    const uint64_t seed = settings.seed + done;
    Case c = sources.make(seed);
    World &world = worlds.of(c);
    if (!world.can_run()) continue;
    const Soundness s = observe(c.program, *c.type, world, kRuns, seed * kRuns);
    kinds[s.kind]++;
    steps += s.steps;
    if (s.kind != Soundness::Unsound || kinds[s.kind] > kMaxShown) continue;
    const auto shows = [&](const object::Program &p) {
      return observe(p, *c.type, world, kRuns, seed * kRuns).kind == Soundness::Unsound;
    };
    const object::Program small = reduce(c.program, shows);
    report.show("unsound", seed,
                fmt::format("{}: {}", c.type->section, observe(small, *c.type, world, kRuns, seed * kRuns).why), small);
  }
  fmt::print("{} programs: {}\n", done, counts());
  return kinds[Soundness::Unsound] == 0 ? 0 : 1;
}

int fuzz_verdict(const Settings &settings) {
  const Sources sources(settings.objects);
  std::vector<std::unique_ptr<Kernel>> kernels;
  for (const auto &object : sources.objects()) kernels.push_back(std::make_unique<Kernel>(*object));
  if (!kernels.front()->works()) {
    fmt::print("skipped: the kernel takes no programs from us (root and bpf() are needed)\n");
    return 0;
  }
  Report report(settings);
  Budget budget(settings);
  uint64_t done = 0, none = 0, shown[2] = {};
  uint64_t table[2][2] = {};
  std::map<std::string, uint64_t> causes;
  const auto counts = [&] {
    const uint64_t judged = table[0][0] + table[0][1] + table[1][0] + table[1][1];
    return fmt::format(
        "{:.4f} % agree, {} accepted by us alone, {} by the kernel alone, {} without a verdict",
        judged == 0 ? 0.0 : 100.0 * static_cast<double>(table[0][0] + table[1][1]) / static_cast<double>(judged),
        table[1][0], table[0][1], none);
  };
  for (; budget.more(done, counts); done++) {
    const uint64_t seed = settings.seed + done;
    const Case c = sources.make(seed);
    Kernel &kernel = *kernels[c.object];
    if (!kernel.works()) continue;
    const verifier::Verdict ours = verifier::verify(c.program, *c.type, {});
    const Kernel::Answer theirs = kernel.load(c.program, *c.type, false);
    if (theirs.is_no_verdict()) {
      none++;
      continue;
    }
    const bool we = ours.kind == verifier::Verdict::Accept, they = theirs.accepts();
    table[we][they]++;
    if (we == they) continue;
    const std::string cause = we ? "kernel: " + reason(kernel.load(c.program, *c.type, true).log)
                                 : "we: " + ours.rejections.front().kernel_message;
    if (causes[cause]++ > 1 || shown[we]++ >= kMaxShown) continue;
    const auto shows = [&](const object::Program &p) {
      const Kernel::Answer answer = kernel.load(p, *c.type, false);
      return !answer.is_no_verdict() && answer.accepts() == they &&
             (verifier::verify(p, *c.type, {}).kind == verifier::Verdict::Accept) == we;
    };
    const object::Program small = reduce(c.program, shows);
    const verifier::Verdict verdict = verifier::verify(small, *c.type, {});
    report.show(we ? "only-we-accept" : "only-kernel-accepts", seed,
                fmt::format("{}: {}", c.type->section,
                            we ? "the kernel: " + reason(kernel.load(small, *c.type, true).log)
                               : "we: " + verdict.rejections.front().kernel_message),
                small);
  }
  fmt::print("{:>24} {:>14} {:>14}\n{:>24} {:>14} {:>14}\n{:>24} {:>14} {:>14}\n", "", "kernel accepts",
             "kernel rejects", "we accept", table[1][1], table[1][0], "we reject", table[0][1], table[0][0]);
  for (const auto &[cause, count] : causes) fmt::print("{:8} {}\n", count, cause);
  fmt::print("{} programs: {}\n", done, counts());
  return table[1][0] == 0 ? 0 : 1;
}

int fuzz_engines(const Settings &settings) {
  const Sources sources(settings.objects);
  const auto engines = Engines::open();
  if (!engines) {
    fmt::print(stderr, "{}\n", engines.error().message);
    return 2;
  }
  const bool with_kernel = Kernel(*sources.objects().front()).works();
  Report report(settings);
  Budget budget(settings);
  uint64_t done = 0, in_kernel = 0;
  std::array<uint64_t, 4> kinds{};
  const auto counts = [&] {
    return fmt::format(
        "{} gave the same on every engine ({} of them in the kernel too), {} rejected, {} whose answer is no function "
        "of "
        "the input, {} differ",
        kinds[Agreement::Agree], in_kernel, kinds[Agreement::Rejected], kinds[Agreement::Undefined],
        kinds[Agreement::Differ]);
  };
  for (; budget.more(done, counts); done++) {
    const uint64_t seed = settings.seed + done;
    const Case c = sources.make(seed);
    const Agreement a = (*engines)->compare(c.program, *c.type, seed, with_kernel);
    kinds[a.kind]++;
    in_kernel += a.in_kernel;
    if (a.kind != Agreement::Differ || kinds[a.kind] > kMaxShown) continue;
    const auto differs = [&](const object::Program &p) {
      return (*engines)->compare(p, *c.type, seed, with_kernel).kind == Agreement::Differ;
    };
    // Something outside of the program, as a file that is not there for a moment, makes a difference once.
    const bool again = differs(c.program);
    const object::Program small = again ? reduce(c.program, differs) : c.program;
    std::string why = again ? (*engines)->compare(small, *c.type, seed, with_kernel).why : std::string();
    if (why.empty()) why = a.why + " (not seen again)";
    report.show("engines", seed, fmt::format("{}: {}", c.type->section, why), small);
  }
  fmt::print("{} programs: {}\n", done, counts());
  return kinds[Agreement::Differ] == 0 ? 0 : 1;
}

int show(const Settings &settings) {
  const Sources sources(settings.objects);
  Report report(settings);
  for (uint64_t seed = settings.seed; seed < settings.seed + std::max<uint64_t>(settings.programs, 1); seed++) {
    const Case c = sources.make(seed);
    report.show("program", seed, std::string(c.type->section), c.program);
  }
  return 0;
}

int usage() {
  std::fputs(
      "usage: program_fuzz verifier|verdict|engines|show [--programs N] [--minutes M] [--seed S] [--findings DIR] "
      "[OBJECT...]\n",
      stderr);
  return 2;
}

}  // namespace
}  // namespace spile::fuzz

int main(int argc, char **argv) {
  using namespace spile::fuzz;
  if (argc < 2) return usage();
  Settings settings;
  constexpr std::pair<std::string_view, int (*)(const Settings &)> kLoops[] = {
      {"verifier", fuzz_verifier}, {"verdict", fuzz_verdict}, {"engines", fuzz_engines}, {"show", show}};
  const auto loop = std::ranges::find(kLoops, std::string_view(argv[1]),
                                      &std::pair<std::string_view, int (*)(const Settings &)>::first);
  if (loop == std::end(kLoops)) return usage();
  for (int i = 2; i < argc; i++) {
    const std::string_view word = argv[i];
    if (!word.starts_with("--")) {
      settings.objects.emplace_back(word);
      continue;
    }
    if (i + 1 == argc) return usage();
    const char *value = argv[++i];
    if (word == "--programs")
      settings.programs = std::strtoull(value, nullptr, 0);
    else if (word == "--minutes")
      settings.minutes = std::strtod(value, nullptr);
    else if (word == "--seed")
      settings.seed = std::strtoull(value, nullptr, 0);
    else if (word == "--findings")
      settings.findings = value;
    else
      return usage();
  }
  return loop->second(settings);
}
