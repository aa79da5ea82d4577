// spile record -o F.evt FILE|-e PROGRAM -c CMD: a run that also writes its events down, for `spile run -i F.evt`.
#include "driver/arguments.h"
#include "driver/commands.h"

namespace spile::driver {

int command_record(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile record -o FILE.evt|FILE.evb [options] FILE.c|FILE.o|-e PROGRAM -c CMD|-i FILE";
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
      "input,i", po::value<std::string>()->value_name("FILE"), "record the events of FILE that the probe waits for");
  line.hidden.add_options()("file", po::value<std::string>());
  line.positional.add("file", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("output")) return console.usage("`spile record` needs -o FILE.evt");
  std::vector<std::string> run{"--record", (*values)["output"].as<std::string>()};
  for (const auto &[name, option] : {std::pair{"execute", "-e"}, std::pair{"command", "-c"}, std::pair{"input", "-i"}})
    if (values->contains(name)) run.insert(run.end(), {option, (*values)[name].as<std::string>()});
  if (values->contains("file")) run.push_back((*values)["file"].as<std::string>());
  return command_run(run, console);
}

}  // namespace spile::driver
