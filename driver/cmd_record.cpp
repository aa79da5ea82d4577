// spile record -o F.evt FILE|-e PROGRAM -c CMD: a run that also writes its events down, for `spile run -i F.evt`.
#include "driver/arguments.h"
#include "driver/commands.h"

namespace spile::driver {

int command_record(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile record -o FILE.evt|FILE.evb [options] FILE.c|FILE.o|-e PROGRAM -c CMD|-p PID|-i FILE";
  line.about =
      "Runs a probe on what CMD does, as `spile run` does, and writes each event to FILE.evt: system calls, calls of\n"
      "functions, samples, each with the memory that the probe read for it. `spile run FILE.c -i FILE.evt` then gives\n"
      "the same without CMD, as often as asked, and so does another probe, as far as it reads the same. FILE.evb is "
      "the\n"
      "same in binary, smaller and faster to read; with -i a recording becomes another one, of the events that the\n"
      "probe waits for.";
  line.footer = "  spile record -o ls.evt opensnoop.bpf.c -c \"ls /\"\n  spile run opensnoop.bpf.c -i ls.evt";
  line.add_common();
  line.options.add_options()("output,o", po::value<std::string>()->value_name("FILE"), "where the events go")(
      "execute,e", po::value<std::string>()->value_name("PROGRAM"), "record for PROGRAM, in the short form")(
      "command,c", po::value<std::string>()->value_name("CMD"), "run CMD and record what it does")(
      "pid,p", po::value<uint32_t>()->value_name("PID"), "record what this process does")(
      "duration,T", po::value<std::string>()->value_name("TIME"), "end after 10s, 500ms, 1m")(
      "input,i", po::value<std::string>()->value_name("FILE"), "record the events of FILE that the probe waits for");
  line.hidden.add_options()("file", po::value<std::string>())("on", po::value<std::string>());
  line.positional.add("file", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("output")) return console.usage("`spile record` needs -o FILE.evt");
  if (const auto on = values->contains("on") ? (*values)["on"].as<std::string>() : ""; on == "kernel")
    return console.usage(
        "what programs see in the kernel cannot be recorded: `spile record` writes down what CMD does; of tracepoints, "
        "`trace-cmd record -e CATEGORY:NAME CMD` writes a recording, which `spile run -i trace.dat` takes");
  else if (!on.empty() && on != (values->contains("input") ? "replay" : "ptrace"))
    return console.usage("--on={} is no source of these events", on);
  std::vector<std::string> run{"--record", (*values)["output"].as<std::string>()};
  if (values->contains("pid")) run.insert(run.end(), {"-p", std::to_string((*values)["pid"].as<uint32_t>())});
  for (const auto &[name, option] :
       {std::pair{"execute", "-e"}, std::pair{"command", "-c"}, std::pair{"input", "-i"}, std::pair{"duration", "-T"}})
    if (values->contains(name)) run.insert(run.end(), {option, (*values)[name].as<std::string>()});
  if (values->contains("file")) run.push_back((*values)["file"].as<std::string>());
  return command_run(run, console);
}

}  // namespace spile::driver
