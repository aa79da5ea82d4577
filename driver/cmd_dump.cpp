// spile dump FILE: what an object holds, disassembled, whoever made it.
#include "backend/object/core_relocate.h"
#include "backend/object/dump.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "frontend/btf/sources.h"

namespace spile::driver {

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
      "btf", "only the types, as C")("section", po::value<std::string>()->value_name("S"), "only this section");
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
  const object::Object *object = compilation.object();
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
