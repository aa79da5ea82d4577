// Runs the preprocessor on a text and keeps what came out.
#pragma once

#include <string>
#include <string_view>

#include "frontend/pp/preprocessor.h"

namespace spile::pp {

struct Preprocessed {
  explicit Preprocessed(std::string text, const Options &options = {}) : diagnostics(sources) {
    tokens = preprocess(**sources.add("test.c", std::move(text)), options, sources, arena, diagnostics);
  }
  // The tokens with one space between each two.
  std::string text() const {
    std::string all;
    for (const Token &token : tokens.list) {
      if (token.is(TokenKind::EndOfFile)) break;
      if (!all.empty()) all += ' ';
      all += token.spelling();
    }
    return all;
  }
  // The names of the diagnostics, in order, with spaces between.
  std::string faults() const {
    std::string names;
    for (const Diagnostic &d : diagnostics.all()) {
      if (!names.empty()) names += ' ';
      names += d.info->name;
    }
    return names;
  }

  SourceManager sources;
  Arena arena;
  Diagnostics diagnostics;
  Tokens tokens;
};

inline std::string expand(std::string text) { return Preprocessed(std::move(text)).text(); }
inline std::string faults(std::string text) { return Preprocessed(std::move(text)).faults(); }

}  // namespace spile::pp
