#include "test/fuzz/verifier/soundness.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "verifier/env.h"

namespace spile::fuzz {
namespace {

// States that are kept for one program: a few kilobytes each.
constexpr uint32_t kMaxStates = 3000;

using verifier::State;
using verifier::Verdict;

class Observer {
 public:
  Observer(const object::Program &program, World &world, std::vector<std::vector<State>> seen)
      : program_(program), world_(world), seen_(std::move(seen)) {}

  std::optional<std::string> operator()(const vm::Moment &moment) {
    verifier::Concrete machine;
    std::copy(moment.regs.begin(), moment.regs.end(), machine.regs.begin());
    machine.stack = moment.stack;
    machine.context = world_.context();
    machine.packet = world_.packet();
    const std::vector<State> &states = seen_[moment.insn];
    if (std::ranges::none_of(states, [&](const State &s) { return verifier::is_inside(s, machine); }))
      return states.empty() ? "no path was seen here" : *verifier::outside(states.back(), machine);
    const isa::Insn &insn = program_.insns[moment.insn];
    const isa::InsnInfo *info = isa::lookup(insn);
    if (info == nullptr || info->shape != isa::Shape::CallHelper) return {};
    return world_.check_call(static_cast<uint32_t>(insn.imm), moment);
  }

 private:
  const object::Program &program_;
  World &world_;
  std::vector<std::vector<State>> seen_;
};

// What the interpreter cannot go on with, though the program does nothing wrong.
bool is_unfinished(const std::string &message) { return message.find("stopped: ") != std::string::npos; }

}  // namespace

Soundness observe(const object::Program &program, const tables::ProgramType &type, World &world, unsigned runs,
                  uint64_t seed) {
  verifier::Options options;
  options.max_processed = kMaxStates;
  const verifier::Structure structure = verifier::examine(program, type);
  if (!structure.failures.empty()) return {};
  // explore_all() takes fewer states for covered: what is too much here is too much there.
  if (const Verdict judged = verifier::verify(program, type, options); judged.kind != Verdict::Accept)
    return {.kind = judged.stats.processed > kMaxStates ? Soundness::TooLarge : Soundness::Rejected};
  const verifier::Types types(program.object->btf, nullptr, false);
  const verifier::Env env{program, type, options, structure, types};
  Verdict verdict;
  std::vector<std::vector<State>> seen(program.insns.size());
  verifier::explore_all(env, verdict, [&](uint32_t insn, const State &state) { seen[insn].push_back(state); });
  if (!verdict.rejections.empty()) return {.kind = Soundness::TooLarge};
  Soundness result{.kind = Soundness::Sound};
  Observer observer(program, world, std::move(seen));
  for (unsigned run = 0; run < runs; run++) {
    world.reset(seed + run);
    world.options().observe = [&](const vm::Moment &moment) -> std::optional<std::string> {
      result.steps++;
      if (world.gave_up()) return "stopped: not modelled";  // what is not modelled says nothing
      return observer(moment);
    };
    const Result<uint64_t> done = vm::run_checked(program.insns, world.options());
    if (done || world.gave_up() || is_unfinished(done.error().message)) continue;
    result.kind = Soundness::Unsound;
    result.why = fmt::format("run {}: {}", run, done.error().message);
    break;
  }
  return result;
}

}  // namespace spile::fuzz
