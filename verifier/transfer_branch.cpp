// Conditional jumps: both outcomes, each with what it teaches (check_cond_jmp_op).
#include "verifier/transfer.h"

namespace spile::verifier {
namespace {

struct Operands {
  RegState dst, src;
};
Operands operands(const State &state, const isa::Insn &insn) {
  return {state.reg(insn.dst), insn.source_is_reg()
                                   ? state.reg(insn.src)
                                   : RegState::scalar(Scalar::constant(static_cast<uint64_t>(int64_t{insn.imm})))};
}

bool is_any_packet(const RegState &r) { return r.is_packet() || r.type == RegType::PacketEnd; }

std::optional<bool> packet_decided(const RegState &dst, const RegState &src, uint8_t op) {
  const RegState *packet = &dst;
  if (src.type != RegType::PacketEnd) {
    if (dst.type != RegType::PacketEnd) return {};
    packet = &src;
    op = flipped(op);
  }
  if (packet->range >= 0) return {};
  const bool beyond = packet->range == RegState::kBeyondEnd;
  if ((op == isa::JLE || op == isa::JGT) && beyond) return op == isa::JGT;
  if (op == isa::JLT || op == isa::JGE) return op == isa::JGE;
  return {};
}

LinkedReg *push(LinkedRegs &set) { return set.count < kMaxLinked ? &set.items[set.count++] : nullptr; }

RegState &at(State &state, const LinkedReg &l) {
  Frame &frame = state.frames[l.frame];
  return l.is_slot ? frame.stack.slots[l.index].spilled : frame.regs[l.index];
}

// All linked numbers learn what [known] has learnt (sync_linked_regs).
void spread(State &state, const LinkedRegs &linked, unsigned reg) {
  const RegState known = state.reg(reg);
  const RegState *self = &state.reg(reg);
  if (!known.is_scalar() || known.id == 0) return;
  for (unsigned i = 0; i < linked.count; i++) {
    RegState &r = at(state, linked.items[i]);
    if (&r == self || !r.is_scalar() || r.id != known.id) continue;
    if ((!r.plus_const && !known.plus_const) || (r.plus_const == known.plus_const && r.off == known.off)) {
      r.value = known.value;
      continue;
    }
    // Sums of different widths have no fixed distance.
    if (r.plus_const && known.plus_const && r.plus_in_32 != known.plus_in_32) continue;
    // One is the other plus a constant.
    const int64_t delta = int64_t{r.plus_const ? r.off : 0} - int64_t{known.plus_const ? known.off : 0};
    const Scalar by = Scalar::constant(static_cast<uint64_t>(delta));
    r.value = known.value;
    r.value.r32.add(by.r32);
    r.value.r64.add(by.r64);
    r.value.bits = add(r.value.bits, by.bits);
    if (r.plus_in_32 || known.plus_in_32) r.value.zero_extend_32();
    r.value.sync();
  }
}

// `pkt + n <= end` and its other forms prove n bytes behind every pointer of the same base (find_good_pkt_pointers).
void prove_packet(State &state, const RegState &pointer, bool one_more) {
  if (pointer.off < 0 || (pointer.off == 0 && one_more)) return;
  if (pointer.value.r64.umax > kMaxPacketOffset ||
      pointer.value.r64.umax + static_cast<uint64_t>(pointer.off) > kMaxPacketOffset)
    return;
  const int32_t proven = pointer.off + (one_more ? 1 : 0);
  state.for_each_reg([&](RegState &r) {
    if (r.type == pointer.type && r.id == pointer.id) r.range = std::max(r.range, proven);
  });
}
void mark_end(State &state, unsigned reg, bool beyond) {
  RegState &r = state.reg(reg);
  if (r.type == RegType::Packet) r.range = beyond ? RegState::kBeyondEnd : RegState::kAtEnd;
}

bool is_start(const RegState &r) { return r.type == RegType::Packet && r.off == 0 && r.value.is_zero(); }

// [fall] and [taken]: the states behind the jump and at its target.
void match_packet(const isa::Insn &insn, const Operands &o, State &fall, State &taken) {
  if (!insn.source_is_reg() || insn.insn_class() == isa::JMP32) return;
  uint8_t op = insn.jump_op();
  const auto compares = [](const RegState &packet, const RegState &end) {
    return (packet.type == RegType::Packet && end.type == RegType::PacketEnd) ||
           (packet.type == RegType::PacketMeta && is_start(end));
  };
  unsigned reg = insn.dst;
  const RegState *packet = &o.dst;
  if (!compares(o.dst, o.src)) {
    if (!compares(o.src, o.dst)) return;
    op = flipped(op);
    reg = insn.src;
    packet = &o.src;
  }
  // From here on: `packet op end`.
  switch (op) {
    case isa::JGT:
      prove_packet(fall, *packet, false), mark_end(taken, reg, true);
      break;
    case isa::JLT:
      prove_packet(taken, *packet, true), mark_end(fall, reg, false);
      break;
    case isa::JGE:
      prove_packet(fall, *packet, true), mark_end(taken, reg, false);
      break;
    case isa::JLE:
      prove_packet(taken, *packet, false), mark_end(fall, reg, true);
      break;
    default:
      break;
  }
}

void refine_scalars(const isa::Insn &insn, State &state, bool holds) {
  RegState &dst = state.reg(insn.dst);
  RegState immediate = RegState::scalar(Scalar::constant(static_cast<uint64_t>(int64_t{insn.imm})));
  RegState &src = insn.source_is_reg() ? state.reg(insn.src) : immediate;
  if (!dst.is_scalar() || !src.is_scalar()) return;
  refine(insn.jump_op(), insn.insn_class() == isa::JMP32, holds, dst.value, src.value);
  // A branch that cannot be taken left an empty set. Sound because: forgetting the ranges only allows more.
  for (RegState *r : {&dst, &src}) {
    if (!r->value.is_contradiction()) continue;
    r->value.r64 = {};
    r->value.r32 = {};
  }
}

// The processor may take the other way for a while, with operands that nobody knows then (sanitize_speculative_path).
void speculate(Flow &flow, const State &state, const isa::Insn &insn, uint32_t other) {
  flow.kind = Flow::Fork;
  flow.other = state;
  flow.other_next = other;
  flow.other->speculative = true;
  flow.other->reg(insn.dst) = RegState::unknown();
  if (insn.source_is_reg()) flow.other->reg(insn.src) = RegState::unknown();
}

}  // namespace

std::optional<bool> branch_decided(const Env &env, const State &state, uint32_t index) {
  const isa::Insn &insn = env.insn(index);
  auto [dst, src] = operands(state, insn);
  if (dst.type == RegType::Poisoned || src.type == RegType::Poisoned) return {};
  const bool jump32 = insn.insn_class() == isa::JMP32;
  uint8_t op = insn.jump_op();
  if (is_any_packet(dst) && is_any_packet(src) && !jump32) return packet_decided(dst, src, op);
  if (dst.is_scalar() && src.is_scalar()) return branch_taken(op, jump32, dst.value, src.value);
  if (jump32) return {};
  if (!src.is_scalar() || !src.value.is_const()) {
    op = flipped(op);
    std::swap(dst, src);
  }
  if (!src.is_null() || !dst.is_never_null()) return {};
  if (op == isa::JEQ) return false;
  if (op == isa::JNE) return true;
  return {};
}

LinkedRegs link_operands(const Env &env, State &state, uint32_t index) {
  const isa::Insn &insn = env.insn(index);
  LinkedRegs linked;
  const auto collect = [&](uint32_t id) {
    for (size_t f = state.frames.size(); f-- > 0;) {
      Frame &frame = state.frames[f];
      const auto consider = [&](RegState &r, bool is_slot, unsigned i) {
        if (!r.is_scalar() || r.id != id) return;
        if (LinkedReg *l = push(linked))
          *l = {static_cast<uint8_t>(f), is_slot, static_cast<uint8_t>(i)};
        else
          r.forget_id();
      };
      for (unsigned r = 0; r < isa::kFramePointer; r++) consider(frame.regs[r], false, r);
      for (unsigned s = 0; s < frame.stack.slots.size(); s++)
        if (frame.stack.slots[s].is_spill()) consider(frame.stack.slots[s].spilled, true, s);
    }
  };
  if (insn.source_is_reg() && state.reg(insn.src).is_scalar() && state.reg(insn.src).id != 0)
    collect(state.reg(insn.src).id);
  if (state.reg(insn.dst).is_scalar() && state.reg(insn.dst).id != 0) collect(state.reg(insn.dst).id);
  return linked;
}

Flow transfer_branch(const Env &env, State &state, uint32_t index) {
  const isa::Insn &insn = env.insn(index);
  const uint32_t target = index + 1 + static_cast<uint32_t>(int32_t{insn.off});
  if (const auto decided = branch_decided(env, state, index)) {
    Flow flow{.next = *decided ? target : index + 1};
    if (env.options.unprivileged) speculate(flow, state, insn, *decided ? index + 1 : target);
    return flow;
  }
  const LinkedRegs linked = link_operands(env, state, index);
  const Operands before = operands(state, insn);
  Flow flow{.kind = Flow::Fork, .next = index + 1, .other = state, .other_next = target};
  State &taken = *flow.other;
  const bool jump32 = insn.insn_class() == isa::JMP32,
             equality = insn.jump_op() == isa::JEQ || insn.jump_op() == isa::JNE;
  const bool taken_is_equal = insn.jump_op() == isa::JEQ;

  refine_scalars(insn, state, false);
  refine_scalars(insn, taken, true);
  for (State *s : {&state, &taken}) {
    if (insn.source_is_reg()) spread(*s, linked, insn.src);
    spread(*s, linked, insn.dst);
  }
  // Equal to a pointer that is not NULL: not NULL either.
  if (!jump32 && equality && insn.source_is_reg() && before.dst.is_pointer() && before.src.is_pointer()) {
    State &equal = taken_is_equal ? taken : state;
    if (before.dst.is_never_null() && before.src.or_null) equal.reg(insn.src).or_null = false;
    if (before.src.is_never_null() && before.dst.or_null) equal.reg(insn.dst).or_null = false;
  }
  if (!jump32 && !insn.source_is_reg() && insn.imm == 0 && equality && before.dst.or_null) {
    resolve_null(state, before.dst.id, !taken_is_equal);
    resolve_null(taken, before.dst.id, taken_is_equal);
  } else {
    match_packet(insn, before, state, taken);
  }
  return flow;
}

}  // namespace spile::verifier
