// spile build FILE -o x.o: compile to an ELF object; --emit shows the stages on the way.
#include <filesystem>

#include "backend/object/dump.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "frontend/ast/print.h"
#include "ir/text.h"

namespace spile::driver {

// What --emit takes. Text goes to stdout unless -o names a file.
static Result<std::string> emit_text(Compilation &compilation, const std::string &what) {
  const auto failed = [] { return std::unexpected(Error{}); };
  if (what == "pp") {
    const pp::Tokens *tokens = compilation.preprocess();
    if (tokens == nullptr) return failed();
    return pp::print_tokens(*tokens);
  }
  if (what == "ast") {
    const ast::TranslationUnit *unit = compilation.parse();
    if (unit == nullptr) return failed();
    return ast::print(*unit);
  }
  if (what == "ir" || what == "ir-raw") {
    const ir::Module *module = compilation.module(what == "ir");
    if (module == nullptr) return failed();
    return ir::print(*module);
  }
  if (what == "mir") {
    const ir::Module *module = compilation.module();
    if (module == nullptr) return failed();
    return codegen::print_mir(*module, compilation.options().codegen, compilation.diagnostics());
  }
  const object::Object *object = compilation.object();
  if (object == nullptr) return failed();
  object::DumpOptions options;
  options.btf = what == "btf";
  return object::dump(*object, options);
}

static Result<void> write_text(const std::string &path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  std::FILE *file = std::fopen(temporary.c_str(), "we");
  if (file == nullptr) return os_error(errno, temporary);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    std::remove(temporary.c_str());
    return os_error(error, path);
  }
  return {};
}

int command_build(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile build [options] FILE -o OUT.o";
  line.about = "Compiles FILE to an eBPF ELF object with BTF and line info.";
  line.footer = "  spile build probe.bpf.c -o probe.o && bpftool prog loadall probe.o /sys/fs/bpf/probe";
  line.add_common();
  line.options.add_options()("output,o", po::value<std::string>()->value_name("FILE"),
                             "where to write; default: FILE with .o for its ending")(
      "emit", po::value<std::string>()->value_name("STAGE"),
      "pp, ast, ir-raw (before the optimizer), ir, mir, asm, btf: as text; obj: the object")(
      "assembly,S", "the same as --emit=asm")("preprocess,E", "the same as --emit=pp");
  add_compile_options(line.options);
  line.hidden.add_options()("file", po::value<std::string>())(
      "debug,g", "accepted: debug information is always written")("compile,c", "accepted: an object is all there is");
  line.positional.add("file", 1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (!values->contains("file")) return console.usage("`spile build` needs a file");
  const auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());
  const auto &path = (*values)["file"].as<std::string>();
  std::string stage = values->contains("emit") ? (*values)["emit"].as<std::string>() : "obj";
  if (values->contains("assembly")) stage = "asm";
  if (values->contains("preprocess")) stage = "pp";
  static constexpr std::string_view kStages[] = {"pp", "ast", "ir-raw", "ir", "mir", "asm", "btf", "obj"};
  if (std::ranges::find(kStages, stage) == std::end(kStages))
    return console.usage("--emit takes pp, ast, ir-raw, ir, mir, asm, btf or obj, not `{}`", stage);

  Compilation compilation(path, *compile, console);
  if (stage == "obj") {
    const object::Object *object = compilation.object();
    compilation.summary();
    if (object == nullptr) return compilation.exit_code();
    std::string output;
    if (values->contains("output"))
      output = (*values)["output"].as<std::string>();
    else if (path == "-")
      return console.usage("a program from standard input needs -o");
    else
      output = std::filesystem::path(path).filename().replace_extension(".o").string();
    if (compilation.kind() == InputKind::Object && std::filesystem::exists(output) &&
        std::filesystem::equivalent(output, path))
      return console.usage("{} would be written over itself", path);
    if (auto written = object::write_elf_file(*object, output); !written) return console.fail(written.error());
    return kExitOk;
  }
  const Result<std::string> text = emit_text(compilation, stage);
  compilation.summary();
  if (!text || compilation.diagnostics().has_errors()) return compilation.exit_code();
  if (values->contains("output")) {
    if (auto written = write_text((*values)["output"].as<std::string>(), *text); !written)
      return console.fail(written.error());
  } else {
    console.print(*text);
  }
  return kExitOk;
}

}  // namespace spile::driver
