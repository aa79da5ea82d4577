#include "verifier/older_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "verifier/stack_reads.h"

namespace spile::verifier {
namespace {

using isa::Shape;
using tables::Feature;
using Outcome = std::optional<Failure>;

class Check {
 public:
  Check(const Env &env, const State &state, uint32_t insn)
      : env_(env), state_(state), at_(insn), insn_(env.insn(insn)), shape_(env.structure.infos[insn]->shape) {}

  Outcome run() const {
    switch (shape_) {
      case Shape::Load:
      case Shape::LoadAcquire:
        return access(insn_.src, true);
      case Shape::StoreImm:
      case Shape::StoreReg:
      case Shape::StoreRelease:
        return access(insn_.dst, false);
      case Shape::Atomic:
        return access(insn_.dst, true);
      case Shape::CallHelper:
        return helper();
      case Shape::CallLocal:
        return function();
      default:
        return {};
    }
  }

 private:
  Outcome lacks(Feature feature, std::string kernel, unsigned reg) const {
    return Failure{.cause = Cause::OlderKernel,
                   .insn = at_,
                   .kernel = std::move(kernel),
                   .reg = static_cast<int>(reg),
                   .state = state_.reg(reg),
                   .since = tables::row_of(feature).since,
                   .detail = std::string(tables::row_of(feature).spoken)};
  }

  Outcome access(unsigned reg, bool reads) const {
    const RegState &pointer = state_.reg(reg);
    if (pointer.type != RegType::Stack) return {};
    const unsigned size = env_.structure.infos[at_]->bytes();
    const Span span = span_of(pointer, insn_.off, size);
    if (!span.fixed && !env_.has(Feature::VariableStack))
      return lacks(Feature::VariableStack,
                   fmt::format("variable stack access var_off={} off={} size={}", to_string(pointer.value.bits),
                               insn_.off + pointer.off, size),
                   reg);
    if (!reads || env_.has(Feature::UnwrittenStack)) return {};
    const auto off = first_unwritten(state_.frames[pointer.frame].stack, span);
    if (!off) return {};
    return lacks(Feature::UnwrittenStack,
                 fmt::format("invalid read from stack off {}+{} size {}", span.low, *off - span.low, size), reg);
  }

  Outcome helper() const {
    if (env_.has(Feature::UnwrittenStack)) return {};
    const tables::Helper &h = *helper_of(insn_);
    const auto &args = arguments_of(env_, h);
    for (unsigned a = 0; a < args.size(); a++) {
      const RegState &memory = state_.reg(a + 1);
      if (args[a].uninit || memory.type != RegType::Stack) continue;
      const auto bytes = bytes_behind(env_, state_, h, a);
      if (!bytes) continue;
      const Span span = span_of(memory, 0, static_cast<int64_t>(std::min<uint64_t>(*bytes, kMaxStack)));
      if (const auto off = first_unwritten(state_.frames[memory.frame].stack, span))
        return lacks(
            Feature::UnwrittenStack,
            fmt::format("invalid indirect read from stack off {}+{} size {}", span.low, *off - span.low, *bytes),
            a + 1);
    }
    return {};
  }

  Outcome function() const {
    if (env_.has(Feature::GlobalPointers)) return {};
    const uint32_t target = at_ + 1 + static_cast<uint32_t>(insn_.imm);
    const Signature &signature = env_.structure.subprograms[env_.structure.subprogram_at(target)].signature;
    for (unsigned i = 0; i < signature.parameters.size(); i++)
      if (signature.parameters[i].kind == Parameter::Memory)
        return lacks(Feature::GlobalPointers,
                     fmt::format("Arg#{} type PTR in {}() is not supported yet.", i, signature.name), i + 1);
    return {};
  }

  const Env &env_;
  const State &state_;
  uint32_t at_;
  const isa::Insn &insn_;
  Shape shape_;
};

}  // namespace

std::optional<Failure> check_older_kernel(const Env &env, const State &state, uint32_t insn) {
  return Check(env, state, insn).run();
}

}  // namespace spile::verifier
