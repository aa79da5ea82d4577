#include "driver/compile.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>
#include <unordered_set>

#include "driver/short_form.h"
#include "frontend/lower/lower.h"
#include "frontend/sema/sema.h"
#include "ir/text.h"
#include "lang-spec/tables/diagnostics.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/options.def"
#include "lang-spec/tables/spelling.h"
#include "support/diag_table.h"

namespace spile::driver {

void add_compile_options(OptionTable &options) {
  using Strings = std::vector<std::string>;
  options.add_options()("include-dir,I", po::value<Strings>()->value_name("DIR"), "search DIR for headers")(
      "isystem", po::value<Strings>()->value_name("DIR"), "search DIR after all -I")(
      "idirafter", po::value<Strings>()->value_name("DIR"), "search DIR after all others")(
      "include", po::value<Strings>()->value_name("FILE"), "read FILE before the source")(
      "imacros", po::value<Strings>()->value_name("FILE"), "the same, and keep only its macros")(
      "iquote", po::value<Strings>()->value_name("DIR"), "search DIR for #include \"...\"")(
      "define,D", po::value<Strings>()->value_name("NAME[=VALUE]"), "define a macro")(
      "undefine,U", po::value<Strings>()->value_name("NAME"), "undefine a macro")(
      "std", po::value<std::string>()->value_name("STANDARD"),
      "as clang: gnu89 to gnu17 mean the same here; gnu23 and gnu2x make bool, true, ... keywords")(
      "optimize,O", po::value<std::string>()->value_name("LEVEL"), "0, 1 or 2 (the default)")(
      "mcpu", po::value<std::string>()->value_name("VERSION"), "v1, v2, v3 (the default) or v4")(
      "nobuiltininc", "do not use the headers that ship with the language")("nostdinc", "the same")(
      "warning,W", po::value<Strings>()->value_name("WARNING"),
      "as clang: -Wall, -Wextra, -Wno-NAME, -Werror, -Werror=NAME")("no-warnings,w", "no warnings")(
      "max-errors", po::value<size_t>()->value_name("N"), "stop after N errors; 0: never");
  // `dump` has a flag of that name.
  if (options.has("btf")) return;
  options.add_options()(
      "btf", po::value<std::string>()->value_name("WHERE"),
      "where vmlinux.h takes its types from: host (/sys/kernel/btf/vmlinux) or a file (BTF, or ELF with "
      ".BTF); default: the BTF that ships");
}

void for_this_machine(CompileOptions &options) {
  // What libbpf's headers ask for.
#ifdef __aarch64__
  constexpr const char *kTargetArch = "__TARGET_ARCH_arm64";
#else
  constexpr const char *kTargetArch = "__TARGET_ARCH_x86";
#endif
  auto &macros = options.preprocess.macros;
  if (std::ranges::none_of(macros, [](const auto &macro) { return macro.text.starts_with("__TARGET_ARCH_"); }))
    macros.insert(macros.begin(), {kTargetArch, false});
}

// Whether [option], without its "-W", names a warning of ours or of clang's.
static bool is_warning_name(std::string_view option) {
  static constexpr std::string_view kClang =
#include "lang-spec/tables/diagnostics/clang-warnings.def"
      ;
  for (const std::string_view prefix : {"no-", "error=", "error"})
    if (option.starts_with(prefix)) option.remove_prefix(prefix.size());
  const std::string_view name = option.substr(0, option.find('='));
  // What is passed on to other programs, as -Wl,...
  if (name.empty() || name.contains(',') || name == "everything") return true;
  return WarningOptions::is_name(name) || kClang.contains(fmt::format(" {} ", name));
}

Result<CompileOptions> compile_options(const po::variables_map &values) {
  CompileOptions options;
  const auto strings = [&](const char *name) {
    return values.contains(name) ? values[name].as<std::vector<std::string>>() : std::vector<std::string>{};
  };
  options.preprocess.include_dirs = strings("include-dir");
  options.preprocess.system_dirs = strings("isystem");
  options.preprocess.quote_dirs = strings("iquote");
  options.preprocess.after_dirs = strings("idirafter");
  options.preprocess.includes = strings("include");
  options.preprocess.macro_includes = strings("imacros");
  // Each -U has become a definition that says so, which keeps the two in their order (arguments.h).
  for (const std::string &text : strings("define")) {
    const bool undefine = text.starts_with(kUndefineMark);
    options.preprocess.macros.push_back({text.substr(undefine ? kUndefineMark.size() : 0), undefine});
  }
  if (values.contains("btf") && values["btf"].value().type() == typeid(std::string))
    options.btf = values["btf"].as<std::string>();
  options.preprocess.shipped_headers = !values.contains("nobuiltininc") && !values.contains("nostdinc");
  if (values.contains("std")) {
    const auto &standard = values["std"].as<std::string>();
    static constexpr std::string_view kOld[] = {"89", "90", "99", "9x", "11", "1x", "17", "18"};
    static constexpr std::string_view kNew[] = {"23", "2x"};
    const std::string_view year = std::string_view(standard).substr(standard.starts_with("gnu") ? 3 : 1);
    options.preprocess.c23 = std::ranges::find(kNew, year) != std::end(kNew);
    if ((!standard.starts_with("gnu") && !standard.starts_with("c")) ||
        (!options.preprocess.c23 && std::ranges::find(kOld, year) == std::end(kOld)))
      return usage_error("-std takes c11, gnu11, c17, gnu17, c23, gnu23 and the like, not `{}`", standard);
  }
  if (values.contains("optimize")) {
    const auto &level = values["optimize"].as<std::string>();
    if (level == "0")
      options.level = ir::OptLevel::O0;
    else if (level == "1")
      options.level = ir::OptLevel::O1;
    else if (level == "2" || level == "3" || level == "s" || level == "z")
      options.level = ir::OptLevel::O2;
    else
      return usage_error("-O takes 0, 1 or 2, not `{}`", level);
  }
  options.preprocess.optimize = options.level != ir::OptLevel::O0;
  if (values.contains("mcpu")) {
    const auto &cpu = values["mcpu"].as<std::string>();
    if (cpu.size() != 2 || cpu[0] != 'v' || cpu[1] < '1' || cpu[1] > '4')
      return usage_error("-mcpu takes v1, v2, v3 or v4, not `{}`", cpu);
    options.codegen.mcpu = static_cast<unsigned>(cpu[1] - '0');
    options.preprocess.mcpu = options.codegen.mcpu;
  }
  for (const std::string &name : strings("warning")) {
    options.warnings.option(name);
    if (!is_warning_name(name)) options.unknown_warnings.push_back(name);
  }
  options.warnings.no_warnings = values.contains("no-warnings");
  if (values.contains("max-errors")) options.max_errors = values["max-errors"].as<size_t>();
  return options;
}

Compilation::Compilation(std::string path, CompileOptions options, Console &console, std::optional<InputKind> kind)
    : path_(std::move(path)),
      options_(std::move(options)),
      console_(console),
      forced_kind_(kind),
      btf_source_(options_.btf) {
  diagnostics_.max_errors = options_.max_errors;
  diagnostics_.warnings = options_.warnings;
  diagnostics_.on_report = [this](const Diagnostic &d) { console_.report(sources_, d); };
}

bool Compilation::failed(const Error &error) {
  exit_code_ = console_.fail(error);
  return false;
}

void Compilation::end_stage(std::string_view stage, std::chrono::duration<double> elsewhere) {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> gone_by = now - stage_begin_;
  stage_times_.push_back({stage, (gone_by - elsewhere).count()});
  stage_begin_ = now;
}

bool Compilation::open() {
  if (opened_) return file_ != nullptr;
  opened_ = true;
  for (const std::string &name : options_.unknown_warnings) {
    tables::Nearest nearest(name);
    for (const tables::DiagnosticRow &row : tables::kDiagnosticRows)
      if (const auto flag = WarningOptions::flag_of(row.name); !flag.empty()) nearest.take(flag);
    auto report = diagnostics_.report<diag::UnknownWarningOption>(Loc{}, name);
    if (!nearest.name().empty()) report.hint("did you mean `-W{}`?", nearest.name());
  }
  auto loaded = options_.text ? sources_.add(path_, *options_.text) : sources_.load(path_);
  if (!loaded) {
    if (loaded.error().os_error == ENOENT && path_.contains('{'))
      loaded.error().hint = "a program on the command line stands behind -e";
    return failed(loaded.error());
  }
  file_ = *loaded;
  if (forced_kind_)
    kind_ = *forced_kind_;
  else if (file_->text.starts_with("\177ELF"))
    kind_ = InputKind::Object;
  else if (path_.ends_with(".ir"))
    kind_ = InputKind::Ir;
  else if (path_.ends_with(".o"))
    return file_ = nullptr, failed({Error::Kind::Input, fmt::format("{}: not an ELF file", path_), {}, 0});
  return kind_ != InputKind::Source || write_out();
}

// Scripts and the short form become C.
bool Compilation::write_out() {
  const bool is_script = file_->text.starts_with("#!");
  std::string text;
  const bool is_either = is_script || options_.form == SourceForm::Either;
  if (options_.form == SourceForm::Short || (is_either && is_short_form(file_->text))) {
    auto written = write_out_short_form(*file_, diagnostics_);
    if (!written) {
      // A hook that this machine does not have is no fault of the program.
      if (std::ranges::all_of(diagnostics_.all(), [](const Diagnostic &d) { return d.info->name == "NoHookMatches"; }))
        exit_code_ = kExitEnvironment;
      return file_ = nullptr, false;
    }
    text = std::move(*written);
    // Its sections are lines that nobody wrote; hooks that do not exist are told where they are looked up.
    diagnostics_.warnings.option("no-unknown-tracepoint");
  } else if (is_script) {
    // The line of the interpreter is none of C's.
    text = "//" + file_->text;
  } else {
    return true;
  }
  auto added = sources_.add(path_, std::move(text));
  if (!added) return file_ = nullptr, failed(added.error());
  sources_.mark_written_from(**added, *file_);
  file_ = *added;
  return true;
}

const pp::Tokens *Compilation::preprocess(pp::Postpone postpone) {
  if (tokens_) return &*tokens_;
  if (!open()) return nullptr;
  if (kind_ != InputKind::Source) {
    failed({Error::Kind::Usage, fmt::format("{}: a C source is needed here", path_), {}, 0});
    return nullptr;
  }
  options_.preprocess.postpone = postpone;
  tokens_ = pp::preprocess(*file_, options_.preprocess, sources_, arena_, diagnostics_);
  end_stage("preprocess");
  return &*tokens_;
}

// The tokens, and where the types that they import come from.
bool Compilation::tokens_and_types(pp::Postpone postpone) {
  const pp::Tokens *tokens = preprocess(postpone);
  // A header that is missing would only make the parser stumble over every type it declares.
  const auto misleads = [](const Diagnostic &d) { return d.severity == Severity::Error && !pp::is_contained(d); };
  if (tokens == nullptr || std::ranges::any_of(diagnostics_.all(), misleads)) return false;
  if (!tokens->has_import) return true;
  const auto image = btf_source_.image();
  if (!image) return failed(image.error());
  btf_ = *image;
  return true;
}

ast::TranslationUnit *Compilation::parse() {
  if (unit_ != nullptr || !tokens_and_types(pp::Postpone::Nothing)) return unit_;
  unit_ = parse::parse(*tokens_, tree_, diagnostics_, btf_);
  end_stage("parse");
  return unit_;
}

// Analyses and lowers each declaration as soon as the parser has read it, and lets go of its tree.
class Compilation::Reader final : public parse::DeclarationSink {
 public:
  using Seconds = std::chrono::duration<double>;

  explicit Reader(Compilation &owner)
      : owner_(owner),
        analysis_(owner.tree_, owner.bodies_, owner.diagnostics_, owner.btf_),
        lowering_(owner.sources_, owner.diagnostics_) {}

  void begin(ast::PostponedDeclarations *postponed) override { analysis_.begin(postponed); }
  void take(ast::List<ast::Decl> decls) override {
    bool is_tree_needed = false;
    for (ast::Decl *decl : decls) is_tree_needed |= read(*decl);
    if (is_tree_needed)
      kept_ = owner_.bodies_.mark();
    else
      owner_.bodies_.release(kept_);
  }

  // Ends the stages. Nothing after an error.
  std::optional<ir::Module> finish() {
    owner_.end_stage("parse", analysing_ + lowering_time_);
    const sema::Unit unit = analysis_.finish();
    owner_.end_stage("analyse", -analysing_);
    if (owner_.diagnostics_.has_errors()) return std::nullopt;
    ir::Module module = lowering_.finish(unit);
    module.path = owner_.path_;
    return module;
  }
  Seconds lowering_time() const { return lowering_time_; }

 private:
  // Whether the tree is looked at again.
  bool read(ast::Decl &decl) {
    const auto begin = std::chrono::steady_clock::now();
    const auto [function, is_tree_needed] = analysis_.declaration(decl);
    const auto analysed = std::chrono::steady_clock::now();
    const bool is_lowered =
        function != nullptr && !is_tree_needed && !owner_.diagnostics_.has_errors() && lowering_.early(*function);
    if (is_lowered) function->definition = nullptr;
    analysing_ += analysed - begin;
    lowering_time_ += std::chrono::steady_clock::now() - analysed;
    return is_tree_needed || (function != nullptr && !is_lowered);
  }

  Compilation &owner_;
  sema::Analysis analysis_;
  lower::Lowering lowering_;
  Arena::Mark kept_;
  Seconds analysing_{}, lowering_time_{};
};

// From the tokens to the module.
bool Compilation::read_source() {
  if (!tokens_and_types(pp::Postpone::Headers)) return false;
  // What sema finds waits until all has been read: where the syntax is wrong, analyse_rest() looks for it anew.
  Diagnostics before = diagnostics_;
  diagnostics_.on_report = nullptr;
  Reader reader(*this);
  if (!parse::parse_each(*tokens_, tree_, bodies_, diagnostics_, btf_, reader)) {
    // The tokens are made again: those that were passed are gone. What that reports has been told.
    tokens_ = pp::preprocess(*file_, options_.preprocess, sources_, arena_, diagnostics_);
    diagnostics_ = std::move(before);
    parse::Repairs repairs;
    parse::parse(*tokens_, tree_, diagnostics_, btf_, parse::Bodies::Lazy, &repairs);
    end_stage("parse");
    analyse_rest(repairs);
    return false;
  }
  diagnostics_.on_report = before.on_report;
  for (const Diagnostic &found : std::span(diagnostics_.all()).subspan(before.all().size()))
    diagnostics_.on_report(found);
  module_ = reader.finish();
  // The module refers to the sources alone: what is some twenty times as large as they are goes.
  bodies_ = Arena();
  tree_ = Arena();
  tokens_->list = std::vector<pp::Token>();  // `{}` would keep its memory
  tokens_->postponed.reset();
  if (module_) end_stage("lower", -reader.lowering_time());
  return module_.has_value();
}

// After syntax errors: what remains of the source is analysed too, so that its faults do not wait for the next run.
// Only errors count, and none that misses something of what was left out.
void Compilation::analyse_rest(const parse::Repairs &repairs) {
  if (diagnostics_.too_many()) return;
  Diagnostics more(sources_);
  more.max_errors = 0;
  for (const Diagnostic &d : diagnostics_.all()) more.add(d);
  const size_t known = more.all().size();
  std::unordered_set<std::string_view> left_out;
  ast::TranslationUnit *unit = parse::parse_rest(*tokens_, repairs, tree_, more, btf_, left_out);
  if (unit == nullptr) return;
  sema::analyze(*unit, tree_, more, btf_);
  for (const Diagnostic &d : std::span(more.all()).subspan(known))
    if (d.severity == Severity::Error && !sema::may_follow(d, left_out)) diagnostics_.add(d);
}

ir::Module *Compilation::module(bool optimize) {
  if (module_) return &*module_;
  if (!open()) return nullptr;
  if (kind_ == InputKind::Ir) {
    module_ = ir::parse_text(*file_, diagnostics_);
    if (!module_) return nullptr;
    end_stage("parse");
  } else {
    if (!read_source()) return nullptr;
  }
  if (optimize && !diagnostics_.has_errors()) {
    const ir::PipelineRequest request{options_.after, options_.log_passes ? &pass_log_ : nullptr};
    ir::run_pipeline(*module_, options_.level, diagnostics_, request);
    end_stage("optimize");
  }
  if (diagnostics_.has_errors()) {
    module_.reset();
    return nullptr;
  }
  return &*module_;
}

object::Object *Compilation::object() {
  if (object_) return &*object_;
  if (!open()) return nullptr;
  if (kind_ == InputKind::Object) {
    auto read = object::read_elf(std::as_bytes(std::span(file_->text)), path_);
    if (!read) return failed(read.error()), nullptr;
    object_ = std::move(*read);
  } else {
    ir::Module *lowered = module();
    if (lowered == nullptr) return nullptr;
    object_ = codegen::emit(*lowered, options_.codegen, diagnostics_, &spilled_);
    end_stage("emit");
    module_.reset();  // the object refers to nothing of it, and writing it out takes as much memory again
    if (!object_ || diagnostics_.has_errors()) return nullptr;
  }
  return &*object_;
}

}  // namespace spile::driver
