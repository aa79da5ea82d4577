// spile dump FILE: what an object holds, disassembled, whoever made it.
#include "backend/object/core_relocate.h"
#include "backend/object/dump.h"
#include "driver/cfg.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/html.h"
#include "driver/walk.h"
#include "frontend/btf/sources.h"

namespace spile::driver {

// A page with what the verifier saw of every program.
static int print_page(Compilation &compilation, object::Object &object, const po::variables_map &values,
                      Console &console) {
  JudgeOptions judging;
  judging.verifier.keep_states = true;
  judging.verifier.whole_path = true;
  judging.may_relocate = true;
  judging.report = false;
  if (values.contains("section")) judging.section = values["section"].as<std::string>();
  KernelTypes types;
  int code = kExitOk;
  const std::vector<Judged> judged = judge(object, compilation.sources(), judging, types, console, code);
  if (judged.empty()) return code;
  const bool has_source = compilation.kind() == InputKind::Source;
  console.print(html_page(compilation.path(), has_source ? compilation.file()->text : "", judged));
  return kExitOk;
}

// What the verifier knew before each instruction, or how often it walked each line.
static int print_walk(Compilation &compilation, object::Object &object, const po::variables_map &values,
                      Console &console) {
  JudgeOptions judging;
  judging.verifier.keep_states = true;
  judging.may_relocate = true;
  judging.report = false;
  if (values.contains("section")) judging.section = values["section"].as<std::string>();
  KernelTypes types;
  int code = kExitOk;
  for (const Judged &judged : judge(object, compilation.sources(), judging, types, console, code)) {
    if (values.contains("states")) console.print(states_of_insns(judged));
    if (values.contains("cost")) console.print(cost_of_lines(judged));
  }
  return code == kExitProgram ? kExitOk : code;  // a rejected program has states too
}

static int print_cfg(const object::Object &object, const std::string &section, bool as_dot, Console &console) {
  for (const object::ProgramEntry &entry : object.programs) {
    if (!section.empty() && entry.section != section) continue;
    const auto program = object::link(object, entry);
    if (!program) return console.fail(program.error());
    console.print(as_dot ? cfg_as_dot(*program) : cfg_as_svg(*program, program->name, {}));
  }
  return kExitOk;
}

int command_dump(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile dump [options] FILE.o|FILE.c";
  line.about =
      "Disassembles an object of any compiler (a source is compiled first). Names stand where the object has them:\n"
      "maps and variables at their loads, helpers and subprograms at calls.";
  line.add_common();
  line.options.add_options()("source", "interleave the source lines")("maps", "only the maps")(
      "relocs", "only the relocations")("core", "only the CO-RE relocations, each explained by its line and path in C")(
      "target", po::value<std::string>()->value_name("WHERE"),
      "with --core: also what they come to on another kernel: host, or a file (BTF, or ELF with .BTF)")(
      "btf", "only the types, as C")("section", po::value<std::string>()->value_name("S"), "only this section")(
      "cfg", po::value<std::string>()->value_name("svg|dot"),
      "the control flow of each program: an SVG (also --cfg alone), or Graphviz's text")(
      "states", "what the verifier knows before each instruction, in the kernel's notation")(
      "cost", "how many instructions the verifier walks for each source line")(
      "html",
      "one page that needs nothing else: source, bytecode and the verifier's states side by side, the path of each "
      "rejection, what each line costs, the control flow");
  add_compile_options(line.options);
  line.hidden.add_options()("file", po::value<std::string>());
  line.positional.add("file", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("file")) return console.usage("`spile dump` needs a file");
  const auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());
  Compilation compilation((*values)["file"].as<std::string>(), *compile, console);
  object::Object *object = compilation.object();
  compilation.summary();
  if (object == nullptr) return compilation.exit_code();
  object::DumpOptions options;
  options.source = values->contains("source");
  options.maps = values->contains("maps");
  options.relocs = values->contains("relocs");
  options.btf = values->contains("btf");
  if (values->contains("section")) options.section = (*values)["section"].as<std::string>();
  if (!options.section.empty() && !object->find_section(options.section).valid())
    return console.fail(
        {Error::Kind::Input, fmt::format("{}: there is no section `{}`", object->path, options.section), {}, 0});
  if (values->contains("html")) return print_page(compilation, *object, *values, console);
  if (values->contains("states") || values->contains("cost")) return print_walk(compilation, *object, *values, console);
  if (values->contains("cfg")) {
    const auto &form = (*values)["cfg"].as<std::string>();
    if (form != "svg" && form != "dot") return console.usage("--cfg takes svg or dot, not `{}`", form);
    return print_cfg(*object, options.section, form == "dot", console);
  }
  if (values->contains("core")) {
    std::optional<object::Btf> types;
    std::optional<object::CoreTarget> target;
    if (values->contains("target")) {
      const auto &where = (*values)["target"].as<std::string>();
      auto read = object::Btf::read(where == "host" ? std::string(btf::kHostBtf) : where);
      if (!read) return console.fail(read.error());
      types = std::move(*read);
      target.emplace(*types);
    }
    console.print(object::dump_core(*object, target ? &*target : nullptr, options.section));
    return kExitOk;
  }
  console.print(object::dump(*object, options));
  return kExitOk;
}

}  // namespace spile::driver
