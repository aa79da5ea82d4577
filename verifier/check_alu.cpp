// What may be computed with pointers (adjust_reg_min_max_vals, adjust_ptr_min_max_vals), for root.
#include <fmt/format.h>

#include "verifier/check.h"
#include "verifier/domain/pointer.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;

// The range of an offset must be small enough that no sum of offsets can wrap (check_reg_sane_offset).
Outcome check_sane(const RegState &r, const RegState &pointer, Failure base) {
  const Scalar &v = r.value;
  const std::string type = type_name(pointer);
  base.cause = Cause::UnboundedPointer;
  const auto fail = [&](std::string kernel) {
    base.kernel = std::move(kernel);
    return base;
  };
  if (v.is_const()) {
    const auto n = static_cast<int64_t>(v.const_value());
    if (n >= kMaxOffset || n <= -kMaxOffset)
      return fail(fmt::format("math between {} pointer and {} is not allowed", type, n));
  }
  if (!r.is_scalar() && (r.off >= kMaxOffset || r.off <= -kMaxOffset))
    return fail(fmt::format("{} pointer offset {} is not allowed", type, r.off));
  if (v.r64.smin == INT64_MIN)
    return fail(fmt::format("math between {} pointer and register with unbounded min value is not allowed", type));
  if (v.r64.smin >= kMaxOffset || v.r64.smin <= -kMaxOffset)
    return fail(fmt::format("value {} makes {} pointer be out of bounds", v.r64.smin, type));
  return {};
}

bool can_move(const RegState &pointer, const Scalar &by, uint8_t op) {
  switch (pointer.type) {
    case RegType::Ctx:
    case RegType::MapValue:
    case RegType::MapKey:
    case RegType::Stack:
    case RegType::Packet:
    case RegType::PacketMeta:
    case RegType::TpBuffer:
    case RegType::Mem:
    case RegType::Buffer:
    case RegType::BtfObject:
    case RegType::Dynptr:
    case RegType::Iterator:
    case RegType::Arena:
    case RegType::Func:
      return true;
    case RegType::FlowKeys:
      return by.is_const();
    case RegType::MapPtr:
      return by.is_zero() && op == isa::ADD;
    case RegType::PacketEnd:
    case RegType::Socket:
    case RegType::SockCommon:
    case RegType::TcpSock:
    case RegType::XdpSock:
    case RegType::NotInit:
    case RegType::Scalar:
    case RegType::Poisoned:
      return false;
  }
  return false;
}

}  // namespace

Outcome check_arithmetic(const Env &env, const State &state, uint32_t index) {
  const isa::Insn &insn = env.insn(index);
  const uint8_t op = insn.alu_op();
  const bool alu64 = insn.insn_class() == isa::ALU64;
  const RegState &dst = state.reg(insn.dst);
  const RegState src = insn.source_is_reg()
                           ? state.reg(insn.src)
                           : RegState::scalar(Scalar::constant(static_cast<uint64_t>(int64_t{insn.imm})));
  if (dst.type == RegType::Poisoned || src.type == RegType::Poisoned) return {};
  if (dst.type == RegType::Arena || (dst.is_scalar() && src.is_scalar())) return {};
  Failure base{
      .cause = Cause::PointerArithmetic, .insn = index, .reg = insn.dst, .state = dst, .detail = operator_text(op)};
  const auto fail = [&](std::string kernel) -> Outcome {
    base.kernel = std::move(kernel);
    return base;
  };
  if (dst.is_pointer() && src.is_pointer()) {
    if (op == isa::SUB) return {};  // a distance: any number, for root
    return fail(fmt::format("R{} pointer {} pointer prohibited", insn.dst, operator_text(op)));
  }
  const RegState &pointer = dst.is_pointer() ? dst : src;
  const RegState &offset = dst.is_pointer() ? src : dst;
  if (!dst.is_pointer()) {
    base.reg = insn.src;
    base.state = src;
  }
  if (offset.value.r64.is_empty()) return {};  // this path cannot be taken
  if (!alu64) {
    if (op == isa::SUB) return {};
    return fail(fmt::format("R{} 32-bit pointer arithmetic prohibited", insn.dst));
  }
  if (pointer.or_null) {
    base.cause = Cause::NullArithmetic;
    return fail(
        fmt::format("R{} pointer arithmetic on {} prohibited, null-check it first", insn.dst, type_name(pointer)));
  }
  if (!can_move(pointer, offset.value, op))
    return fail(fmt::format("R{} pointer arithmetic on {} prohibited", insn.dst, type_name(pointer)));
  base.size = static_cast<uint64_t>(insn.source_is_reg() ? (dst.is_pointer() ? insn.src : insn.dst) : 0);
  if (Outcome f = check_sane(offset, pointer, base)) {
    f->detail = "";
    f->state = offset;
    return f;
  }
  if (Outcome f = check_sane(pointer, pointer, base)) return f;
  switch (op) {
    case isa::ADD:
      break;
    case isa::SUB:
      if (!dst.is_pointer()) return fail(fmt::format("R{} tried to subtract pointer from scalar", insn.dst));
      if (pointer.type == RegType::Stack)
        return fail(fmt::format("R{} subtraction from stack pointer prohibited", insn.dst));
      break;
    case isa::AND:
    case isa::OR:
    case isa::XOR:
      return fail(fmt::format("R{} bitwise operator {} on pointer prohibited", insn.dst, operator_text(op)));
    default:
      return fail(fmt::format("R{} pointer arithmetic with {} operator prohibited", insn.dst, operator_text(op)));
  }
  const RegState moved = move_pointer(pointer, offset.value, op == isa::SUB, 0);
  return check_sane(moved, pointer, base);
}

}  // namespace spile::verifier
