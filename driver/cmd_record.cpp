// spile record -o F.evt FILE|HOOK...|-e PROGRAM -c CMD: a run that also writes its events down, for `spile run -i
// F.evt`.
#include <unistd.h>

#include <algorithm>

#include "driver/arguments.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/foreign_hooks.h"
#include "driver/record_hooks.h"

namespace spile::driver {

namespace {

// `-o FILE` of a run is for what is printed: the recording has another name there. Hooks are written out as a program.
std::vector<std::string> arguments_of_run(const CommandLine &line, std::span<const std::string> hooks) {
  std::vector<std::string> run;
  if (!hooks.empty()) run = {"-e", recording_probe(hooks)};
  for (const po::option &option : line.given) {
    const std::string_view name = option.string_key == "output" ? "record" : std::string_view(option.string_key);
    if (name == "verbose") continue;  // the console knows
    if (name != "what")
      run.push_back(option.value.empty() ? fmt::format("--{}", name) : fmt::format("--{}={}", name, option.value[0]));
    else if (hooks.empty())
      run.push_back(option.value[0]);
  }
  return run;
}

}  // namespace

int command_record(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage =
      "spile record -o FILE.evt|FILE.evb [options] FILE.c|FILE.o|HOOK...|-e PROGRAM -c CMD|-p PID|-i FILE|--on=kernel";
  line.about =
      "Runs a probe on what CMD does, as `spile run` does, and writes each event to FILE.evt: system calls, calls of\n"
      "functions, samples, each with the memory that the probe read for it. `spile run FILE.c -i FILE.evt` then gives\n"
      "the same without CMD, as often as asked, and so does another probe, as far as it reads the same. Where hooks "
      "are\n"
      "named in place of a probe, each is recorded with the texts that its fields point to. FILE.evb is the same in\n"
      "binary, smaller and faster to read; with -i a recording becomes another one, of the events that the probe "
      "waits\n"
      "for.";
  line.footer =
      "  spile record -o ls.evt opensnoop.bpf.c -c \"ls /\"\n  spile run opensnoop.bpf.c -i ls.evt\n"
      "  spile record -o open.evt 'tracepoint/syscalls/sys_*_openat' -c \"ls /\"\n"
      "  spile record --on=kernel -T 5 -o switches.evb tracepoint/sched/sched_switch";
  line.add_common();
  line.options.add_options()("output,o", po::value<std::string>()->value_name("FILE"), "where the events go")(
      "execute,e", po::value<std::string>()->value_name("PROGRAM"), "record for PROGRAM, in the short form")(
      "command,c", po::value<std::string>()->value_name("CMD"), "run CMD and record what it does")(
      "pid,p", po::value<uint32_t>()->value_name("PID"), "record what this process does")(
      "on", po::value<std::string>()->value_name("WHERE"),
      "ptrace (the default), or kernel: any tracepoint, as root, of CMD, of PID, or of all processes")(
      "input,i", po::value<std::string>()->value_name("FILE"), "record the events of FILE that the probe waits for")(
      "duration,T", po::value<std::string>()->value_name("TIME"), "end the run after 10 (seconds), 500ms, 1m")(
      "prog", po::value<std::string>()->value_name("NAME"), "run only this program")(
      "global,G", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "set a `const volatile` global of the probe");
  add_compile_options(line.options);
  line.hidden.add_options()("what", po::value<std::vector<std::string>>());
  line.positional.add("what", -1);
  int code = kExitOk;
  const auto separator = std::ranges::find(arguments, "--");
  const auto values = line.parse(Arguments(arguments.begin(), separator), console, code);
  if (!values) return code;
  if (!values->contains("output")) return console.usage("`spile record` needs -o FILE.evt");
  const auto on = values->contains("on") ? (*values)["on"].as<std::string>() : "";
  if (!on.empty() && on != (values->contains("input") ? "replay" : "ptrace") &&
      (on != "kernel" || values->contains("input")))
    return console.usage("--on={} is no source of these events", on);
  const auto what =
      values->contains("what") ? (*values)["what"].as<std::vector<std::string>>() : std::vector<std::string>{};
  std::vector<std::string> hooks;
  for (const std::string &word : what) {
    if (::access(word.c_str(), F_OK) == 0) continue;
    if (names_hook(word)) {
      hooks.push_back(word);
    } else if (const std::string here = hook_spelled_here(word); !here.empty()) {
      return console.fail({Error::Kind::Usage, fmt::format("there is no file `{}`", word),
                           fmt::format("the hook is `{}` here", here), 0});
    }
  }
  if (!hooks.empty() && (hooks.size() != what.size() || values->contains("execute")))
    return console.fail({Error::Kind::Usage,
                         fmt::format("`spile record` takes a probe or hooks, not both: `{}` is a hook", hooks[0]),
                         "a command is given with -c: -c \"ls /\"", 0});
  std::vector<std::string> run = arguments_of_run(line, hooks);
  run.insert(run.end(), separator, arguments.end());
  return command_run(run, console);
}

}  // namespace spile::driver
