#include "runtime/jit/lines.h"

#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/IR/Module.h>

#include <algorithm>

namespace spile::jit {

Lines::Lines(llvm::Module &module) : debug_(module), file_(debug_.createFile("program", "")) {
  module.addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  debug_.createCompileUnit(llvm::dwarf::DW_LANG_C, file_, "spile", true, "", 0, "",
                           llvm::DICompileUnit::DebugEmissionKind::LineTablesOnly);
}

void Lines::enter(llvm::IRBuilder<> &builder, llvm::Function &function, size_t insn) {
  const auto line = static_cast<unsigned>(insn + 1);
  if (function.getSubprogram() == nullptr) {
    auto *const type = debug_.createSubroutineType(debug_.getOrCreateTypeArray({}));
    function.setSubprogram(debug_.createFunction(file_, function.getName(), "", file_, line, type, line,
                                                 llvm::DINode::FlagZero, llvm::DISubprogram::SPFlagDefinition));
  }
  builder.SetCurrentDebugLocation(llvm::DILocation::get(function.getContext(), line, 1, function.getSubprogram()));
}

std::vector<vm::JitLine> read_lines(const llvm::object::ObjectFile &object) {
  std::vector<vm::JitLine> lines;
  const auto context = llvm::DWARFContext::create(object);
  for (const auto &unit : context->compile_units()) {
    const auto *const table = context->getLineTableForUnit(unit.get());
    if (table == nullptr) continue;
    for (const auto &row : table->Rows) {
      const auto at = static_cast<uint32_t>(row.Address.Address);
      // Line 0 is of nothing that the program says.
      const uint32_t insn = row.EndSequence || row.Line == 0 ? vm::kJitNoInsn : row.Line - 1;
      lines.push_back({at, insn});
    }
  }
  // Of two at one place the later one holds; what goes on is not said again.
  std::ranges::stable_sort(lines, {}, &vm::JitLine::offset);
  std::vector<vm::JitLine> rising;
  for (const vm::JitLine &line : lines) {
    if (!rising.empty() && rising.back().offset == line.offset) rising.pop_back();
    if (rising.empty() || rising.back().insn != line.insn) rising.push_back(line);
  }
  return rising;
}

}  // namespace spile::jit
