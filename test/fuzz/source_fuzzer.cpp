// Any bytes as a source: through every stage of the compiler and, when they compile, the verifier. Must end with
// diagnostics or an object; never crash, hang, or break a check of ours.
#include <cstddef>
#include <cstdint>
#include <string>

#include "backend/emit/emit.h"
#include "backend/object/object.h"
#include "frontend/lower/lower.h"
#include "frontend/parse/parser.h"
#include "frontend/pp/preprocessor.h"
#include "frontend/sema/sema.h"
#include "ir/pipeline.h"
#include "verifier/verifier.h"

using namespace spile;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  SourceManager sources;
  Diagnostics diags(sources);
  Arena arena;
  const auto file = sources.add("fuzz.bpf.c", std::string(reinterpret_cast<const char *>(data), size));
  if (!file) return 0;
  pp::Options options;
  const pp::Tokens tokens = pp::preprocess(**file, options, sources, arena, diags);
  ast::TranslationUnit *unit = parse::parse(tokens, arena, diags);
  if (unit == nullptr) return 0;
  const sema::Unit analysed = sema::analyze(*unit, arena, diags);
  if (diags.has_errors()) return 0;
  ir::Module module = lower::lower(analysed, sources, diags);
  if (diags.has_errors() || !ir::run_pipeline(module, ir::OptLevel::O2, diags)) return 0;
  const auto object = codegen::emit(module, {}, diags);
  if (!object) return 0;
  for (const object::ProgramEntry &entry : object->programs) {
    const auto program = object::link(*object, entry);
    const tables::ProgramType *type = tables::find_program_type(entry.section);
    verifier::Options limits;
    limits.max_processed = 100'000;
    if (program && type != nullptr) verifier::verify(*program, *type, limits);
  }
  return 0;
}
