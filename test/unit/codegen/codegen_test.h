// What the tests of code generation share: IR text in, instructions or an object out.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "backend/emit/emit.h"
#include "backend/isa/disasm.h"
#include "backend/isa/info.h"
#include "ir/text.h"
#include "support/diagnostics.h"

namespace spile::codegen::test {

struct Compiled {
  std::unique_ptr<SourceManager> sources = std::make_unique<SourceManager>();
  std::unique_ptr<Diagnostics> diags = std::make_unique<Diagnostics>(*sources);
  std::optional<ir::Module> module;
  std::optional<object::Object> object;
};

inline Compiled compile(std::string_view text, unsigned mcpu = 3) {
  Compiled c;
  c.module = ir::parse_text(**c.sources->add("test.ir", std::string(text)), *c.diags);
  if (!c.module) {
    ADD_FAILURE() << render_text(*c.sources, c.diags->all().front());
    return c;
  }
  c.object = emit(*c.module, {.mcpu = mcpu}, *c.diags);
  return c;
}

inline std::span<const isa::Insn> code_of(const object::Section &section) {
  return {reinterpret_cast<const isa::Insn *>(section.bytes.data()), section.bytes.size() / sizeof(isa::Insn)};
}

// The instructions of the first code section, one a line.
inline std::string assembly(const Compiled &c) {
  if (!c.object) {
    for (const Diagnostic &d : c.diags->all()) ADD_FAILURE() << d.message;
    return {};
  }
  std::string out;
  for (const object::Section &section : c.object->sections) {
    if (section.kind != object::SectionKind::Program) continue;
    const auto code = code_of(section);
    for (size_t i = 0; i < code.size(); i += isa::width(code[i])) out += isa::disassemble(code, i) + "\n";
    break;
  }
  return out;
}
inline std::string assembly(std::string_view text, unsigned mcpu = 3) { return assembly(compile(text, mcpu)); }

}  // namespace spile::codegen::test
