// spile record -o F.evt FILE|HOOK...|-e PROGRAM -c CMD: a run that also writes its events down, for `spile run -i
// F.evt`.
#include <unistd.h>

#include <algorithm>

#include "driver/arguments.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/record_hooks.h"

namespace spile::driver {

namespace {

// `-o FILE` of a run is for what is printed: the recording has another name there.
std::vector<std::string> arguments_of_run(Arguments arguments, std::span<const std::string> hooks) {
  std::vector<std::string> run;
  for (size_t i = 0; i < arguments.size(); i++) {
    const std::string_view word = arguments[i];
    if (word == "--") {
      run.insert(run.end(), arguments.begin() + static_cast<ptrdiff_t>(i), arguments.end());
      break;
    }
    if (word == "-o" || word == "--output")
      run.emplace_back("--record");
    else if (word.starts_with("--output="))
      run.emplace_back(fmt::format("--record={}", word.substr(word.find('=') + 1)));
    else if (word.starts_with("-o"))
      run.emplace_back(fmt::format("--record={}", word.substr(2)));
    else if (std::ranges::find(hooks, word) == hooks.end())
      run.emplace_back(word);
  }
  return run;
}

}  // namespace

int command_record(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile record -o FILE.evt|FILE.evb [options] FILE.c|FILE.o|HOOK...|-e PROGRAM -c CMD|-p PID|-i FILE";
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
      "  spile record -o open.evt 'tracepoint/syscalls/sys_*_openat' -c \"ls /\"";
  line.add_common();
  line.options.add_options()("output,o", po::value<std::string>()->value_name("FILE"), "where the events go")(
      "execute,e", po::value<std::string>()->value_name("PROGRAM"), "record for PROGRAM, in the short form")(
      "command,c", po::value<std::string>()->value_name("CMD"), "run CMD and record what it does")(
      "pid,p", po::value<uint32_t>()->value_name("PID"), "record what this process does")(
      "input,i", po::value<std::string>()->value_name("FILE"), "record the events of FILE that the probe waits for")(
      "duration,T", po::value<std::string>()->value_name("TIME"), "end the run after 10 (seconds), 500ms, 1m")(
      "prog", po::value<std::string>()->value_name("NAME"), "run only this program")(
      "global,G", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "set a `const volatile` global of the probe");
  add_compile_options(line.options);
  line.hidden.add_options()("what", po::value<std::vector<std::string>>())("on", po::value<std::string>());
  line.positional.add("what", -1);
  int code = kExitOk;
  const auto separator = std::ranges::find(arguments, "--");
  const auto values = line.parse(Arguments(arguments.begin(), separator), console, code);
  if (!values) return code;
  if (!values->contains("output")) return console.usage("`spile record` needs -o FILE.evt");
  if (const auto on = values->contains("on") ? (*values)["on"].as<std::string>() : ""; on == "kernel")
    return console.usage(
        "what programs see in the kernel cannot be recorded: `spile record` writes down what CMD does; of tracepoints, "
        "`trace-cmd record -e CATEGORY:NAME CMD` writes a recording, which `spile run -i trace.dat` takes");
  else if (!on.empty() && on != (values->contains("input") ? "replay" : "ptrace"))
    return console.usage("--on={} is no source of these events", on);
  const auto what =
      values->contains("what") ? (*values)["what"].as<std::vector<std::string>>() : std::vector<std::string>{};
  std::vector<std::string> hooks;
  for (const std::string &word : what)
    if (names_hook(word) && ::access(word.c_str(), F_OK) != 0) hooks.push_back(word);
  if (!hooks.empty() && hooks.size() != what.size())
    return console.usage("`spile record` takes a probe or hooks, not both: `{}` is a hook", hooks[0]);
  std::vector<std::string> run = arguments_of_run(arguments, hooks);
  if (!hooks.empty()) {
    const std::string program = recording_probe(hooks);
    run.insert(std::ranges::find(run, "--"), {"-e", program});
  }
  return command_run(run, console);
}

}  // namespace spile::driver
