// Loads, stores and atomic operations.
#include <algorithm>
#include <cstring>

#include "verifier/attach_rules.h"
#include "verifier/domain/pointer.h"
#include "verifier/dynptr.h"
#include "verifier/objects.h"
#include "verifier/transfer.h"

namespace spile::verifier {
namespace {

// A load from read-only global data at a constant place: the value is in the object (bpf_map_direct_read). This makes
// the code behind a false constant dead.
std::optional<uint64_t> constant_at(const Env &env, const RegState &pointer, int64_t off, unsigned size) {
  const object::Map &map = env.map(pointer.target);
  if (!map.is_readonly || !map.section || !pointer.value.is_const()) return {};
  const auto at = static_cast<uint64_t>(pointer.constant_offset() + off);
  const auto &bytes = (*env.program.object)[map.section].bytes;
  if (at > bytes.size() || bytes.size() - at < size) return {};
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, size);
  return value;
}

// Objects of the kernel that RCU keeps while a map points to them (BTF_SET rcu_protected_types).
bool is_rcu_protected(std::string_view name) {
  static constexpr std::string_view kNames[] = {"prog_test_ref_kfunc", "cgroup",  "bpf_cpumask",
                                                "task_struct",         "css_set", "bpf_crypto_ctx"};
  return std::ranges::find(kNames, name) != std::end(kNames);
}

// A kernel pointer in a map's value may be exchanged at any time: what is read is not owned (check_map_kptr_access).
RegState load_kptr(const Env &env, State &state, const RegState &pointer, int64_t off, uint32_t at) {
  if (!pointer.value.is_const()) return RegState::unknown(at);
  const int64_t place = pointer.constant_offset() + off;
  for (const SpecialField &f : env.fields_of_map(pointer.target)) {
    if (!is_kptr(f.kind) || f.offset != place) continue;
    const TypeRef type{false, f.target};
    if (f.kind == FieldKind::UserPtr) {
      RegState mem = RegState::pointer(RegType::Mem, at);
      mem.mem_size = static_cast<uint32_t>(env.types.size_of(type));
      mem.or_null = true;
      mem.id = state.new_id();
      return mem;
    }
    const bool local = env.types.is_local(env.types.name_of(type));
    const bool safe = f.kind == FieldKind::PerCpuKptr || local || is_rcu_protected(env.types.name_of(type));
    const bool rcu = f.kind != FieldKind::KptrUntrusted && safe && in_rcu_section(env, state);
    uint16_t flags = rcu ? kRcu : kUntrusted;
    if (rcu && f.kind == FieldKind::PerCpuKptr) flags |= kPerCpu;
    if (rcu && local) flags |= kOwned;
    RegState r = object_pointer(env.types.as_relocated(type), flags, at);
    r.or_null = true;
    r.id = state.new_id();
    return r;
  }
  return RegState::unknown(at);
}

// What the function has returned, or, where a security module's programs run one after the other, the one before:
// nothing that a program of this hook may not return (bpf_lsm_get_retval_range).
RegState hook_result(const Env &env, uint32_t at) {
  if (env.type.attach != tables::AttachType::LSM_MAC) return RegState::unknown(at);
  const tables::ReturnRange range = return_range(env);
  return RegState::scalar(Scalar::between(range.low, range.high), at);
}

// What a field of the context gives.
RegState context_value(const Env &env, State &state, int64_t off, uint32_t at) {
  const tables::CtxField *field = tables::find_ctx_field(env.type.ctx, static_cast<uint32_t>(off));
  if (field == nullptr) return RegState::unknown(at);
  const auto or_null = [&](RegState r) {
    r.or_null = true;
    r.id = state.new_id();
    return r;
  };
  const auto object = [&](std::string_view name) { return object_pointer(env.types.find_struct(name), kTrusted, at); };
  switch (field->result) {
    case tables::CtxResult::Scalar:
      return RegState::unknown(at);
    case tables::CtxResult::Packet:
      return RegState::pointer(RegType::Packet, at);
    case tables::CtxResult::PacketEnd:
      return RegState::pointer(RegType::PacketEnd, at);
    case tables::CtxResult::PacketMeta:
      return RegState::pointer(RegType::PacketMeta, at);
    case tables::CtxResult::Socket:
      return RegState::pointer(RegType::Socket, at);
    case tables::CtxResult::SocketOrNull:
      return or_null(RegState::pointer(RegType::Socket, at));
    case tables::CtxResult::SockCommonOrNull:
      return or_null(RegState::pointer(RegType::SockCommon, at));
    case tables::CtxResult::FlowKeys:
      return RegState::pointer(RegType::FlowKeys, at);
    case tables::CtxResult::TpBuffer:
      return RegState::pointer(RegType::TpBuffer, at);
    case tables::CtxResult::NfHookState:
      return object("nf_hook_state");
    case tables::CtxResult::SkBuffObject:
      return object("sk_buff");
    case tables::CtxResult::BtfArgument: {
      const Argument argument = argument_of(env, static_cast<unsigned>(off / 8));
      if (argument.kind == Argument::Buffer) {
        RegState r = RegState::pointer(RegType::Buffer, at);
        if (!argument.writable) r.flags = kReadOnly;
        return or_null(r);
      }
      if (argument.kind != Argument::Object) return argument.is_result ? hook_result(env, at) : RegState::unknown(at);
      const RegState r = object_pointer(argument.type, argument.trusted ? kTrusted : 0, at);
      return argument.or_null ? or_null(r) : r;
    }
  }
  return RegState::unknown(at);
}

RegState load_value(const Env &env, State &state, const RegState &pointer, int64_t off, unsigned size, uint32_t at) {
  switch (pointer.type) {
    case RegType::Stack: {
      const Span span = span_of(pointer, off, size);
      const Stack &stack = state.frames[pointer.frame].stack;
      return span.fixed ? stack.load(span.low, size, at) : stack.load_somewhere(span.low, span.high, at);
    }
    case RegType::MapValue:
      if (const auto value = constant_at(env, pointer, off, size))
        return RegState::scalar(Scalar::constant(*value), at);
      return load_kptr(env, state, pointer, off, at);
    case RegType::Ctx:
      return context_value(env, state, off, at);
    case RegType::BtfObject:
    case RegType::MapPtr:
      return load_object(env, state, pointer, off, size, at);
    case RegType::Poisoned:
      return pointer;
    case RegType::NotInit:
    case RegType::Scalar:
    case RegType::MapKey:
    case RegType::Packet:
    case RegType::PacketMeta:
    case RegType::PacketEnd:
    case RegType::FlowKeys:
    case RegType::Socket:
    case RegType::SockCommon:
    case RegType::TcpSock:
    case RegType::XdpSock:
    case RegType::TpBuffer:
    case RegType::Mem:
    case RegType::Buffer:
    case RegType::Dynptr:
    case RegType::Iterator:
    case RegType::Arena:
    case RegType::Func:
      return RegState::unknown(at);
  }
  return RegState::unknown(at);
}

void write_stack(State &state, const RegState &pointer, int64_t off, unsigned size, const RegState &value) {
  if (pointer.type != RegType::Stack) return;  // what other memory holds is not followed
  Stack &stack = state.frames[pointer.frame].stack;
  const Span span = span_of(pointer, off, size);
  destroy_objects(state, pointer.frame, span.low, span.high);
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
    if (insn.mode() == isa::MEMSX) {
      // A negative number is no longer the one that was spilled, though Linux 6.18 keeps the two linked.
      if (value.value.r64.umax >= 1ull << (size * 8 - 1)) value.forget_id();
      value.value.sign_extend(size);
    } else {
      value.value.truncate(size);
    }
  }
  state.reg(insn.dst) = value;
}

void transfer_store(const Env &env, State &state, uint32_t at) {
  const isa::Insn &insn = env.insn(at);
  const unsigned size = env.structure.infos[at]->bytes();
  const RegState pointer = state.reg(insn.dst);
  if (insn.insn_class() == isa::ST) {
    const auto imm = static_cast<uint64_t>(int64_t{insn.imm});
    const bool kept = imm == 0 || !env.options.unprivileged;
    write_stack(state, pointer, insn.off, size, RegState::scalar(kept ? Scalar::constant(imm) : Scalar::unknown(), at));
    return;
  }
  RegState &src = state.reg(insn.src);
  const bool forgets = env.options.unprivileged || (size < kSlotBytes && !env.has(tables::Feature::NarrowSpills));
  if (forgets && src.is_scalar() && !src.is_null()) {  // saved numbers are not followed
    write_stack(state, pointer, insn.off, size, RegState::unknown(at));
    return;
  }
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
