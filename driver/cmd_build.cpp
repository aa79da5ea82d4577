// spile build FILE -o x.o: compile to an ELF object; --emit shows the stages on the way.
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "backend/object/dump.h"
#include "backend/object/skeleton.h"
#include "backend/object/static_link.h"
#include "driver/build_stats.h"
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/dependencies.h"
#include "driver/emit_native.h"
#include "driver/libraries.h"
#include "driver/new.h"
#include "driver/output_file.h"
#include "driver/short_form.h"
#include "frontend/ast/print.h"
#include "ir/text.h"
#include "support/file.h"

namespace spile::driver {

// What --emit takes. Text goes to stdout unless -o names a file.
static Result<std::string> emit_text(Compilation &compilation, const std::string &what, std::string_view stage) {
  const auto failed = [] { return std::unexpected(Error{}); };
  if (what == "c") {
    if (!compilation.open()) return failed();
    return write_out_contexts(compilation.source_text(), compilation.path());
  }
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
    ir::Module *module = compilation.module();
    if (module == nullptr) return failed();
    return codegen::print_mir(*module, compilation.options().codegen, stage, compilation.diagnostics());
  }
  const object::Object *object = compilation.object();
  if (object == nullptr) return failed();
  object::DumpOptions options;
  options.btf = what == "btf";
  return object::dump(*object, options);
}

// What an input becomes when no -o says it.
static std::string object_name(const std::string &path) {
  return std::filesystem::path(path).filename().replace_extension(".o").string();
}

// `-` is stdout.
static int write_output(const std::string &path, std::span<const std::byte> bytes, Console &console) {
  if (path == "-") {
    console.print({reinterpret_cast<const char *>(bytes.data()), bytes.size()});
    return kExitOk;
  }
  if (auto written = write_file(path, bytes, 0666, Content::Made); !written) return console.fail(written.error());
  return kExitOk;
}

static int write_object(const object::Object &object, const std::string &path, Console &console) {
  const auto bytes = object::write_elf(object);
  if (!bytes) return console.fail(bytes.error());
  return write_output(path, *bytes, console);
}

// The object that --emit=skel puts into a header: another compiler's stays as it is.
static Result<std::string> skeleton_of(const Compilation &compilation, const object::Object &object,
                                       const std::string &name) {
  if (compilation.kind() == InputKind::Object)
    return object::make_skeleton(std::as_bytes(std::span(compilation.source_text())), name);
  const auto bytes = object::write_elf(object);
  if (!bytes) return std::unexpected(bytes.error());
  return object::make_skeleton(*bytes, name);
}

using Compilations = std::vector<std::unique_ptr<Compilation>>;

static int write_dependencies(const DependencyOptions &options, const std::string &output, const Compilations &inputs,
                              Console &console) {
  if (!options.is_wanted) return kExitOk;
  const std::string rule = dependency_rule(options, output, inputs);
  const std::string path =
      options.file.empty() ? std::filesystem::path(output).replace_extension(".d").string() : options.file;
  return write_output(path, std::as_bytes(std::span(rule)), console);
}

// -M and -MM: nothing is compiled, and warnings are for when it is.
static int build_rule(const std::string &path, CompileOptions compile, const DependencyOptions &options,
                      Console &console) {
  compile.warnings.no_warnings = true;
  compile.preprocess.missing_are_made = options.missing_are_made;
  Compilations inputs;
  Compilation &compilation = *inputs.emplace_back(std::make_unique<Compilation>(path, std::move(compile), console));
  const pp::Tokens *tokens = compilation.preprocess(pp::Postpone::Headers);
  compilation.summary();
  if (tokens == nullptr || compilation.diagnostics().has_errors()) return compilation.exit_code();
  return write_dependencies(options, object_name(path), inputs, console);
}

// Several inputs, sources or objects, become one object.
static int build_linked(const std::vector<std::string> &paths, const std::string &output, const CompileOptions &options,
                        const DependencyOptions &dependencies, Console &console) {
  Compilations compilations;
  std::vector<const object::Object *> objects;
  int code = kExitOk;
  for (const std::string &path : paths) {
    Compilation &compilation = *compilations.emplace_back(std::make_unique<Compilation>(path, options, console));
    const object::Object *object = compilation.object();
    compilation.summary();
    if (object == nullptr)
      code = compilation.exit_code();
    else
      objects.push_back(object);
  }
  if (code != kExitOk) return code;
  const auto linked = object::link_objects(objects, output);
  if (!linked) return console.fail(linked.error());
  if (const int failed = write_object(*linked, output, console); failed != kExitOk) return failed;
  return write_dependencies(dependencies, output, compilations, console);
}

int command_build(Arguments arguments, Console &console) {
  use_heap();
  CommandLine line;
  line.usage = "spile build [options] FILE... -o OUT.o";
  line.about =
      "Compiles FILE to an eBPF ELF object with BTF and line info. Several files, sources or objects, are linked into\n"
      "one object, as `bpftool gen object` does it.";
  line.footer = "  spile build probe.bpf.c -o probe.o && bpftool prog loadall probe.o /sys/fs/bpf/probe";
  line.add_common();
  line.options.add_options()("output,o", po::value<std::string>()->value_name("FILE"),
                             "where to write, - for stdout; default: FILE with .o for its ending")(
      "emit", po::value<std::string>()->value_name("STAGE"),
      "c (what -e and scripts mean), pp, ast, ir-raw (before the optimizer), ir, mir, asm, btf: as text; obj: the "
      "object; skel: a C header with it and its names, for libbpf, as `bpftool gen skeleton` makes it "
      "(docs/skeleton.md); native: a shared object of this machine's code, verified first (docs/native.md)")(
      "name", po::value<std::string>()->value_name("NAME"),
      "with --emit=skel: what the struct of the header is called; default: FILE's name, probe_bpf of probe.bpf.c")(
      "march", po::value<std::string>()->value_name("MACHINE"),
      "with --emit=native: x86_64 or aarch64; default: this one")(
      "blind-constants", "with --emit=native: no constant of the program appears in its code")(
      "execute,e", po::value<std::string>()->value_name("PROGRAM"), "compile PROGRAM, in the short form, see `run`")(
      "assembly,S", "the same as --emit=asm")("preprocess,E", "the same as --emit=pp")(
      "after", po::value<std::string>()->value_name("PASS[:N]"),
      "stop the optimizer behind the first (Nth) run of PASS in each function; -v names the passes. With --emit=mir "
      "also a stage of the back end:"
#define SPILE_STAGE(function, name, sentence) " " name
#include "backend/emit/stages.def"
      )("stats", "instructions, stack, map lookups, spills and time by stage, on stderr");
  add_dependency_options(line.options);
  add_compile_options(line.options);
  line.hidden.add_options()("file", po::value<std::vector<std::string>>())(
      "debug,g", "accepted: debug information is always written")("compile,c", "accepted: an object is all there is");
  line.positional.add("file", -1);
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (values->contains("file") == values->contains("execute"))
    return console.usage("`spile build` needs a file or -e PROGRAM");
  auto compile = compile_options(*values);
  if (!compile) return console.fail(compile.error());
  compile->codegen.unloadable_maps = true;
  compile->log_passes = console.verbosity > 0;
  if (values->contains("execute")) {
    compile->text = (*values)["execute"].as<std::string>();
    compile->form = SourceForm::Short;
  }
  const auto paths = compile->text ? std::vector<std::string>{"-e"} : (*values)["file"].as<std::vector<std::string>>();
  const std::string &path = paths.front();
  std::string stage = values->contains("emit") ? (*values)["emit"].as<std::string>() : "obj";
  if (values->contains("assembly")) stage = "asm";
  if (values->contains("preprocess")) stage = "pp";
  static constexpr std::string_view kStages[] = {"c",   "pp",  "ast", "ir-raw", "ir",    "mir",
                                                 "asm", "btf", "obj", "skel",   "native"};
  if (std::ranges::find(kStages, stage) == std::end(kStages))
    return console.usage("--emit takes c, pp, ast, ir-raw, ir, mir, asm, btf, obj, skel or native, not `{}`", stage);

  if ((values->contains("march") || values->contains("blind-constants")) && stage != "native")
    return console.usage("--march and --blind-constants are about --emit=native");
  const std::string march =
      values->contains("march") ? (*values)["march"].as<std::string>() : std::string(vm::kThisMachine);
  if (march != "x86_64" && march != "aarch64") return console.usage("--march takes x86_64 or aarch64, not `{}`", march);

  if (stage == "native") {
    std::vector<std::string> words{"build"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    if (const auto can = need_libraries(words); !can) return console.fail(can.error());
  }
  if (values->contains("name") && stage != "skel") return console.usage("--name is about --emit=skel");
  std::string skeleton;
  if (stage == "skel") {
    const bool is_named = values->contains("name");
    if ((path == "-" || compile->text) && !is_named)
      return console.usage("a program that is in no file needs --name for its skeleton");
    skeleton = is_named ? (*values)["name"].as<std::string>() : object::skeleton_name(path);
    if (!object::is_identifier(skeleton)) return console.usage("`{}` is no name of C: --name gives another", skeleton);
  }

  DependencyOptions dependencies = dependency_options(*values);
  if (dependencies.missing_are_made && !dependencies.is_all)
    return console.usage("-MG is about -M and -MM: what is compiled needs its headers");
  if (dependencies.is_all) {
    if (paths.size() > 1) return console.usage("-M and -MM take one file");
    if (dependencies.file.empty())
      dependencies.file = values->contains("output") ? (*values)["output"].as<std::string>() : "-";
    return build_rule(path, *compile, dependencies, console);
  }
  if (const bool is_named = values->contains("output"); is_named || (stage == "obj" && !compile->text)) {
    const std::string written = is_named ? (*values)["output"].as<std::string>() : object_name(path);
    if (const auto kept = check_not_read("-o", written, paths); written != "-" && !kept)
      return console.fail(kept.error());
  }
  std::string back_end_stage;
  if (values->contains("after")) {
    const auto &after = (*values)["after"].as<std::string>();
    if (const auto stages = codegen::stage_names(); std::ranges::find(stages, after) != stages.end()) {
      if (stage != "mir") return console.usage("--after={} is a stage of the back end: it needs --emit=mir", after);
      back_end_stage = after;
    } else if (const auto known = ir::check_after_option(after); !known) {
      return console.fail(known.error());
    } else {
      compile->after = after;
    }
  }

  if (paths.size() > 1) {
    if (stage != "obj") return console.usage("--emit={} takes one file", stage);
    if (!values->contains("output")) return console.usage("several files are linked into the one that -o names");
    return build_linked(paths, (*values)["output"].as<std::string>(), *compile, dependencies, console);
  }
  Compilations inputs;
  Compilation &compilation = *inputs.emplace_back(std::make_unique<Compilation>(path, *compile, console));
  if (stage == "obj") {
    const object::Object *object = compilation.object();
    compilation.summary();
    if (object == nullptr) return compilation.exit_code();
    if (compile->log_passes) console.error_text(pass_table(compilation.pass_log()));
    if (values->contains("stats")) console.status("{}: {}", path, stats_line(*object, compilation));
    if (!values->contains("output") && (path == "-" || compile->text))
      return console.usage("a program that is in no file needs -o");
    const std::string output = values->contains("output") ? (*values)["output"].as<std::string>() : object_name(path);
    if (const int failed = write_object(*object, output, console); failed != kExitOk) return failed;
    return write_dependencies(dependencies, output, inputs, console);
  }
  if (stage == "native") {
    object::Object *object = compilation.object();
    compilation.summary();
    if (object == nullptr) return compilation.exit_code();
    if (!values->contains("output")) return console.usage("--emit=native needs -o FILE.so");
    const std::string &output = (*values)["output"].as<std::string>();
    vm::JitSettings jit;
    jit.blind_constants = values->contains("blind-constants");
    int failed = kExitOk;
    const auto bytes = emit_native(*object, compilation.sources(), compile->btf, march,
                                   std::filesystem::path(output).filename().string(), jit, console, failed);
    if (!bytes) return failed;
    if (failed = write_output(output, *bytes, console); failed != kExitOk) return failed;
    return write_dependencies(dependencies, output, inputs, console);
  }
  Result<std::string> text = std::unexpected(Error{});
  if (stage == "skel") {
    const object::Object *object = compilation.object();
    if (object != nullptr && !compilation.diagnostics().has_errors()) {
      text = skeleton_of(compilation, *object, skeleton);
      if (!text) return console.fail(text.error());
    }
  } else {
    text = emit_text(compilation, stage, back_end_stage);
  }
  compilation.summary();
  if (!text || compilation.diagnostics().has_errors()) return compilation.exit_code();
  const std::string output = values->contains("output") ? (*values)["output"].as<std::string>() : "-";
  if (const int failed = write_output(output, std::as_bytes(std::span(*text)), console); failed != kExitOk)
    return failed;
  return write_dependencies(dependencies, output == "-" ? object_name(path) : output, inputs, console);
}

}  // namespace spile::driver
