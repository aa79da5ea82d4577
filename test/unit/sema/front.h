// The front end on a piece of text: what the tests of this folder start with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontend/lower/lower.h"
#include "frontend/parse/parser.h"
#include "frontend/pp/preprocessor.h"
#include "frontend/sema/sema.h"
#include "ir/checker.h"
#include "ir/pack.h"
#include "ir/text.h"
#include "support/arena.h"
#include "support/diagnostics.h"
#include "support/source.h"

namespace spile {

struct Front {
  SourceManager sources;
  Diagnostics diags{sources};
  Arena arena;
  sema::Unit unit;
  std::optional<ir::Module> module;  // without errors

  explicit Front(std::string text) {
    diags.max_errors = 0;
    const auto file = sources.add("test.c", std::move(text));
    const pp::Tokens tokens = pp::preprocess(**file, {}, sources, arena, diags);
    ast::TranslationUnit *tree = parse::parse(tokens, arena, diags);
    if (tree == nullptr || diags.has_errors()) return;
    unit = sema::analyze(*tree, arena, diags);
    if (diags.has_errors()) return;
    module = lower::lower(unit, sources, diags);
    for (ir::Function &function : module->functions) ir::unpack(function);
    if (diags.has_errors()) module.reset();
  }

  // The names of what was reported, in order: "NoMember ArgumentCount".
  std::string reported() const {
    std::string names;
    for (const Diagnostic &d : diags.all()) names += (names.empty() ? "" : " ") + std::string(d.info->name);
    return names;
  }
  std::string messages() const {
    std::string text;
    for (const Diagnostic &d : diags.all()) text += render_text(sources, d);
    return text;
  }
  const sema::Symbol *symbol(std::string_view name) const {
    for (const sema::Symbol *s : unit.symbols)
      if (s->name == name) return s;
    return nullptr;
  }
  // A function of the module as text; empty when there is none.
  std::string text_of(std::string_view name) const {
    for (const ir::Function &f : module->functions)
      if (f.name == name) return ir::print(*module, f);
    return {};
  }
  const ir::Global *global(std::string_view name) const {
    for (const ir::Global &g : module->globals)
      if (g.name == name) return &g;
    return nullptr;
  }
};

}  // namespace spile
