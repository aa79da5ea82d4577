#include "runtime/vm/listing.h"

#include <algorithm>

namespace spile::vm {
namespace {

std::vector<ListedLine> lines_of(const object::Program &program, const Code &code, const JitFunction &function) {
  std::vector<ListedLine> listed;
  const std::span<const JitLine> lines = code.lines();
  const uint32_t end = function.offset + function.size;
  auto at = std::ranges::upper_bound(lines, function.offset, {}, &JitLine::offset);
  if (at != lines.begin()) --at;
  for (; at != lines.end() && at->offset < end; ++at) {
    const object::Program::Line *line = at->insn < program.insns.size() ? program.line_of(at->insn) : nullptr;
    if (line == nullptr) continue;
    const uint64_t address = reinterpret_cast<uint64_t>(code.at(std::max(at->offset, function.offset)));
    const bool goes_on =
        !listed.empty() && listed.back().line->line == line->line && listed.back().line->file == line->file;
    if (!goes_on) listed.push_back({address, line});
  }
  return listed;
}

}  // namespace

std::vector<ListedFunction> list_functions(const object::Program &program, const Resolved &resolved, const Code &code) {
  std::vector<ListedFunction> listed;
  for (size_t i = 0; i < code.functions().size(); i++) {
    const JitFunction &function = code.functions()[i];
    if (function.size == 0) continue;
    const auto named =
        std::ranges::find(program.subprograms, resolved.subprograms[i], &object::Program::Subprogram::start);
    const bool is_entry = i == 0 || named == program.subprograms.end();
    listed.push_back({is_entry ? "bpf_prog_" + program.name : "bpf_prog_" + program.name + "::" + named->name,
                      reinterpret_cast<uint64_t>(code.at(function.offset)), function.size,
                      lines_of(program, code, function)});
  }
  return listed;
}

}  // namespace spile::vm
