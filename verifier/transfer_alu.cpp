// Moves and arithmetic (check_alu_op, adjust_reg_min_max_vals).
#include "verifier/domain/pointer.h"
#include "verifier/transfer.h"

namespace spile::verifier {
namespace {

// A move links source and destination: what is learnt of one is true of the other.
void give_id(State &state, RegState &src) {
  if (!src.is_scalar()) return;
  if (src.plus_const) src.forget_id();
  if (src.id == 0 && !src.value.is_const()) src.id = state.new_id();
}

void move_register(State &state, const isa::Insn &insn, uint32_t at) {
  RegState &src = state.reg(insn.src), &dst = state.reg(insn.dst);
  const bool alu64 = insn.insn_class() == isa::ALU64;
  if (is_address_cast(insn)) {
    dst = insn.imm == kCastFromArena ? RegState::pointer(RegType::Arena, at) : RegState::unknown(at);
    return;
  }
  if (src.type == RegType::Poisoned) {
    dst = src;
    return;
  }
  if (alu64 && insn.off == 0) {
    give_id(state, src);
    dst = src;
    return;
  }
  if (!src.is_scalar()) {
    dst = RegState::unknown(at);
    if (!alu64) {
      dst.value.zero_extend_32();
      dst.value.sync();
    }
    return;
  }
  // The number is the same where its upper part is already what the extension makes of it.
  const bool same = insn.off == 0 ? src.value.width() <= 32 : src.value.r64.umax < (1ull << (insn.off - 1));
  if (same) give_id(state, src);
  dst = src;
  if (!same) dst.forget_id();
  const auto bytes = static_cast<unsigned>(insn.off / 8);
  if (alu64) {
    dst.value.sign_extend(bytes);
    return;
  }
  if (insn.off != 0) dst.value.sign_extend_subreg(bytes);
  dst.value.zero_extend_32();
  dst.value.sync();
}

void unary(RegState &dst, const isa::Insn &insn, uint32_t at) {
  if (dst.type == RegType::Poisoned) return;
  if (!dst.is_scalar()) {  // root may compute with addresses; what comes out is any number
    dst = RegState::unknown(at);
    return;
  }
  const bool alu64 = insn.insn_class() == isa::ALU64;
  dst.forget_id();
  dst.origin = at;
  if (insn.alu_op() == isa::NEG) {
    dst.value = alu(isa::SUB, !alu64, Scalar::constant(0), dst.value);
    return;
  }
  // Little endian: `le` only truncates, `be` and `bswap` swap first.
  const auto bits = static_cast<unsigned>(insn.imm);
  dst.value = byte_order(dst.value, bits, alu64 || insn.source_is_reg());
}

// `x += constant` keeps the link: dst is the others of its id plus the constant.
// Kernel: 32-bit additions, subtractions and negative constants since Linux 7.0, and in the stable 6.18.
std::optional<int32_t> linked_delta(const RegState &dst, const RegState &src, const isa::Insn &insn) {
  const bool alu32 = insn.insn_class() == isa::ALU;
  if (insn.alu_op() != isa::ADD && insn.alu_op() != isa::SUB) return {};
  if (dst.id == 0 || dst.plus_const || !src.value.is_const(alu32)) return {};
  if (insn.source_is_reg() && insn.src == insn.dst) return {};
  const auto wide = static_cast<int64_t>(src.value.const_value());
  if (!alu32 && (wide < INT32_MIN || wide > INT32_MAX)) return {};
  if (alu32 && dst.value.r64.umax > UINT32_MAX) return {};
  const auto delta = static_cast<int32_t>(src.value.const_value(alu32));
  if (insn.alu_op() == isa::ADD) return delta;
  return delta == INT32_MIN ? std::nullopt : std::optional(-delta);
}

void arithmetic(State &state, const isa::Insn &insn, uint32_t at) {
  RegState &dst = state.reg(insn.dst);
  const RegState src = insn.source_is_reg()
                           ? state.reg(insn.src)
                           : RegState::scalar(Scalar::constant(static_cast<uint64_t>(int64_t{insn.imm})));
  const uint8_t op = insn.alu_op();
  const bool alu64 = insn.insn_class() == isa::ALU64;
  if (dst.type == RegType::Poisoned || src.type == RegType::Poisoned) {
    dst = RegState::pointer(RegType::Poisoned, at);
    return;
  }
  if (dst.type == RegType::Arena) return;  // whatever is computed stays within the arena's 4 GiB
  if (dst.is_pointer() || src.is_pointer()) {
    const RegState &pointer = dst.is_pointer() ? dst : src, &offset = dst.is_pointer() ? src : dst;
    const bool both = dst.is_pointer() && src.is_pointer(), onto_number = dst.is_scalar();
    if (both || !alu64 || offset.value.r64.is_empty())
      dst = RegState::unknown(at);
    else
      dst = move_pointer(pointer, offset.value, op == isa::SUB, state.new_id());
    if (onto_number && dst.ref_id != 0) dst.flags |= kSumOfNumber;
    return;
  }
  const std::optional<int32_t> delta = linked_delta(dst, src, insn);
  dst.value = alu(op, !alu64, dst.value, src.value);
  // For messages: a number behind a mask is still the number that came from there.
  if (op != isa::AND) dst.origin = at;
  dst.precise = false;
  if (delta) {
    dst.plus_const = true;
    dst.plus_in_32 = !alu64;
    dst.off = *delta;
  } else {
    dst.forget_id();
  }
}

}  // namespace

void transfer_alu(const Env &env, State &state, uint32_t at) {
  const isa::Insn &insn = env.insn(at);
  RegState &dst = state.reg(insn.dst);
  switch (insn.alu_op()) {
    case isa::MOV:
      if (insn.source_is_reg()) {
        move_register(state, insn, at);
      } else {
        const uint64_t wide = static_cast<uint64_t>(int64_t{insn.imm});
        dst = RegState::scalar(Scalar::constant(insn.insn_class() == isa::ALU64 ? wide : static_cast<uint32_t>(wide)),
                               at);
      }
      return;
    case isa::NEG:
    case isa::END:
      unary(dst, insn, at);
      return;
    default:
      arithmetic(state, insn, at);
      return;
  }
}

std::optional<State> fork_sign(const Env &env, State &state, uint32_t at) {
  const isa::Insn &insn = env.insn(at);
  if (insn.alu_op() != isa::AND && insn.alu_op() != isa::OR) return {};
  RegState &dst = state.reg(insn.dst);
  if (!dst.is_scalar()) return {};
  if (insn.source_is_reg()) {
    const RegState &src = state.reg(insn.src);
    if (!src.is_scalar() || !src.value.is_const()) return {};
  }
  const bool wide = dst.value.r64.smin == -1 && dst.value.r64.smax == 0;
  if (!wide && !(dst.value.r32.smin == -1 && dst.value.r32.smax == 0)) return {};
  State zero = state;
  if (wide) {
    zero.reg(insn.dst).value = Scalar::constant(0);
    dst.value = Scalar::constant(~0ull);
  } else {
    zero.reg(insn.dst).value.set_known_subreg(0);
    dst.value.set_known_subreg(~0u);
  }
  return zero;
}

}  // namespace spile::verifier
