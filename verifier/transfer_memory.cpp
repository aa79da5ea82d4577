// Loads, stores and atomic operations.
#include <cstring>

#include "verifier/domain/pointer.h"
#include "verifier/transfer.h"

namespace spile::verifier {
namespace {

// A load from read-only global data at a constant place: the value is in the object (bpf_map_direct_read). This makes
// the code behind a false constant dead.
std::optional<uint64_t> constant_at(const Env &env, const RegState &pointer, int64_t off, unsigned size) {
  const object::Map &map = env.map(pointer.target);
  if (!map.is_readonly || !map.section || !pointer.value.is_const()) return {};
  const auto at = static_cast<uint64_t>(static_cast<int64_t>(pointer.value.const_value()) + pointer.off + off);
  const auto &bytes = (*env.program.object)[map.section].bytes;
  if (at > bytes.size() || bytes.size() - at < size) return {};
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, size);
  return value;
}

RegState load_value(const Env &env, const State &state, const RegState &pointer, int64_t off, unsigned size,
                    uint32_t at) {
  switch (pointer.type) {
    case RegType::Stack: {
      const Span span = span_of(pointer, off, size);
      const Stack &stack = state.frames[pointer.frame].stack;
      return span.fixed ? stack.load(span.low, size, at) : stack.load_somewhere(span.low, span.high, at);
    }
    case RegType::MapValue:
      if (const auto value = constant_at(env, pointer, off, size))
        return RegState::scalar(Scalar::constant(*value), at);
      return RegState::unknown(at);
    case RegType::Ctx: {
      const tables::CtxField *field = tables::find_ctx_field(env.type.ctx, static_cast<uint32_t>(off));
      if (field == nullptr) return RegState::unknown(at);
      switch (field->result) {
        case tables::CtxResult::Scalar:
        case tables::CtxResult::Socket:
        case tables::CtxResult::SocketOrNull:
        case tables::CtxResult::SockCommonOrNull:
        case tables::CtxResult::FlowKeys:
        case tables::CtxResult::TpBuffer:
        case tables::CtxResult::BtfArgument:
        case tables::CtxResult::NfHookState:
        case tables::CtxResult::SkBuffObject:
          return RegState::unknown(at);
        case tables::CtxResult::Packet:
          return RegState::pointer(RegType::Packet, at);
        case tables::CtxResult::PacketEnd:
          return RegState::pointer(RegType::PacketEnd, at);
        case tables::CtxResult::PacketMeta:
          return RegState::pointer(RegType::PacketMeta, at);
      }
      return RegState::unknown(at);
    }
    case RegType::Poisoned:
      return pointer;
    case RegType::NotInit:
    case RegType::Scalar:
    case RegType::MapPtr:
    case RegType::MapKey:
    case RegType::Packet:
    case RegType::PacketMeta:
    case RegType::PacketEnd:
    case RegType::Func:
      return RegState::unknown(at);
  }
  return RegState::unknown(at);
}

void write_stack(State &state, const RegState &pointer, int64_t off, unsigned size, const RegState &value) {
  if (pointer.type != RegType::Stack) return;  // what other memory holds is not followed
  Stack &stack = state.frames[pointer.frame].stack;
  const Span span = span_of(pointer, off, size);
  if (span.fixed)
    stack.store(span.low, size, value);
  else
    stack.store_somewhere(span.low, span.high, value.is_null());
}

void touch_stack(State &state, const RegState &pointer, int64_t off, unsigned size) {
  if (pointer.type == RegType::Stack) state.frames[pointer.frame].stack.grow(span_of(pointer, off, size).low);
}

}  // namespace

void transfer_load(const Env &env, State &state, uint32_t at) {
  const isa::Insn &insn = env.insn(at);
  const unsigned size = env.structure.infos[at]->bytes();
  const RegState pointer = state.reg(insn.src);
  touch_stack(state, pointer, insn.off, size);
  RegState value = load_value(env, state, pointer, insn.off, size, at);
  if (value.is_scalar() && size < 8) {
    if (insn.mode() == isa::MEMSX)
      value.value.sign_extend(size);
    else
      value.value.truncate(size);
  }
  state.reg(insn.dst) = value;
}

void transfer_store(const Env &env, State &state, uint32_t at) {
  const isa::Insn &insn = env.insn(at);
  const unsigned size = env.structure.infos[at]->bytes();
  const RegState pointer = state.reg(insn.dst);
  if (insn.insn_class() == isa::ST) {
    const auto imm = static_cast<uint64_t>(int64_t{insn.imm});
    write_stack(state, pointer, insn.off, size, RegState::scalar(Scalar::constant(imm), at));
    return;
  }
  RegState &src = state.reg(insn.src);
  if (pointer.type == RegType::Stack && src.is_scalar() && pointer.value.is_const() && src.value.width() <= size * 8) {
    // A spill is a move: the slot and the register are linked.
    const Span span = span_of(pointer, insn.off, size);
    if (span.low % 8 == 0) {
      if (src.plus_const) src.forget_id();
      if (src.id == 0 && !src.value.is_const()) src.id = state.new_id();
    }
  }
  write_stack(state, pointer, insn.off, size, src);
}

void transfer_atomic(const Env &env, State &state, uint32_t at) {
  const isa::Insn &insn = env.insn(at);
  const unsigned size = env.structure.infos[at]->bytes();
  const RegState pointer = state.reg(insn.dst);
  touch_stack(state, pointer, insn.off, size);
  RegState old = load_value(env, state, pointer, insn.off, size, at);
  write_stack(state, pointer, insn.off, size, RegState{});
  if ((insn.imm & isa::kAtomicFetch) == 0) return;
  if (old.is_scalar() && size < 8) old.value.truncate(size);
  state.reg(insn.imm == isa::kAtomicCmpxchg ? 0 : insn.src) = old;
}

}  // namespace spile::verifier
