// Runs preprocessor and parser on a text and keeps what came out.
#pragma once

#include <string>
#include <string_view>

#include "frontend/ast/print.h"
#include "frontend/btf/sources.h"
#include "frontend/parse/parser.h"

namespace spile::parse {

// What `#include "vmlinux.h"` of the headers that ship imports.
inline const btf::Image *frozen() {
  static const Result<btf::Image> image = btf::Image::view(btf::frozen_image());
  return image ? &*image : nullptr;
}

struct Parsed {
  explicit Parsed(std::string text, const pp::Options &options = {}) : diagnostics(sources) {
    tokens = pp::preprocess(**sources.add("test.c", std::move(text)), options, sources, arena, diagnostics);
    unit = parse(tokens, arena, diagnostics, frozen());
  }
  // "NAME line:column" of each diagnostic, in order, with "; " between.
  std::string faults() const {
    std::string all;
    for (const Diagnostic &d : diagnostics.all()) {
      const Place place = sources.place(d.at.begin);
      if (!all.empty()) all += "; ";
      all += std::string(d.info->name) + " " + std::to_string(place.line) + ":" + std::to_string(place.column);
    }
    return all;
  }
  std::string print() const { return unit != nullptr ? ast::print(*unit) : faults(); }

  SourceManager sources;
  Arena arena;
  Diagnostics diagnostics;
  pp::Tokens tokens;
  ast::TranslationUnit *unit = nullptr;
};

// The one declaration in [text], on one line.
inline std::string declaration(std::string text) {
  const Parsed parsed(std::move(text));
  if (parsed.unit == nullptr) return parsed.faults();
  return ast::print(*parsed.unit->decls.back());
}
// The expression [text], where a and b are ints, T is a type and p a pointer.
inline std::string expression(const std::string &text) {
  const Parsed parsed("typedef int T; int a, b, *p; int x = " + text + ";");
  if (parsed.unit == nullptr) return parsed.faults();
  return ast::print(*parsed.unit->decls.back()->declarators[0]->init);
}
inline std::string faults(std::string text) { return Parsed(std::move(text)).faults(); }

}  // namespace spile::parse
