#include "driver/walk.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "backend/isa/disasm.h"
#include "backend/isa/info.h"

namespace spile::driver {

static std::string headline(const Judged &judged) {
  const verifier::Verdict &verdict = judged.verdict;
  return fmt::format("{} ({}): {}, {} instructions, {} processed\n", judged.program.name, judged.program.section,
                     word_of(verdict), judged.program.insns.size(), verdict.stats.processed);
}

std::string states_of_insns(const Judged &judged) {
  const object::Program &program = judged.program;
  const verifier::Verdict &verdict = judged.verdict;
  std::string text = headline(judged);
  for (uint32_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i])) {
    const bool is_reached = i < verdict.reached.size() && verdict.reached[i];
    if (!is_reached)
      text += "          ; not reached\n";
    else if (i < verdict.states.size() && !verdict.states[i].empty())
      text += fmt::format("          ; {}\n", verdict.states[i]);
    text += fmt::format("{:>8}: {}\n", i, isa::disassemble(program.insns, i));
  }
  return text + "\n";
}

std::string cost_of_lines(const Judged &judged) {
  const object::Program &program = judged.program;
  struct Cost {
    uint64_t walked = 0;
    std::string text;
  };
  std::map<std::pair<std::string, uint32_t>, Cost> lines;
  for (uint32_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i])) {
    const object::Program::Line *line = program.line_of(i);
    if (line == nullptr || i >= judged.verdict.visits.size()) continue;
    Cost &cost = lines[{line->file, line->line}];
    cost.walked += judged.verdict.visits[i];
    cost.text = line->text;
  }
  std::vector<std::pair<std::pair<std::string, uint32_t>, Cost>> sorted(lines.begin(), lines.end());
  std::ranges::stable_sort(sorted, std::ranges::greater{}, [](const auto &one) { return one.second.walked; });
  std::string text = headline(judged);
  for (const auto &[place, cost] : sorted)
    text += fmt::format("{:>8}  {}:{}: {}\n", cost.walked, place.first, place.second,
                        cost.text.substr(std::min(cost.text.find_first_not_of(" \t"), cost.text.size())));
  return text + "\n";
}

}  // namespace spile::driver
