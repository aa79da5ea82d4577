// spile test PATH...: shows written events to probes and compares what comes of them with what is expected.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/coverage.h"
#include "driver/judge.h"
#include "driver/network_option.h"
#include "driver/output_file.h"
#include "driver/script_options.h"
#include "driver/test_files.h"
#include "driver/test_report.h"
#include "support/file.h"
#include "support/thread.h"

namespace spile::driver {

namespace {

struct TestOptions {
  CompileOptions compile;
  session::ScenarioOptions run;
  bool update = false, coverage = false;
};

// All tests of one probe: what came of each, in the order in which they stand.
struct TestsOfProbe {
  std::vector<TestOutcome> outcomes;
  Coverage coverage;
  std::string said;       // of the probe: warnings, or why there are no tests of it
  bool is_wrong = false;  // there are none because of that
};

// A probe, compiled and verified with the values of some of its globals.
class Probe {
 public:
  Probe(const std::string &path, const CompileOptions &options, std::span<const std::string> globals, Console &console)
      : compilation_(path, options, console) {
    object::Object *object = compilation_.object();
    if (object == nullptr) return;
    KernelTypes types;
    for (const std::string &assignment : globals)
      if (const auto set = set_option(*object, assignment); !set) {
        console.fail(set.error());
        return;
      }
    if (const auto relocated = relocate_for(*object, options.btf, types); !relocated) {
      console.fail(relocated.error());
      return;
    }
    int code = kExitOk;
    JudgeOptions judging;
    judging.btf = options.btf;
    judged_ = judge(*object, compilation_.sources(), judging, types, console, code);
    for (const Judged &one : judged_) {
      accepted_.push_back({&one.program, one.type, session::first_kernel_access(one.verdict)});
      programs_.push_back(&one.program);
    }
    object_ = code == kExitOk ? object : nullptr;
  }

  // Null when an error was reported.
  const object::Object *object() const { return object_; }
  std::span<const session::Accepted> accepted() const { return accepted_; }
  std::span<const object::Program *const> programs() const { return programs_; }

 private:
  Compilation compilation_;
  const object::Object *object_ = nullptr;
  std::vector<Judged> judged_;
  std::vector<session::Accepted> accepted_;
  std::vector<const object::Program *> programs_;
};

std::string folder_of(const std::string &path) { return path.substr(0, path.rfind('/') + 1); }

// The text with its lines as they were seen. Rewrites of one line do not overlap; the last comes first, so that the
// numbers of those before it stay.
std::string rewritten(std::string_view text, std::vector<session::Rewrite> rewrites) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  std::ranges::stable_sort(rewrites, std::greater{}, &session::Rewrite::line);
  for (const session::Rewrite &rewrite : rewrites) {
    const auto at = lines.begin() + rewrite.line - 1;
    const auto behind = lines.erase(at, at + rewrite.count);
    std::vector<std::string> put;
    for (const std::string &line : rewrite.lines) put.push_back(line + "\n");
    lines.insert(behind, put.begin(), put.end());
  }
  std::string out;
  for (const std::string &line : lines) out += line;
  return out;
}

class ProbeTester {
 public:
  ProbeTester(const TestFile &tests, const TestOptions &options) : tests_(tests), options_(options) {
    console_.held = &held_;
    console_.quiet = true;
  }

  TestsOfProbe run() {
    Probe probe(tests_.probe, options_.compile, {}, console_);
    out_.is_wrong = probe.object() == nullptr;
    if (!out_.is_wrong)
      for (const std::string &path : tests_.events) run_file(path, probe);
    out_.said += held_;
    return std::move(out_);
  }

 private:
  void run_file(const std::string &path, const Probe &plain) {
    SourceManager sources;
    const auto file = sources.load(path);
    const auto scenarios = file ? hooks::read_scenarios(path, (*file)->text, has_events_in_comments(path),
                                                        constants_of(plain.object()->btf))
                                : std::unexpected(file.error());
    if (!scenarios) {
      console_.fail(scenarios.error());
      out_.is_wrong = true;
      return;
    }
    std::vector<session::Rewrite> rewrites;
    for (const hooks::Scenario &scenario : *scenarios) {
      TestOutcome &outcome = out_.outcomes.emplace_back();
      outcome.file = path;
      outcome.line = scenario.line;
      outcome.name = scenario.name;
      out_.said += std::exchange(held_, {});
      const auto begin = std::chrono::steady_clock::now();
      if (scenario.globals.empty()) {
        run_scenario(scenario, plain, outcome);
      } else {
        const Probe probe(tests_.probe, options_.compile, scenario.globals, console_);
        if (probe.object() != nullptr) {
          held_.clear();  // its warnings have been told
          run_scenario(scenario, probe, outcome);
        }
      }
      outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      outcome.trouble += std::exchange(held_, {});
      rewrites.insert(rewrites.end(), outcome.result.rewrites.begin(), outcome.result.rewrites.end());
      // What is written as it was seen is expected from now on.
      if (options_.update) std::erase_if(outcome.result.findings, [](const auto &f) { return f.message.empty(); });
    }
    if (!options_.update || rewrites.empty()) return;
    const std::string text = rewritten((*file)->text, std::move(rewrites));
    if (const auto written = write_file(path, std::as_bytes(std::span(text))); !written) {
      console_.fail(written.error());
      out_.is_wrong = true;
    }
  }

  void run_scenario(const hooks::Scenario &scenario, const Probe &probe, TestOutcome &outcome) {
    session::ScenarioOptions run = options_.run;
    run.path = outcome.file;
    run.folder = folder_of(outcome.file);
    if (options_.coverage)
      run.watch = [this](const object::Program &program, const vm::Moment &moment) {
        out_.coverage.see(program, moment);
      };
    auto result = session::run_scenario(*probe.object(), probe.accepted(), scenario, run);
    if (!result)
      console_.fail(result.error());
    else
      outcome.result = std::move(*result);
    if (options_.coverage) out_.coverage.add(probe.programs());
  }

  const TestFile &tests_;
  const TestOptions &options_;
  std::string held_;
  Console console_;
  TestsOfProbe out_;
};

// [jobs] probes at a time, or as many as there are threads to be had.
std::vector<TestsOfProbe> run_all(std::span<const TestFile> files, const TestOptions &options, unsigned jobs) {
  std::vector<TestsOfProbe> results(files.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < files.size(); i = next++) results[i] = ProbeTester(files[i], options).run();
  };
  std::vector<Thread> threads;
  for (size_t i = 1; i < std::min<size_t>(jobs, files.size()); i++) {
    auto started = Thread::start(work);
    if (!started) break;
    threads.push_back(std::move(*started));
  }
  work();
  threads.clear();
  return results;
}

Result<void> write_coverage(const Coverage &coverage, std::string_view format, const std::optional<std::string> &file,
                            Console &console) {
  const std::string text = format == "lcov" ? coverage.lcov() : format == "html" ? coverage.html() : coverage.text();
  if (file) return write_file(*file, std::as_bytes(std::span(text)));
  console.print(text);
  return {};
}

}  // namespace

int command_test(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile test [options] PATH...";
  line.about =
      "Runs the tests of probes: the events that stand in `//@` comments inside a probe, or in NAME.evt and\n"
      "NAME.*.evt beside NAME.bpf.c, and what is expected of maps, output, results and packets behind them. PATH is a\n"
      "probe, a file of events, or a folder with probes. Time, tasks and random numbers are virtual: a test gives the\n"
      "same everywhere, needs no privileges and no kernel.";
  line.footer =
      "  //@ +0us  tracepoint:syscalls:sys_enter_kill  pid=100 comm=\"sh\" ctx.pid=7 sig=SIGKILL\n"
      "  //@ =     map kills[7] == 1\n\n"
      "Exit status: 0 all tests pass; 1 one fails, or a probe is wrong; 2 wrong usage; 3 the environment says no.";
  line.add_common();
  line.options.add_options()("update", "rewrite the `=` lines that do not hold, as they were seen")(
      "junit", po::value<std::string>()->value_name("FILE"), "write the results as JUnit's XML too")(
      "coverage", po::value<std::string>()->value_name("FORMAT"),
      "lines and branches of the probes that ran: lcov, text or html")(
      "output,o", po::value<std::string>()->value_name("FILE"), "write the coverage to FILE, not to stdout")(
      "engine", po::value<std::string>()->value_name("ENGINE"),
      "interp or jit, in place of an interpreter that tells what programs read")(
      "jobs,j", po::value<unsigned>()->value_name("N"), "probes at a time; default: one for each CPU");
  add_network_option(line.options);
  add_compile_options(line.options);
  line.hidden.add_options()("path", po::value<std::vector<std::string>>());
  line.positional.add("path", -1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("path")) return console.usage("`spile test` needs a probe, a file of events, or a folder");
  const auto text = [&](const char *name) {
    return values->contains(name) ? std::optional((*values)[name].as<std::string>()) : std::nullopt;
  };
  auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());
  TestOptions options;
  options.compile = std::move(*compile);
  for_this_machine(options.compile);
  options.update = values->contains("update");
  auto network = network_of(*values);
  if (!network) return console.fail(network.error());
  options.run.network = std::move(*network);
  const auto format = text("coverage");
  if (format && *format != "lcov" && *format != "text" && *format != "html")
    return console.usage("--coverage takes lcov, text or html, not `{}`", *format);
  if (text("output") && !format) return console.usage("-o is where --coverage goes, and that is not asked for");
  options.coverage = format.has_value();
  if (const auto engine = text("engine")) {
    if (*engine != "interp" && *engine != "jit")
      return console.usage("--engine takes interp or jit, not `{}`", *engine);
    if (options.coverage) return console.usage("--coverage and --engine cannot be had together");
    options.run.use_jit = *engine == "jit";
    options.run.use_interpreter = *engine == "interp";
  }

  const auto &paths = (*values)["path"].as<std::vector<std::string>>();
  for (const auto &[option, name] : {std::pair("-o", "output"), {"--junit", "junit"}})
    if (const auto path = text(name))
      if (const auto kept = check_not_read(option, *path, paths); !kept) return console.fail(kept.error());
  std::vector<TestFile> files;
  for (const std::string &path : paths) {
    auto found = find_tests(path);
    if (!found) return console.fail(found.error());
    files.insert(files.end(), found->begin(), found->end());
  }
  const unsigned jobs =
      values->contains("jobs") ? (*values)["jobs"].as<unsigned>() : std::thread::hardware_concurrency();
  std::vector<TestsOfProbe> results = run_all(files, options, std::max(1u, jobs));

  std::vector<TestOutcome> outcomes;
  Coverage coverage;
  bool is_wrong = false;
  for (TestsOfProbe &result : results) {
    console.error_text(result.said);
    is_wrong |= result.is_wrong;
    coverage.merge(result.coverage);
    for (TestOutcome &outcome : result.outcomes) {
      if (!console.quiet || !outcome.passed()) console.print(report_text(outcome));
      // A helper that fails may be what is tested; where a test fails it is often why.
      if (console.verbosity > 0 || !outcome.passed())
        for (const std::string &loss : outcome.result.losses) console.print(fmt::format("  {}\n", loss));
      outcomes.push_back(std::move(outcome));
    }
  }
  const auto passed = std::ranges::count_if(outcomes, &TestOutcome::passed);
  const auto failed = static_cast<ptrdiff_t>(outcomes.size()) - passed;
  console.print(fmt::format("{} passed, {} failed\n", passed, failed));
  if (format)
    if (const auto written = write_coverage(coverage, *format, text("output"), console); !written)
      return console.fail(written.error());
  if (const auto junit = text("junit")) {
    const std::string xml = report_junit(outcomes);
    if (const auto written = write_file(*junit, std::as_bytes(std::span(xml))); !written)
      return console.fail(written.error());
  }
  return failed != 0 || is_wrong ? kExitProgram : kExitOk;
}

}  // namespace spile::driver
