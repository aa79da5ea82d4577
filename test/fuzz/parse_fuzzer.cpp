// Any bytes as a source: through the preprocessor and the parser. The fast pass and the one that names the errors must
// agree on whether there are any, records of headers can be read when they are asked for, and what is printed by -E
// lexes again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "frontend/btf/sources.h"
#include "frontend/parse/parser.h"
#include "frontend/pp/postponed.h"
#include "frontend/pp/preprocessor.h"
#include "support/check.h"

using namespace spile;

namespace {

struct Run {
  Run(std::string text, const pp::Options &options) : diags(sources) {
    const auto file = sources.add("fuzz.bpf.c", std::move(text));
    if (file) tokens = pp::preprocess(**file, options, sources, arena, diags);
  }

  SourceManager sources;
  Diagnostics diags;
  Arena arena;
  pp::Tokens tokens;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Result<spile::btf::Image> image = spile::btf::Image::view(spile::btf::frozen_image());
  SPILE_CHECK(image.has_value(), "the BTF that ships can be read");
  Run run(std::string(reinterpret_cast<const char *>(data), size), {});
  if (run.tokens.list.empty()) return 0;
  const size_t faults = run.diags.error_count();
  ast::TranslationUnit *unit = parse::parse(run.tokens, run.arena, run.diags, &*image, parse::Bodies::Lazy);
  SPILE_CHECK((unit == nullptr) == (run.diags.error_count() != faults), "a tree, or an error that says why not");
  if (unit != nullptr)
    for (ast::Decl *decl : unit->decls)
      if (decl->specs != nullptr && decl->specs->record != nullptr && decl->specs->record->lazy != nullptr)
        decl->specs->record->lazy->read(*decl->specs->record);
  if (faults != 0) return 0;
  // What is postponed has the tokens that it would have had, and can be read.
  Run postponed(std::string(reinterpret_cast<const char *>(data), size), {.postpone = pp::Postpone::Everything});
  if (postponed.tokens.postponed != nullptr) {
    pp::Postponed &those = *postponed.tokens.postponed;
    size_t count = postponed.tokens.list.size();
    for (const pp::Postponed::Declaration &declaration : those.declarations())
      count += those.tokens(declaration, postponed.arena, postponed.diags).size() - 1;
    SPILE_CHECK(count == run.tokens.list.size(), "as many tokens, now or later");
    if (ast::TranslationUnit *rest =
            parse::parse(postponed.tokens, postponed.arena, postponed.diags, &*image, parse::Bodies::Lazy))
      for (const pp::Postponed::Entry &entry : those.entries())
        for (ast::Decl *decl : rest->postponed->take(entry.name, false))
          if (decl->specs != nullptr && decl->specs->record != nullptr && decl->specs->record->lazy != nullptr)
            decl->specs->record->lazy->read(*decl->specs->record);
  }
  const Run again(pp::print_tokens(run.tokens), {.shipped_headers = false});
  SPILE_CHECK(again.tokens.list.size() == run.tokens.list.size() || again.diags.has_errors() ||
                  !run.diags.all().empty() || run.tokens.has_import,
              "what is printed reads as the same tokens");
  return 0;
}
