#include "verifier/stack_depth.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "verifier/source_names.h"

namespace spile::verifier {
namespace {

// Programs of these types get a stack of their own for each larger function on x86-64 (bpf_enable_priv_stack).
bool has_private_stacks(const Env &env) {
  return (env.type.ctx == tables::CtxKind::Tracepoint && env.has(tables::Feature::PrivateStacks)) || env.is_user_side();
}
constexpr uint32_t kPrivateStackMin = 64;  // BPF_PRIV_STACK_MIN_SIZE
constexpr uint32_t kRounding = 16;         // of a frame, with the JIT

class Measurer {
 public:
  Measurer(const Env &env, const std::vector<uint32_t> &bytes) : env_(env), bytes_(bytes) {}

  StackUse run() {
    visit(0, 0, 1);
    return std::move(use_);
  }

 private:
  void visit(uint32_t subprogram, uint32_t depth, uint32_t frames) {
    // A function is reached by many chains; only depth and count of a chain matter.
    if (!seen_.insert({subprogram, depth, frames}).second) return;
    chain_.push_back(subprogram);
    descend(subprogram, depth, frames);
    chain_.pop_back();
  }

  void descend(uint32_t subprogram, uint32_t depth, uint32_t frames) {
    const uint32_t need = (bytes_[subprogram] + kRounding - 1) / kRounding * kRounding;
    const bool is_private = has_private_stacks(env_) && need >= kPrivateStackMin;
    if (!is_private) depth += need;
    use_.deepest = std::max({use_.deepest, depth, need});
    const Subprogram &sub = env_.structure.subprograms[subprogram];
    if (depth > kMaxStack) {
      fail({.cause = Cause::StackTooDeep,
            .insn = sub.start,
            .kernel = fmt::format("combined stack size of {} calls is {}. Too large", frames, depth),
            .limit = depth,
            .count = frames});
      return;
    }
    for (uint32_t i = sub.start; i < sub.end && !use_.failure; i++) {
      const isa::Insn &insn = env_.insn(i);
      const bool calls = insn.opcode == 0x85 && insn.src == isa::kPseudoCall;
      if (!calls && !(insn.is_lddw() && insn.src == isa::kPseudoFunc)) continue;
      if (frames >= kMaxFrames) {
        fail({.cause = Cause::CallTooDeep,
              .insn = i,
              .kernel = fmt::format("the call stack of {} frames is too deep !", frames),
              .limit = kMaxFrames,
              .count = frames + 1});
        return;
      }
      visit(env_.structure.subprogram_at(i + 1 + static_cast<uint32_t>(insn.imm)), depth, frames + 1);
    }
  }
  void fail(Failure f) {
    if (use_.failure) return;
    for (const uint32_t subprogram : chain_)
      f.detail += fmt::format("{}`{}` ({} bytes)", f.detail.empty() ? "" : ", ",
                              function_name(env_, env_.structure.subprograms[subprogram].start), bytes_[subprogram]);
    use_.failure = std::move(f);
  }

  const Env &env_;
  const std::vector<uint32_t> &bytes_;
  StackUse use_;
  std::vector<uint32_t> chain_;  // subprograms, from the program to the one that is visited
  std::set<std::tuple<uint32_t, uint32_t, uint32_t>> seen_;
};

}  // namespace

StackUse measure_stack(const Env &env, const std::vector<uint32_t> &frame_bytes) {
  return Measurer(env, frame_bytes).run();
}

}  // namespace spile::verifier
