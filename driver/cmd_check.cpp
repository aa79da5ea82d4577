// spile check FILE...: compile and verify. Nothing is attached, no root is needed.
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/judge.h"

namespace spile::driver {

static void print_states(const Judged &judged, Console &console) {
  for (size_t i = 0; i < judged.verdict.states.size(); i++)
    if (!judged.verdict.states[i].empty())
      console.print(fmt::format("{}: {}: {}\n", judged.program.name, i, judged.verdict.states[i]));
}

static std::string_view word_of(const verifier::Verdict &verdict) {
  return verdict.kind == verifier::Verdict::Accept   ? "accepted"
         : verdict.kind == verifier::Verdict::Reject ? "rejected"
                                                     : "cannot judge";
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
    const auto &[program, type, verdict, expected] = judged;
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

static int check_one(const std::string &path, const CompileOptions &compile, const JudgeOptions &judging,
                     const std::string &kconfig, Console &console) {
  Compilation compilation(path, compile, console);
  object::Object *object = compilation.object();
  compilation.summary();
  if (object == nullptr) return compilation.exit_code();
  if (auto relocated = relocate_for(*object, compile.btf); !relocated) return console.fail(relocated.error());
  if (auto provided = provide_kconfig(*object, kconfig); !provided) return console.fail(provided.error());
  int code = kExitOk;
  const std::vector<Judged> programs = judge(*object, compilation.sources(), judging, console, code);
  if (judging.expect) return compare(path, programs, judging.verifier.unprivileged, console, code);
  for (const Judged &judged : programs) {
    const auto &[program, type, verdict, expected] = judged;
    if (judging.verifier.keep_states) print_states(judged, console);
    console.status("{}: {} ({}): {}", path, program.name, program.section, word_of(verdict));
    if (console.verbosity > 0)
      console.status("  {} instructions, {} processed, {} states at most, {} bytes of stack", program.insns.size(),
                     verdict.stats.processed, verdict.stats.peak_states, verdict.stats.stack_depth);
  }
  return code;
}

int command_check(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile check [options] FILE...";
  line.about =
      "Compiles each FILE (or reads it, when it is an ELF object of any compiler) and gives the verdict that the\n"
      "kernel's verifier would give, explained at the source line. Exit 0: every program is accepted; 1: one is\n"
      "rejected or does not compile; 5: one uses a feature that the verifier does not model yet.";
  line.add_common();
  line.options.add_options()("section", po::value<std::string>()->value_name("S"), "only programs in this section")(
      "prog", po::value<std::string>()->value_name("NAME"), "only the program of this name")(
      "type", po::value<std::string>()->value_name("SECTION"),
      "what programs in sections of no known type are: xdp, socket, tc, ...")(
      "kconfig", po::value<std::string>()->value_name("FILE"),
      "values of `extern __kconfig`: a kernel's .config, or `host`; default: any values")(
      "expect", "programs say what they expect (`__success`, `__failure __msg(\"...\")` of the kernel's selftests)")(
      "unprivileged", "as loaded without capabilities")(
      "states", "print the state before each instruction, in the kernel's notation");
  add_compile_options(line.options);
  line.hidden.add_options()("file", po::value<std::vector<std::string>>());
  line.positional.add("file", -1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("file")) return console.usage("`spile check` needs a file");
  const auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());
  JudgeOptions judging;
  if (values->contains("section")) judging.section = (*values)["section"].as<std::string>();
  if (values->contains("prog")) judging.program = (*values)["prog"].as<std::string>();
  if (values->contains("type")) judging.type = (*values)["type"].as<std::string>();
  if (!judging.type.empty() && tables::find_program_type(judging.type) == nullptr)
    return console.usage("--type takes what SEC() takes, for example xdp; `{}` is no such section", judging.type);
  const std::string kconfig = values->contains("kconfig") ? (*values)["kconfig"].as<std::string>() : "";
  judging.btf = compile->btf;
  judging.expect = values->contains("expect");
  judging.verifier.unprivileged = values->contains("unprivileged");
  judging.verifier.keep_states = values->contains("states");
  for (const std::string &path : (*values)["file"].as<std::vector<std::string>>()) {
    const int one = check_one(path, *compile, judging, kconfig, console);
    if (one != kExitOk && code != kExitProgram) code = one;
  }
  return code;
}

}  // namespace spile::driver
