#include "verifier/check.h"

#include <fmt/format.h>

#include "support/check.h"
#include "verifier/attach_rules.h"
#include "verifier/objects.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;

// may_access_skb()
bool has_packet(const tables::ProgramType &type) {
  return type.number == BPF_PROG_TYPE_SOCKET_FILTER || type.number == BPF_PROG_TYPE_SCHED_CLS ||
         type.number == BPF_PROG_TYPE_SCHED_ACT;
}

std::string range_text(const RegState &r) {
  // Parts of verbose_invalid_scalar().
  std::string text;
  if (r.value.r64.smin != INT64_MIN) text += fmt::format(" smin={}", r.value.r64.smin);
  if (r.value.r64.smax != INT64_MAX) text += fmt::format(" smax={}", r.value.r64.smax);
  return text.empty() ? " unknown scalar value" : text;
}

// A callback ends: its result says whether it is called again, or nothing.
Outcome check_callback_return(const State &state, uint32_t insn) {
  const RegState &r0 = state.reg(0);
  const int64_t low = state.top().callback_min, high = state.top().callback_max;
  Failure f{.cause = Cause::CallbackReturn, .insn = insn, .reg = 0, .state = r0, .limit = low, .count = high};
  if (!r0.is_scalar()) {
    f.kernel = "R0 not a scalar value";
    return f;
  }
  if (r0.value.r64.smin >= low && r0.value.r64.smax <= high) return {};
  f.kernel = fmt::format("At {}callback return the register R0 has{} should have been in [{}, {}]",
                         state.top().is_async ? "async " : "", range_text(r0), low, high);
  return f;
}

Outcome check_return(const Env &env, const State &state, uint32_t insn) {
  const RegState &r0 = state.reg(0);
  if (Outcome leak = check_leaks(state, insn, "BPF_EXIT instruction in main prog")) return leak;
  if (r0.type == RegType::Poisoned) return {};
  if (r0.type == RegType::Stack && state.depth() > 0)
    return Failure{.cause = Cause::ReturnsStackPointer,
                   .insn = insn,
                   .kernel = "cannot return stack pointer to the caller",
                   .reg = 0,
                   .state = r0};
  if (state.top().in_callback) return check_callback_return(state, insn);
  if (state.depth() > 0) return {};
  if (state.top().subprogram == 0 && returns_nothing(env)) return {};
  if (r0.type == RegType::NotInit)
    return Failure{.cause = Cause::UninitializedValue, .insn = insn, .kernel = "R0 !read_ok", .reg = 0};
  const Subprogram &sub = env.structure.subprograms[state.top().subprogram];
  if (state.top().subprogram != 0 && !sub.ends_exception) {  // a global function, verified alone
    if (r0.is_scalar()) return {};
    return Failure{
        .cause = Cause::ReturnsStackPointer,
        .insn = insn,
        .kernel = fmt::format("At subprogram exit the register R0 is not a scalar value ({})", type_name(r0)),
        .reg = 0,
        .state = r0};
  }
  return check_return_range(env, r0, 0, insn);
}

Outcome check_packet_load(const Env &env, const State &state, uint32_t insn) {
  if (!has_packet(env.type))
    return Failure{.cause = Cause::PacketLoad,
                   .insn = insn,
                   .kernel = "BPF_LD_[ABS|IND] instructions not allowed for this program type",
                   .detail = fmt::format("stands in a program of type `{}`, which has no packet", env.type.name)};
  if (Outcome leak = check_leaks(state, insn, "BPF_LD_[ABS|IND]")) return leak;
  const RegState &r6 = state.reg(6);
  if (r6.type == RegType::Poisoned) return {};
  if (r6.type != RegType::Ctx)
    return Failure{.cause = Cause::PacketLoad,
                   .insn = insn,
                   .kernel = "at the time of BPF_LD_ABS|IND R6 != pointer to skb",
                   .reg = 6,
                   .state = r6,
                   .detail = "needs the context in r6"};
  return check_unmoved(r6, 6, insn);
}

// cgroup_common_func_proto(): where nobody looks at the result, it cannot be asked for.
bool fits_attach_type(const tables::Helper &helper, const tables::ProgramType &type) {
  using tables::AttachType;
  if (helper.number != BPF_FUNC_get_retval && helper.number != BPF_FUNC_set_retval) return true;
  switch (type.attach) {
    case AttachType::CGROUP_UDP4_RECVMSG:
    case AttachType::CGROUP_UDP6_RECVMSG:
    case AttachType::CGROUP_INET4_GETPEERNAME:
    case AttachType::CGROUP_INET6_GETPEERNAME:
    case AttachType::CGROUP_INET4_GETSOCKNAME:
    case AttachType::CGROUP_INET6_GETSOCKNAME:
    case AttachType::CGROUP_UNIX_RECVMSG:
    case AttachType::CGROUP_UNIX_GETPEERNAME:
    case AttachType::CGROUP_UNIX_GETSOCKNAME:
      return false;
    default:
      return true;
  }
}

Outcome check_helper(const Env &env, uint32_t insn, Must must) {
  const auto number = static_cast<uint32_t>(env.insn(insn).imm);
  const tables::Helper *helper = helper_of(env.insn(insn));
  if (must == Must::CallKnownHelper) {
    if (helper != nullptr) return {};
    return Failure{.cause = Cause::UnknownHelper,
                   .insn = insn,
                   .kernel = fmt::format("invalid func unknown#{}", static_cast<int32_t>(number)),
                   .helper = number};
  }
  if (must == Must::HaveLicence) {
    if (tables::is_gpl_compatible(env.program.license)) return {};
    return Failure{.cause = Cause::HelperNeedsGpl,
                   .insn = insn,
                   .kernel = "cannot call GPL-restricted function from non-GPL compatible program",
                   .helper = number};
  }
  if (helper->number == BPF_FUNC_d_path && !may_call_d_path(env))
    return Failure{.cause = Cause::HelperUnavailable,
                   .insn = insn,
                   .kernel = "helper call is not allowed in probe",
                   .helper = number};
  const auto no_such_helper = [&] {
    return fmt::format("program of this type cannot use helper bpf_{}#{}", helper->name, number);
  };
  for (const RefusedHelper &refused : env.options.refused_helpers)
    if (refused.number == number)
      return Failure{.cause = Cause::HelperNotBuilt,
                     .insn = insn,
                     .kernel = no_such_helper(),
                     .helper = number,
                     .detail = refused.why};
  const bool is_sockopt = number == BPF_FUNC_setsockopt || number == BPF_FUNC_getsockopt;
  if (tables::is_available(*helper, env.type.number) && fits_attach_type(*helper, env.type) &&
      (!is_sockopt || may_set_sockets(env)))
    return {};
  return Failure{.cause = Cause::HelperUnavailable, .insn = insn, .kernel = no_such_helper(), .helper = number};
}

}  // namespace

Outcome check_return_range(const Env &env, const RegState &r, unsigned reg, uint32_t insn) {
  const auto [any, low, high] = return_range(env);
  if (any) return {};
  // Hooks of security modules return int: the upper half is nobody's (return_32bit).
  const bool is_int = env.type.number == BPF_PROG_TYPE_LSM && env.type.attach == tables::AttachType::LSM_MAC;
  const int64_t least = is_int ? r.value.r32.smin : r.value.r64.smin;
  const int64_t most = is_int ? r.value.r32.smax : r.value.r64.smax;
  if (r.is_scalar() && least >= low && most <= high) return {};
  return Failure{
      .cause = Cause::ReturnRange,
      .insn = insn,
      .kernel = r.is_scalar()
                    ? fmt::format("At program exit the register R{} has{} should have been in [{}, {}]", reg,
                                  range_text(r), low, high)
                    : fmt::format("At program exit the register R{} is not a known value ({})", reg, type_name(r)),
      .reg = static_cast<int>(reg),
      .state = r,
      .limit = low,
      .count = high};
}

Outcome check_unmoved(const RegState &r, unsigned reg, uint32_t insn) {
  const auto at = static_cast<int>(reg);
  if (r.off < 0)
    return Failure{.cause = Cause::MovedContext,
                   .insn = insn,
                   .kernel = fmt::format("negative offset {} ptr R{} off={} disallowed", type_name(r), reg, r.off),
                   .reg = at,
                   .state = r};
  if (r.off != 0)
    return Failure{
        .cause = Cause::MovedContext,
        .insn = insn,
        .kernel = fmt::format("dereference of modified {} ptr R{} off={} disallowed", type_name(r), reg, r.off),
        .reg = at,
        .state = r};
  if (!r.value.is_zero())
    return Failure{
        .cause = Cause::MovedContext,
        .insn = insn,
        .kernel = fmt::format("variable {} access var_off={} disallowed", type_name(r), to_string(r.value.bits)),
        .reg = at,
        .state = r};
  return {};
}

Outcome check(const Env &env, const State &state, uint32_t index, const Obligation &o) {
  const isa::Insn &insn = env.insn(index);
  switch (o.must) {
    case Must::BeReadable:
      if (state.reg(o.reg).type != RegType::NotInit) return {};
      return Failure{.cause = Cause::UninitializedValue,
                     .insn = index,
                     .kernel = fmt::format("R{} !read_ok", o.reg),
                     .reg = o.reg};
    case Must::BeWritable:
      if (o.reg != isa::kFramePointer) return {};
      return Failure{.cause = Cause::FramePointerWrite, .insn = index, .kernel = "frame pointer is read only"};
    case Must::NotDivideByZero:
      if (insn.imm != 0) return {};
      return Failure{.cause = Cause::DivisionByZero, .insn = index, .kernel = "div by zero"};
    case Must::ShiftWithin: {
      const int width = insn.insn_class() == isa::ALU64 ? 64 : 32;
      if (insn.imm >= 0 && insn.imm < width) return {};
      return Failure{.cause = Cause::ShiftTooLarge,
                     .insn = index,
                     .kernel = fmt::format("invalid shift {}", insn.imm),
                     .limit = width,
                     .count = insn.imm};
    }
    case Must::ComputeSoundly:
      return check_arithmetic(env, state, index);
    case Must::Access:
      return check_access(env, state, index, o);
    case Must::CallKnownHelper:
    case Must::CallAllowedHelper:
    case Must::HaveLicence:
      return check_helper(env, index, o.must);
    case Must::CallInSection:
      return check_section(env, state, index);
    case Must::CallAllowedFunction:
      return check_function_in_section(env, state, index);
    case Must::ObeyHelper:
      return check_helper_rules(env, state, index);
    case Must::PassArgument:
      return check_argument(env, state, index, o.arg);
    case Must::NestCalls:
      if (state.frames.size() < kMaxFrames) return {};
      return Failure{.cause = Cause::CallTooDeep,
                     .insn = index,
                     .kernel = fmt::format("the call stack of {} frames is too deep", state.frames.size() + 1),
                     .limit = kMaxFrames,
                     .count = static_cast<int64_t>(state.frames.size()) + 1};
    case Must::CallKfunc:
      return check_kfunc(env, state, index);
    case Must::CallGlobally:
      return check_global_call(env, state, index);
    case Must::LoadFromPacket:
      return check_packet_load(env, state, index);
    case Must::Return:
      return check_return(env, state, index);
  }
  SPILE_UNREACHABLE("an obligation of no kind");
}

}  // namespace spile::verifier
