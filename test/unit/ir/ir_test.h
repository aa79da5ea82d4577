// What the tests of the IR share: text in, text out.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "ir/pipeline.h"
#include "ir/text.h"
#include "support/diagnostics.h"

namespace spile::ir::test {

// A module together with the sources and diagnostics that it refers to.
struct Read {
  std::unique_ptr<SourceManager> sources = std::make_unique<SourceManager>();
  std::unique_ptr<Diagnostics> diags = std::make_unique<Diagnostics>(*sources);
  std::optional<Module> module;
};

inline Read read(std::string_view text) {
  Read r;
  r.module = parse_text(**r.sources->add("test.ir", std::string(text)), *r.diags);
  return r;
}

// [text] after the named passes. Fails the test when the text is malformed.
inline std::string after(std::string_view passes, std::string_view text) {
  Read r = read(text);
  if (!r.module) {
    ADD_FAILURE() << render_text(*r.sources, r.diags->all().front());
    return {};
  }
  const auto done = run_passes(*r.module, passes, *r.diags);
  if (!done) ADD_FAILURE() << done.error().message;
  return print(*r.module);
}

// The text as print() would write it: makes the expectation independent of comments and names.
inline std::string canonical(std::string_view text) {
  Read r = read(text);
  if (r.module) return print(*r.module);
  ADD_FAILURE() << render_text(*r.sources, r.diags->all().front());
  return {};
}

}  // namespace spile::ir::test
