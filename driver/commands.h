// The commands of `spile`, one file each (cmd_<name>.cpp). Each takes its own arguments (without the verb) and
// returns the exit code.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "driver/console.h"

namespace spile::driver {

using Arguments = std::span<const std::string>;

int command_run(Arguments arguments, Console &console);
int command_check(Arguments arguments, Console &console);
int command_build(Arguments arguments, Console &console);
int command_dump(Arguments arguments, Console &console);
int command_exec(Arguments arguments, Console &console);
int command_explain(Arguments arguments, Console &console);
int command_list(Arguments arguments, Console &console);
int command_map(Arguments arguments, Console &console);
int command_opt(Arguments arguments, Console &console);
int command_completions(Arguments arguments, Console &console);
int command_info(Arguments arguments, Console &console);
int command_record(Arguments arguments, Console &console);
int command_test(Arguments arguments, Console &console);
int command_tables(Arguments arguments, Console &console);
int command_version(Arguments arguments, Console &console);

struct Command {
  std::string_view name;
  int (*function)(Arguments, Console &);
  std::string_view summary;
  bool opens_libraries = false;  // goes on in spile-engines (driver/libraries.h)
};
inline constexpr auto kCommands = std::to_array<Command>({
    {"run", command_run, "run a probe on a child's system calls or on packets (the default command)", true},
    {"check", command_check, "compile and verify; attach nothing, no root"},
    {"build", command_build, "compile to an ELF object that libbpf, bpftool and spile load"},
    {"dump", command_dump, "disassemble an object of any compiler, with source, maps and types"},
    {"explain", command_explain, "what a diagnostic means: its cause, an example, the cure"},
    {"exec", command_exec, "run one program on one input, engines compared; or bytecode on bare memory", true},
    {"test", command_test, "run the events and expectations that stand in or beside a probe", true},
    {"record", command_record, "run a probe and write its events down, to be replayed", true},
    {"list", command_list, "the hooks that a probe can name, with their arguments"},
    {"map", command_map, "show and change maps that outlive a run: files of `run --pin`, the kernel's"},
    {"opt", command_opt, "run optimizer passes over IR text"},
    {"info", command_info, "what this build and this machine can do"},
    {"tables", command_tables, "print a table of the language: helpers, maps, programs, contexts, diagnostics"},
    {"completions", command_completions, "what bash, zsh or fish needs to complete"},
    {"version", command_version, "print the version"},
});

}  // namespace spile::driver
