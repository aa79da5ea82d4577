// The way to a failure, in source lines: only the choices that matter for it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "verifier/explain.h"
#include "verifier/source_names.h"

namespace spile::verifier {
namespace {

constexpr size_t kMaxChoices = 3;  // more would hide the failure
constexpr size_t kLinesOfChoice = 3;

// Instructions of the same function from which [target] can be reached.
std::vector<bool> reaching(const Env &env, uint32_t target) {
  const uint32_t index = env.structure.subprogram_of(target);
  const Subprogram &sub = env.structure.subprograms[index];
  std::vector<std::vector<uint32_t>> predecessors(sub.end - sub.start);
  for (uint32_t i = sub.start; i < sub.end; i++) {
    if (env.structure.infos[i] == nullptr) continue;
    for (uint32_t next : successors(env.program, i))
      if (next >= sub.start && next < sub.end) predecessors[next - sub.start].push_back(i);
  }
  std::vector<bool> reaches(env.program.insns.size());
  std::vector<uint32_t> work{target};
  reaches[target] = true;
  while (!work.empty()) {
    const uint32_t at = work.back();
    work.pop_back();
    for (uint32_t p : predecessors[at - sub.start]) {
      if (reaches[p]) continue;
      reaches[p] = true;
      work.push_back(p);
    }
  }
  return reaches;
}

bool is_branch(const Env &env, uint32_t insn) {
  const isa::Shape shape = env.structure.infos[insn]->shape;
  return shape == isa::Shape::BranchImm || shape == isa::Shape::BranchReg;
}

// A limit is reached by going round: the line that the path took most often.
void add_loop_note(const Telling &tell) {
  const auto &[env, failure, trail, state, out] = tell;
  std::map<uint32_t, uint32_t> counts;
  for (const Step &s : trail.steps)
    if (is_branch(env, s.insn)) counts[s.insn]++;
  const auto most = std::ranges::max_element(counts, {}, [](const auto &c) { return c.second; });
  if (most == counts.end() || most->second < 2) return;
  tell.note(most->first, fmt::format("the loop through this line was gone round {} times on this path", most->second));
  rewrite_loop(tell, place_of(env, most->first));
}

// What is true or false wherever the path came from: the way there would explain nothing.
bool holds_on_any_path(const Failure &f) {
  switch (f.cause) {
    case Cause::HelperUnavailable:
    case Cause::HelperNeedsGpl:
    case Cause::MapTypeUnfit:
    case Cause::ContextBounds:
    case Cause::MovedContext:
    case Cause::ReadOnlyMap:
    case Cause::ReadOnlyKey:
    case Cause::ReadOnlyObject:
    case Cause::ObjectBounds:
    case Cause::PointerArithmetic:
    case Cause::DynptrRule:
    case Cause::KfuncRule:
    case Cause::PacketAccess:
    case Cause::AtomicTarget:
    case Cause::StringConstant:
    case Cause::BadSignature:
    case Cause::MisalignedStack:
      return true;
    case Cause::StackBounds:
      return f.state.value.is_const();
    default:
      return false;
  }
}

}  // namespace

void explain_path(const Telling &tell, size_t lines) {
  const auto &[env, failure, trail, state, out] = tell;
  Diagnostic &d = out.diagnostic;
  if (failure.cause == Cause::TooComplex || failure.cause == Cause::TooManyBranches ||
      failure.cause == Cause::InfiniteLoop) {
    add_loop_note(tell);
    return;
  }
  if (holds_on_any_path(failure) && !env.options.whole_path) return;
  if (trail.steps.empty() || trail.steps.back().insn != failure.insn) return;
  const std::vector<bool> reaches = reaching(env, failure.insn);
  const uint32_t failing_line = tell.line(), exit_line = place_of(env, failure.insn).line;
  const size_t most = env.options.whole_path ? SIZE_MAX : std::min(kMaxChoices, lines / kLinesOfChoice);
  std::vector<Note> choices;
  // Backwards to where the value was made; before that the way did not matter to it.
  for (size_t i = trail.steps.size() - 1; i-- > 0 && choices.size() < most;) {
    const uint32_t at = trail.steps[i].insn, next = trail.steps[i + 1].insn;
    if (at == failure.state.origin) break;
    // The checks of other pointers have gone well.
    if (!is_branch(env, at) || trail.steps[i].tests_null) continue;
    // A branch whose other side avoids the failure says what must hold to get here; others do not matter.
    bool both_lead_here = true;
    for (uint32_t s : successors(env.program, at)) both_lead_here &= reaches[s];
    if (both_lead_here) continue;
    const ForeignPlace from = place_of(env, at), to = place_of(env, next);
    const auto same_line = [&](const Note &n) { return n.foreign.line == from.line; };
    if (from.line == 0 || to.line == from.line || from.line == failing_line ||
        std::ranges::any_of(choices, same_line) || std::ranges::any_of(d.notes, same_line))
      continue;
    const bool leaves = env.insn(failure.insn).is_exit() && (to.line == failing_line || to.line == exit_line);
    choices.push_back(
        {{},
         leaves ? "from here the path leaves the function" : fmt::format("from here the path goes to line {}", to.line),
         from});
  }
  d.notes.insert(d.notes.end(), choices.rbegin(), choices.rend());
}

}  // namespace spile::verifier
