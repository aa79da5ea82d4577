// spile: one program that compiles, verifies, explains and runs eBPF probes. The verb chooses the command; without
// one, `run` is meant (`spile probe.bpf.c`, and `#!/usr/bin/env -S spile` scripts).
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "driver/commands.h"
#include "driver/libraries.h"
#include "driver/version.h"
#include "lang-spec/tables/spelling.h"

namespace spile::driver {

static int help(Console &console) {
  std::string text =
      "usage: spile [COMMAND] [options] FILE\n\n"
      "Compiles restricted C with SEC() annotations to eBPF, proves it safe and runs it, without root.\n\n"
      "commands (`spile COMMAND --help` says more):\n";
  for (const Command &command : kCommands) text += fmt::format("  {:<11} {}\n", command.name, command.summary);
  text +=
      "\nexamples:\n"
      "  spile killsnoop.bpf.c -c \"sh -c 'sleep 60 & kill -9 \\$!'\"\n"
      "  spile check probe.bpf.c\n"
      "  spile build probe.bpf.c -o probe.o\n"
      "  spile run dnsonly.bpf.c -i traffic.pcap --pass dns.pcap\n";
  console.print(text);
  return kExitOk;
}

// A word that looks like a command, and is none, and no file either.
static bool is_misspelt_command(const std::string &word) {
  return !word.starts_with('-') && word.find_first_of("./{") == std::string::npos && ::access(word.c_str(), F_OK) != 0;
}

static int no_such_command(const std::string &word, std::string_view what, Console &console) {
  tables::Nearest nearest(word);
  for (const Command &command : kCommands) nearest.take(command.name);
  return console.fail({Error::Kind::Usage, fmt::format("there is no {} `{}`", what, word),
                       nearest.name().empty() ? std::string("`spile --help` lists the commands")
                                              : fmt::format("did you mean `{}`?", nearest.name()),
                       0});
}

static int run_command(const std::vector<std::string> &words, Console &console) {
  if (words.empty())
    return console.fail({Error::Kind::Usage, "no file and no command", "`spile --help` lists the commands", 0});
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    if (words.size() > 1 && words[0] == "help") {
      for (const Command &command : kCommands)
        if (command.name == words[1]) return command.function(std::vector<std::string>{"--help"}, console);
      return no_such_command(words[1], "command", console);
    }
    return help(console);
  }
  if (words[0] == "--version" || words[0] == "-V") return command_version({}, console);
  const Command *command = std::ranges::find(kCommands, words[0], &Command::name);
  const bool is_named = command != kCommands.end();
  if (!is_named && is_misspelt_command(words[0])) return no_such_command(words[0], "command and no file", console);
  if (!is_named) command = std::ranges::find(kCommands, "run", &Command::name);
  if (command->opens_libraries)
    if (const auto can = need_libraries(words); !can) return console.fail(can.error());
  return command->function(Arguments(words).subspan(is_named ? 1 : 0), console);
}

static int main(const std::vector<std::string> &words) {
  Console console;
  // Whichever of the two programs this is, it is seen under one name.
  if (can_open_libraries()) ::prctl(PR_SET_NAME, "spile");
  // A reader that closes the pipe ends a trace quietly: write(2) says so, no signal is needed.
  std::signal(SIGPIPE, SIG_IGN);
  const int code = run_command(words, console);
  const auto written = console.finish_output();
  if (written) return code;
  const int failed = console.fail(written.error());
  return code == kExitOk ? failed : code;
}

}  // namespace spile::driver

int main(int argc, char **argv) { return spile::driver::main({argv + (argc > 0 ? 1 : 0), argv + argc}); }
