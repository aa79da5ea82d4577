// The context of the program, and what the kernel shows of its objects field by field: sockets, flow keys.
#include <fmt/format.h>

#include "verifier/objects.h"

namespace spile::verifier {

using Outcome = std::optional<Failure>;

Outcome check_context(const Env &env, const Request &a) {
  if (Outcome moved = check_unmoved(a.pointer, a.reg, a.insn)) return moved;
  const int64_t off = a.off;
  // Kernel: of tracepoints it takes offsets below 0 too (tp_prog_is_valid_access compares them without a sign), which
  // read what lies before the record: we are stricter.
  const tables::CtxField *field = off < 0 ? nullptr : tables::find_ctx_field(env.type.ctx, static_cast<uint32_t>(off));
  if (field != nullptr && tables::allows(*field, static_cast<uint32_t>(off), static_cast<uint32_t>(a.size), a.write) &&
      !(a.sign_extends && field->result != tables::CtxResult::Scalar &&
        field->result != tables::CtxResult::BtfArgument)) {
    if (field->result != tables::CtxResult::BtfArgument) return {};
    const Argument argument = argument_of(env, static_cast<unsigned>(off / 8));
    if (argument.kind == Argument::Unknown)
      return Failure{
          .cause = Cause::NotModelled,
          .insn = a.insn,
          .detail = fmt::format("the arguments of `{}` without the kernel's BTF (--btf=host)", env.program.section)};
    if (argument.kind != Argument::Outside && off % 8 == 0) return {};
  }
  return a.failure(Cause::ContextBounds, fmt::format("invalid bpf_context access off={} size={}", off, a.size));
}

tables::CtxKind fields_of_socket(RegType type) {
  return type == RegType::Socket       ? tables::CtxKind::SocketObject
         : type == RegType::SockCommon ? tables::CtxKind::SockCommonObject
         : type == RegType::TcpSock    ? tables::CtxKind::TcpSockObject
                                       : tables::CtxKind::XdpSockObject;
}

Outcome check_socket(const Request &a) {
  if (a.write)
    return a.failure(Cause::ReadOnlyObject, fmt::format("R{} cannot write into {}", a.reg, type_name(a.pointer)));
  const int64_t off = a.off + a.pointer.off;
  const tables::CtxField *field =
      off < 0 ? nullptr : tables::find_ctx_field(fields_of_socket(a.pointer.type), static_cast<uint32_t>(off));
  if (field != nullptr && a.pointer.value.is_zero() &&
      tables::allows(*field, static_cast<uint32_t>(off), static_cast<uint32_t>(a.size), false))
    return {};
  return a.failure(Cause::ObjectBounds,
                   fmt::format("R{} invalid {} access off={} size={}", a.reg, type_name(a.pointer), off, a.size));
}

Outcome check_flow_keys(const Request &a) {
  constexpr int64_t kFlowKeysSize = 56;  // struct bpf_flow_keys
  const int64_t off = a.off + a.pointer.off;
  if (off >= 0 && off + static_cast<int64_t>(a.size) <= kFlowKeysSize) return {};
  return a.failure(Cause::ObjectBounds, fmt::format("invalid access to flow keys off={} size={}", off, a.size));
}

// A buffer whose size is checked when the program is attached: it only must begin at a known place.
Outcome check_buffer(const Request &a) {
  const int64_t off = a.off + a.pointer.off;
  const char *name = a.pointer.type == RegType::TpBuffer ? "tracepoint" : a.pointer.has(kReadOnly) ? "rdonly" : "rdwr";
  if (a.write && a.pointer.has(kReadOnly))
    return a.failure(Cause::ReadOnlyObject, fmt::format("R{} cannot write into {}", a.reg, type_name(a.pointer)));
  if (off < 0)
    return a.failure(Cause::ObjectBounds,
                     fmt::format("R{} invalid {} buffer access: off={}, size={}", a.reg, name, off, a.size));
  if (!a.pointer.value.is_const() || a.pointer.value.const_value() != 0)
    return a.failure(Cause::ObjectBounds, fmt::format("R{} invalid variable buffer offset: off={}, var_off={}", a.reg,
                                                      off, to_string(a.pointer.value.bits)));
  return {};
}

}  // namespace spile::verifier
