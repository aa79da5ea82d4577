// Calls of global functions: the arguments must be what the function, verified alone, may rely on
// (btf_check_func_arg_match).
#include <fmt/format.h>

#include "verifier/check_memory.h"
#include "verifier/dynptr.h"
#include "verifier/objects.h"
#include "verifier/signature.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;

class Call {
 public:
  Call(const Env &env, const State &state, uint32_t insn, const Signature &signature)
      : env_(env), state_(state), insn_(insn), signature_(signature) {}

  Outcome check(unsigned index) const {
    const Parameter &p = signature_.parameters[index];
    const unsigned reg = index + 1;
    const RegState &r = state_.reg(reg);
    if (r.type == RegType::Poisoned) return {};
    if (r.type == RegType::NotInit)
      return Failure{.cause = Cause::UninitializedValue,
                     .insn = insn_,
                     .kernel = fmt::format("R{} !read_ok", reg),
                     .reg = static_cast<int>(reg)};
    switch (p.kind) {
      case Parameter::Number:
        return r.is_scalar() ? Outcome{} : wrong(index, fmt::format("R{} is not a scalar", reg), "a number");
      case Parameter::Context:
        if (r.type != RegType::Ctx)
          return wrong(index, fmt::format("arg#{} expects pointer to ctx", index), "the context");
        return check_unmoved(r, reg, insn_);
      case Parameter::Memory:
        return memory(index, p);
      case Parameter::Dynptr:
        return check_dynptr(env_, state_, insn_, reg, {});
      case Parameter::Object:
        return object(index, p);
      case Parameter::Arena:
        if (r.is_scalar() || r.type == RegType::Arena) return {};
        return wrong(index, fmt::format("R{} is not a pointer to arena or scalar.", reg), "an address in the arena");
    }
    return {};
  }

 private:
  Outcome wrong(unsigned index, std::string kernel, std::string what) const {
    Failure f{.cause = Cause::GlobalArgument,
              .insn = insn_,
              .kernel = std::move(kernel),
              .reg = static_cast<int>(index + 1),
              .state = state_.reg(index + 1),
              .arg = index + 1,
              .detail = std::move(what)};
    f.callee = signature_.name;
    return f;
  }

  Outcome memory(unsigned index, const Parameter &p) const {
    const RegState &r = state_.reg(index + 1);
    if (r.is_null() && p.or_null) return {};
    if (r.or_null && !p.or_null)
      return wrong(index, fmt::format("arg#{} is expected to be non-NULL", index), "a pointer that is not NULL");
    // The function reads and writes it.
    State certain = state_;
    certain.reg(index + 1).or_null = false;
    for (const bool write : {false, true})
      if (Outcome f = check_helper_memory(env_, certain, insn_, index + 1, p.size, write, false)) {
        if (f->cause != Cause::ArgumentType) return f;
        return wrong(index, f->kernel, fmt::format("the address of {} bytes", p.size));
      }
    return {};
  }

  Outcome object(unsigned index, const Parameter &p) const {
    const RegState &r = state_.reg(index + 1);
    if (r.is_null() && p.or_null) return {};
    const std::string_view name = env_.types.name_of({false, p.type});
    const bool trusted = r.has(kTrusted) || r.ref_id != 0;
    if (r.type == RegType::BtfObject && trusted && (!r.or_null || p.or_null) &&
        env_.types.begins_with(type_of(r), r.off, name, false))
      return {};
    return wrong(index, fmt::format("R{} type={} expected=trusted_ptr_", index + 1, type_name(r)),
                 fmt::format("a trusted pointer to a `struct {}`", name));
  }

  const Env &env_;
  const State &state_;
  uint32_t insn_;
  const Signature &signature_;
};

}  // namespace

Outcome check_global_call(const Env &env, const State &state, uint32_t insn) {
  const uint32_t target = insn + 1 + static_cast<uint32_t>(env.insn(insn).imm);
  const Signature &signature = env.structure.subprograms[env.structure.subprogram_at(target)].signature;
  if (!signature.problem.empty()) return bad_signature(signature, insn);
  for (unsigned i = 0; i < signature.parameters.size(); i++)
    if (Outcome f = Call(env, state, insn, signature).check(i)) return f;
  return {};
}

}  // namespace spile::verifier
