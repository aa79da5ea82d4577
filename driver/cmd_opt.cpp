// spile opt --passes=a,b FILE.ir: IR text in, passes over it, IR text out. For tests of single passes.
#include "driver/commands.h"
#include "driver/compile.h"
#include "ir/text.h"

namespace spile::driver {

int command_opt(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile opt --passes=PASS,... FILE.ir";
  line.about = "Runs passes over IR text, in the given order, and prints the result. The checker runs after each.";
  line.add_common();
  line.options.add_options()("passes", po::value<std::string>()->value_name("LIST"),
                             "comma-separated; O0, O1, O2 name a whole pipeline");
  add_compile_options(line.options);
  line.hidden.add_options()("file", po::value<std::string>());
  line.positional.add("file", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("file") || !values->contains("passes"))
    return console.usage("`spile opt` needs --passes and a file of IR text (or `-`)");
  const auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());
  Compilation compilation((*values)["file"].as<std::string>(), *compile, console, InputKind::Ir);
  ir::Module *module = compilation.module(false);
  if (module == nullptr) {
    compilation.summary();
    return compilation.exit_code();
  }
  auto done = ir::run_passes(*module, (*values)["passes"].as<std::string>(), compilation.diagnostics());
  compilation.summary();
  if (!done) return console.fail(done.error());
  if (compilation.diagnostics().has_errors()) return kExitProgram;
  console.print(ir::print(*module));
  return kExitOk;
}

}  // namespace spile::driver
