// spile check FILE...: compile and verify. Nothing is attached, no root is needed.
#include <algorithm>

#include "backend/emit/check_maps.h"
#include "driver/attach_targets.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/judge.h"
#include "driver/kernels.h"
#include "driver/mend.h"
#include "driver/new.h"
#include "support/file.h"

namespace spile::driver {

static void print_states(const Judged &judged, Console &console) {
  for (size_t i = 0; i < judged.verdict.states.size(); i++)
    if (!judged.verdict.states[i].empty())
      console.print(fmt::format("{}: {}: {}\n", judged.program.name, i, judged.verdict.states[i]));
}

static void print_reasons(const verifier::Verdict &verdict, Console &console) {
  for (const verifier::Rejection &r : verdict.rejections)
    console.status("  instruction {}: {} [{}]", r.insn,
                   r.kernel_message.empty() ? r.diagnostic.message : r.kernel_message, r.diagnostic.info->name);
}

// With --expect: what programs say of themselves, against the verdicts.
static int compare(const std::string &path, const std::vector<Judged> &programs, bool unprivileged, Console &console,
                   int code) {
  for (const Judged &judged : programs) {
    const object::Program &program = judged.program;
    const verifier::Verdict &verdict = judged.verdict;
    const Expectation &expected = judged.expected;
    if (!expected.judged(unprivileged) || expected.elsewhere) {
      console.status("{}: {} ({}): {}; nothing is expected", path, program.name, program.section, word_of(verdict));
      print_reasons(verdict, console);
      continue;
    }
    const std::string differs = difference(expected, verdict, unprivileged);
    console.status("{}: {} ({}): {}{}", path, program.name, program.section, word_of(verdict),
                   differs.empty() ? ", as expected" : "; " + differs);
    if (differs.empty()) continue;
    print_reasons(verdict, console);
    code = kExitProgram;
  }
  return code;
}

// What the verdict takes for granted.
static std::string reservation(const Judged &judged) {
  std::string text;
  if (judged.is_guessed) text = fmt::format("as a program of `{}`, by its context", judged.type->section);
  const char *view = judged.view == View::Host     ? "by the types of this machine's kernel"
                     : judged.view == View::Frozen ? "once relocated to Linux 6.18"
                                                   : "";
  if (*view != 0) text += fmt::format("{}{}", text.empty() ? "" : ", ", view);
  return text.empty() ? "" : fmt::format(" ({})", text);
}

// " (main 48, clear 16)": what each function takes of it.
static std::string stack_of_frames(const Judged &judged) {
  if (judged.verdict.stats.frames.size() < 2) return "";
  std::string text;
  for (const verifier::Stats::Frame &frame : judged.verdict.stats.frames) {
    const auto sub = std::ranges::find(judged.program.subprograms, frame.start, &object::Program::Subprogram::start);
    const std::string name = sub != judged.program.subprograms.end() ? sub->name : fmt::format("{}", frame.start);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, frame.stack);
  }
  return fmt::format(" ({})", text);
}

// The verdict of each version that was asked for, and the first that takes the program. False: one does not.
static bool print_kernels(const Judged &judged, const object::Object &object, const std::vector<uint16_t> &kernels,
                          Console &console) {
  if (judged.verdict.kind != verifier::Verdict::Accept) return false;
  const OlderKernels older(judged, judged.object != nullptr ? *judged.object : object);
  bool all = true;
  for (const uint16_t kernel : kernels) {
    const std::string refusal = older.refusal(kernel);
    all &= refusal.empty();
    console.status("  Linux {}: {}", version_text(kernel), refusal.empty() ? "accepted" : "rejected: " + refusal);
  }
  if (!all) console.status("  the first Linux that accepts it: {}", version_text(older.first()));
  return all;
}

// What --fix does with the edits that make programs pass.
enum class Fixing : uint8_t { Tell, Diff, Apply };

struct CheckOptions {
  CompileOptions compile;
  JudgeOptions judging;
  std::vector<uint16_t> kernels;
  Fixing fixing = Fixing::Tell;
};

// Tries to mend a source, and says in its messages what helps. True: the file was written anew.
static Result<bool> fix(const Compilation &compilation, std::vector<Judged> &programs, const CheckOptions &options,
                        KernelTypes &types, Console &console) {
  const SourceManager::File &file = *compilation.file();
  const Mended mended = mend(compilation, file.text, programs, options.judging, types);
  tell_fixes(mended, file, {.as_edits = console.diagnostics_format != DiagnosticsFormat::Text}, programs);
  if (mended.fixes.empty() || options.fixing == Fixing::Tell) return false;
  if (options.fixing == Fixing::Diff) return console.print(mended.patch.diff(file.path)), false;
  const std::string text = mended.patch.text();
  if (auto written = write_file(file.path, std::as_bytes(std::span(text))); !written)
    return std::unexpected(written.error());
  console.status("{}: {} fix{} written", file.path, mended.fixes.size(), mended.fixes.size() == 1 ? "" : "es");
  return true;
}

// What only a loader would find else: maps that no kernel makes, of an object (a source was told at its lines), and
// what the kernel of --btf has not. False: the kernel refuses the object.
static bool check_loading(const object::Object &object, Compilation &compilation, const CheckOptions &options,
                          KernelTypes &types) {
  Diagnostics &diags = compilation.diagnostics();
  if (compilation.kind() == InputKind::Object && !options.judging.expect)
    codegen::check_maps(object, nullptr, options.compile.codegen, diags);
  if (const std::string &btf = options.compile.btf; !btf.empty())
    if (const auto kernel = types.get(btf))
      for (const object::ProgramEntry &entry : object.programs)
        if (options.judging.asks_for(entry)) check_attach_target(object, entry, **kernel, diags);
  return !diags.has_errors();
}

static int check_one(const std::string &path, const CheckOptions &options, KernelTypes &types, Console &console) {
  const auto &[compile, judging, kernels, fixing] = options;
  Compilation compilation(path, compile, console);
  object::Object *object = compilation.object();
  const bool is_loadable = object != nullptr && check_loading(*object, compilation, options, types);
  compilation.summary();
  if (object == nullptr) return compilation.exit_code();
  if (auto relocated = relocate_for(*object, compile.btf, types); !relocated) return console.fail(relocated.error());
  int code = kExitOk;
  std::vector<Judged> programs = judge(*object, compilation.sources(), judging, types, console, code);
  if (judging.expect) return compare(path, programs, judging.verifier.unprivileged, console, code);
  if (code == kExitProgram && compilation.kind() == InputKind::Source) {
    const auto written = fix(compilation, programs, options, types, console);
    if (!written) return console.fail(written.error());
    if (*written) {
      CheckOptions again = options;
      again.fixing = Fixing::Tell;
      return check_one(path, again, types, console);
    }
  }
  for (const Judged &judged : programs) report_reasons(judged, compilation.sources(), console);
  for (const Judged &judged : programs) {
    const object::Program &program = judged.program;
    const verifier::Verdict &verdict = judged.verdict;
    if (judging.verifier.keep_states) print_states(judged, console);
    console.status("{}: {} ({}): {}{}", path, program.name, program.section, word_of(verdict), reservation(judged));
    if (!kernels.empty() && !print_kernels(judged, *object, kernels, console) && code == kExitOk) code = kExitProgram;
    if (console.verbosity > 0)
      console.status("  {} instructions, {} processed, {} states at most, {} bytes of stack{}, {:.3f} ms",
                     program.insns.size(), verdict.stats.processed, verdict.stats.peak_states,
                     verdict.stats.stack_depth, stack_of_frames(judged), judged.seconds * 1000);
  }
  return is_loadable ? code : kExitProgram;
}

int command_check(Arguments arguments, Console &console) {
  use_heap();
  CommandLine line;
  line.usage = "spile check [options] FILE...";
  line.about =
      "Compiles each FILE (or reads it, when it is an ELF object of any compiler) and gives the verdict that the\n"
      "kernel's verifier would give, explained at the source line. The verdict is that of Linux 6.18 by the object's "
      "own\n"
      "types, or by the kernel's where it needs them: those that ship, those of --btf, or, where only a kernel knows "
      "what\n"
      "a program is attached to (fentry), this machine's; the answer says so. Exit 0: every program is accepted; 1: "
      "one is\n"
      "rejected or does not compile; 5: one uses a feature that the verifier does not model yet.";
  line.add_common();
  line.options.add_options()("section", po::value<std::string>()->value_name("S"), "only programs in this section")(
      "prog", po::value<std::string>()->value_name("NAME"), "only the program of this name")(
      "type", po::value<std::string>()->value_name("SECTION"),
      "what programs in sections of no known type are: xdp, socket, tc, ...")(
      "kconfig", po::value<std::string>()->value_name("FILE"),
      "how the kernel was built: a kernel's .config, or `host`: values of `extern __kconfig`, and helpers that it "
      "lacks; "
      "default: any values, all helpers")(
      "expect", "programs say what they expect (`__success`, `__failure __msg(\"...\")` of the kernel's selftests)")(
      "unprivileged",
      "as loaded without CAP_BPF and CAP_PERFMON (Linux 6.12): socket and cgroup_skb only, 4,096 instructions, no "
      "loops "
      "and calls, no address gets out, what the processor may execute in vain is safe")(
      "kernel", po::value<std::string>()->value_name("V,..."),
      "what these versions of Linux would say of what is accepted, by what they have and by the rules of their "
      "verifiers: 5.10 to 6.18, as in 5.10,6.1")("states",
                                                 "print the state before each instruction, in the kernel's notation")(
      "fix", po::value<std::string>()->value_name("diff|apply"),
      "print edits of a source that make its programs pass, as a diff (also --fix alone), or write them. Each was "
      "tried: "
      "the text with it compiles, and is rejected for less");
  add_compile_options(line.options);
  line.hidden.add_options()("file", po::value<std::vector<std::string>>());
  line.positional.add("file", -1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("file")) return console.usage("`spile check` needs a file");
  const auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());
  CheckOptions options{.compile = *compile, .judging = {}, .kernels = {}};
  JudgeOptions &judging = options.judging;
  judging.report = false;
  if (values->contains("section")) judging.section = (*values)["section"].as<std::string>();
  if (values->contains("prog")) judging.program = (*values)["prog"].as<std::string>();
  if (values->contains("type")) judging.type = (*values)["type"].as<std::string>();
  if (!judging.type.empty() && tables::find_program_type(judging.type) == nullptr)
    return console.usage("--type takes what SEC() takes, for example xdp; `{}` is no such section", judging.type);
  if (values->contains("kconfig")) judging.kconfig = (*values)["kconfig"].as<std::string>();
  const auto refused = helpers_refused_by(judging.kconfig);
  if (!refused) return console.fail(refused.error());
  judging.verifier.refused_helpers = *refused;
  judging.btf = compile->btf;
  judging.expect = values->contains("expect");
  // Programs that say what is expected of them have loaders of their own.
  options.compile.codegen.unloadable_maps = judging.expect;
  options.compile.codegen.sized_by_loaders = true;
  judging.verifier.unprivileged = values->contains("unprivileged");
  judging.may_relocate = true;
  if (values->contains("kernel")) {
    const auto &list = (*values)["kernel"].as<std::string>();
    auto kernels = parse_kernels(list);
    if (!kernels) return console.fail(kernels.error());
    options.kernels = std::move(*kernels);
  }
  if (values->contains("fix")) {
    const auto &how = (*values)["fix"].as<std::string>();
    if (how != "diff" && how != "apply") return console.usage("--fix takes diff or apply, not `{}`", how);
    options.fixing = how == "apply" ? Fixing::Apply : Fixing::Diff;
  }
  judging.verifier.keep_states = values->contains("states");
  judging.verifier.whole_path = console.verbosity > 0;
  KernelTypes types;
  for (const std::string &path : (*values)["file"].as<std::vector<std::string>>()) {
    if (path == "-" && options.fixing == Fixing::Apply) return console.usage("--fix=apply needs a file to write");
    const int one = check_one(path, options, types, console);
    if (one != kExitOk && code != kExitProgram) code = one;
  }
  return code;
}

}  // namespace spile::driver
