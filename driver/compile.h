// From a file on the command line to an object: a source is compiled, an ELF file is read, IR text is optimized.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/emit/emit.h"
#include "backend/object/object.h"
#include "driver/arguments.h"
#include "driver/console.h"
#include "frontend/ast/ast.h"
#include "frontend/btf/sources.h"
#include "frontend/parse/parser.h"
#include "frontend/pp/preprocessor.h"
#include "ir/ir.h"
#include "ir/pipeline.h"
#include "support/arena.h"
#include "support/diagnostics.h"

namespace spile::driver {

// Adds the options that every compiling command shares: -I -isystem -iquote -D -U -O -mcpu -W.
void add_compile_options(OptionTable &options);

// What a source is written in; Either: in the short form (short_form.h) when it has no SEC(). A script always is
// Either.
enum class SourceForm : uint8_t { C, Short, Either };

struct CompileOptions {
  pp::Options preprocess;
  std::string btf;  // where the types of vmlinux.h come from: see btf::Source
  ir::OptLevel level = ir::OptLevel::O2;
  std::string after;        // stop the optimizer behind this pass (ir::PipelineRequest)
  bool log_passes = false;  // keep pass_log()
  codegen::CodegenOptions codegen;
  size_t max_errors = 20;
  std::optional<std::string> text;  // the source itself, in place of what the file holds
  SourceForm form = SourceForm::C;
  WarningOptions warnings;
  std::vector<std::string> unknown_warnings;  // names behind -W that neither Spile nor clang has
};
// Fails on a value that an option does not take.
Result<CompileOptions> compile_options(const po::variables_map &values);

// Who runs a probe knows the machine: the registers of bpf_tracing.h are this one's, unless the user says otherwise.
void for_this_machine(CompileOptions &options);

enum class InputKind { Source, Object, Ir };

// One input of a command, carried as far as asked. Diagnostics are reported to the console as they come.
class Compilation {
 public:
  // [kind]: what the input is taken for; by default its name and first bytes say it.
  Compilation(std::string path, CompileOptions options, Console &console, std::optional<InputKind> kind = std::nullopt);
  Compilation(const Compilation &) = delete;
  Compilation &operator=(const Compilation &) = delete;

  // Each step does those before it. False, or null, when an error was reported; exit_code() says which.
  bool open();
  // The tokens are there until the module is, which is made without the tree, and the module until the object is.
  const pp::Tokens *preprocess(pp::Postpone postpone = pp::Postpone::Nothing);
  ast::TranslationUnit *parse();
  ir::Module *module(bool optimize = true);
  object::Object *object();

  InputKind kind() const { return kind_; }
  int exit_code() const { return exit_code_; }
  const std::string &path() const { return path_; }
  // The header files that were read; those that ship are not among them.
  std::span<const SourceManager::File *const> headers() const {
    if (!tokens_) return {};
    return tokens_->read;
  }
  // Whether types come from BTF.
  bool imports_btf() const { return tokens_ && tokens_->has_import; }
  // The C that is compiled; once it is open.
  std::string_view source_text() const { return file_->text; }
  const SourceManager &sources() const { return sources_; }
  // The input itself; null before open().
  const SourceManager::File *file() const { return file_; }
  Diagnostics &diagnostics() { return diagnostics_; }
  const CompileOptions &options() const { return options_; }
  // What the optimizer did, where the options ask for it.
  const ir::PassLog &pass_log() const { return pass_log_; }
  // What register allocation did not keep in registers; nothing for an input that is an object.
  regalloc::SpillCount spilled() const { return spilled_; }
  // How long each stage took, in the order in which they ended. A stage that ran within another is not in that one.
  struct StageTime {
    std::string_view stage;
    double seconds;
  };
  std::span<const StageTime> stage_times() const { return stage_times_; }
  // Counts of errors and warnings, at the end.
  void summary() { console_.summary(diagnostics_); }

 private:
  bool failed(const Error &error);
  bool tokens_and_types(pp::Postpone postpone);
  class Reader;
  bool read_source();
  void analyse_rest(const parse::Repairs &repairs);
  bool write_out();
  // What has gone by since the last stage ended is [stage]'s, but for what was [elsewhere].
  void end_stage(std::string_view stage, std::chrono::duration<double> elsewhere = {});

  std::string path_;
  CompileOptions options_;
  Console &console_;
  std::optional<InputKind> forced_kind_;
  InputKind kind_ = InputKind::Source;
  int exit_code_ = kExitProgram;
  bool opened_ = false;
  SourceManager sources_;
  Diagnostics diagnostics_{sources_};
  Arena arena_;   // of the preprocessor: names of macros, which notes of later stages show
  Arena tree_;    // of the parser and sema, until there is a module
  Arena bodies_;  // trees of the main file's declarations, each until it has been looked at
  const SourceManager::File *file_ = nullptr;
  std::optional<pp::Tokens> tokens_;
  btf::Source btf_source_;
  const btf::Image *btf_ = nullptr;  // once the tokens import it
  ast::TranslationUnit *unit_ = nullptr;
  std::optional<ir::Module> module_;
  ir::PassLog pass_log_;
  regalloc::SpillCount spilled_;
  std::vector<StageTime> stage_times_;
  std::chrono::steady_clock::time_point stage_begin_ = std::chrono::steady_clock::now();
  std::optional<object::Object> object_;
};

}  // namespace spile::driver
