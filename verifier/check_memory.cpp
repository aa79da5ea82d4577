// Is every byte that an access can touch one that the program may read or write? By the kind of the pointer.
#include <fmt/format.h>

#include "verifier/check_memory.h"
#include "verifier/domain/pointer.h"
#include "verifier/dynptr.h"
#include "verifier/objects.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;

bool within(const Request &a, int64_t off, uint64_t limit) {
  const bool size_ok = a.size > 0 || a.may_be_empty;
  return size_ok && off >= 0 && static_cast<uint64_t>(off) + a.size <= limit;
}

std::string outside_text(const Request &a, int64_t off, uint64_t limit) {
  switch (a.pointer.type) {
    case RegType::MapKey:
      return fmt::format("invalid access to map key, key_size={} off={} size={}", limit, off, a.size);
    case RegType::MapValue:
      return fmt::format("invalid access to map value, value_size={} off={} size={}", limit, off, a.size);
    case RegType::Mem:
      return fmt::format("invalid access to memory, mem_size={} off={} size={}", limit, off, a.size);
    default:
      return fmt::format("invalid access to packet, off={} size={}, R{}(id={},off={},r={})", off, a.size, a.reg,
                         a.pointer.id, off, limit);
  }
}

// Memory of a known size behind a pointer with a variable part (check_mem_region_access).
Outcome check_region(const Request &a, uint64_t limit, Cause outside) {
  const Range64 &r = a.pointer.value.r64;
  const int64_t off = a.off + a.pointer.off;
  if (r.smin < 0 && (r.smin == INT64_MIN || off + r.smin != static_cast<int32_t>(off + r.smin) || off + r.smin < 0))
    return a.failure(
        Cause::NegativeIndex,
        fmt::format("R{} min value is negative, either use unsigned index or do a if (index >=0) check.", a.reg));
  if (!within(a, r.smin + off, limit)) {
    Failure f = a.failure(outside, fmt::format("{}; R{} min value is outside of the allowed memory range",
                                               outside_text(a, r.smin + off, limit), a.reg));
    f.off = r.smin + off;
    f.limit = static_cast<int64_t>(limit);
    return f;
  }
  if (r.umax >= static_cast<uint64_t>(kMaxOffset)) {
    Failure f = a.failure(Cause::UnboundedIndex,
                          fmt::format("R{} unbounded memory access, make sure to bounds check any such access", a.reg));
    f.limit = static_cast<int64_t>(limit);
    return f;
  }
  const auto high = static_cast<int64_t>(r.umax) + off;
  if (!within(a, high, limit)) {
    Failure f = a.failure(outside, fmt::format("{}; R{} max value is outside of the allowed memory range",
                                               outside_text(a, high, limit), a.reg));
    f.off = high;
    f.limit = static_cast<int64_t>(limit);
    return f;
  }
  return {};
}

// Only NULL and objects of its type go into a `__kptr_untrusted`; the others are exchanged (check_map_kptr_access).
Outcome check_kptr_store(const Env &env, const State &state, const Request &a, const SpecialField &field) {
  const auto fail = [&](std::string kernel) {
    Failure f = a.failure(Cause::SpecialField, std::move(kernel));
    f.detail = name_of(field.kind);
    return f;
  };
  const isa::Insn &insn = env.insn(a.insn);
  if (insn.mode() != isa::MEM) return fail("kptr in map can only be accessed using BPF_MEM instruction mode");
  if (field.kind == FieldKind::UserPtr) return fail("store to uptr disallowed");
  if (field.kind != FieldKind::KptrUntrusted) return fail("store to referenced kptr disallowed");
  if (insn.insn_class() == isa::ST) {
    if (insn.imm == 0) return {};
    return fail(fmt::format("BPF_ST imm must be 0 when storing to kptr at off={}", field.offset));
  }
  const RegState &value = state.reg(insn.src);
  if (value.is_null() || value.type == RegType::Poisoned) return {};
  const std::string_view wanted = env.types.name_of({false, field.target});
  if (value.type == RegType::BtfObject && !value.has(kOwned | kPerCpu) && value.value.is_zero() &&
      env.types.begins_with(type_of(value), value.off, wanted, false))
    return {};
  return fail(fmt::format("invalid kptr access, R{} type={} expected=ptr_{} or untrusted_ptr_{}", insn.src,
                          type_name(value), wanted, wanted));
}

// Locks, timers and kernel pointers inside a value are for their helpers alone (check_map_access).
Outcome check_special_fields(const Env &env, const State &state, const Request &a,
                             const std::vector<SpecialField> &fields) {
  for (const SpecialField &f : fields) {
    const int64_t low = a.pointer.value.r64.smin + a.off + a.pointer.off;
    const int64_t high =
        static_cast<int64_t>(a.pointer.value.r64.umax) + a.off + a.pointer.off + static_cast<int64_t>(a.size);
    if (low >= int64_t{f.offset} + f.size || int64_t{f.offset} >= high) continue;
    if (is_kptr(f.kind) && !a.by_helper) {
      const bool exact = a.pointer.value.is_const() && a.size == 8 && low == f.offset;
      if (exact && !a.write) continue;
      if (exact) return check_kptr_store(env, state, a, f);
    }
    Failure failure = a.failure(
        Cause::SpecialField,
        is_kptr(f.kind) ? (a.by_helper                   ? "kptr cannot be accessed indirectly by helper"
                           : !a.pointer.value.is_const() ? "kptr access cannot have variable offset"
                           : a.size != 8                 ? "kptr access size must be BPF_DW"
                                         : fmt::format("kptr access misaligned expected={} off={}", f.offset, low))
                        : fmt::format("{} cannot be accessed directly by load/store", name_of(f.kind)));
    failure.detail = name_of(f.kind);
    return failure;
  }
  return {};
}

Outcome check_map_value(const Env &env, const State &state, const Request &a) {
  const object::Map &map = env.map(a.pointer.target);
  const bool read_only = map.is_readonly || (map.map_flags & BPF_F_RDONLY_PROG) != 0;
  if (a.write && read_only)
    return a.failure(Cause::ReadOnlyMap, fmt::format("write into map forbidden, value_size={} off={} size={}",
                                                     map.value_size, a.off + a.pointer.off, a.size));
  if (!a.write && (map.map_flags & BPF_F_WRONLY_PROG) != 0)
    return a.failure(Cause::ReadOnlyMap, fmt::format("read from map forbidden, value_size={} off={} size={}",
                                                     map.value_size, a.off + a.pointer.off, a.size));
  if (Outcome f = check_region(a, map.value_size, Cause::MapValueBounds)) return f;
  return check_special_fields(env, state, a, env.fields_of_map(a.pointer.target));
}

// check_stack_access_within_bounds(). Root may read what was never written.
Outcome check_stack_bounds(const Request &a) {
  const Scalar &v = a.pointer.value;
  const char *what = a.write ? " write to" : " read from";
  const int64_t off = a.off + a.pointer.off;
  if (!v.is_const() && (v.r64.smax >= kMaxOffset || v.r64.smin <= -kMaxOffset))
    return a.failure(Cause::UnboundedStackIndex,
                     fmt::format("invalid unbounded variable-offset{} stack R{}", what, a.reg));
  const Span span = span_of(a.pointer, a.off, static_cast<int64_t>(a.size));
  if (span.low >= -int64_t{kMaxStack} && span.low <= -1 && span.high <= 0) return {};
  Failure f = a.failure(Cause::StackBounds,
                        span.fixed ? fmt::format("invalid{} stack R{} off={} size={}", what, a.reg, off, a.size)
                                   : fmt::format("invalid variable-offset{} stack R{} var_off={} off={} size={}", what,
                                                 a.reg, to_string(v.bits), off, a.size));
  f.off = span.low < -int64_t{kMaxStack} ? span.low : span.high - static_cast<int64_t>(a.size);
  return f;
}

Outcome check_packet(const Request &a) {
  const int64_t off = a.off + a.pointer.off;
  if (a.pointer.value.r64.smin < 0)
    return a.failure(
        Cause::NegativeIndex,
        fmt::format("R{} min value is negative, either use unsigned index or do a if (index >=0) check.", a.reg));
  const auto proven = static_cast<uint64_t>(std::max(a.pointer.range, 0));
  if (a.pointer.range >= 0 && within(a, off, proven)) return {};
  const std::string outside = fmt::format("R{} offset is outside of the packet", a.reg);
  Failure f = a.failure(Cause::PacketBounds,
                        a.pointer.range < 0 ? outside : fmt::format("{}; {}", outside_text(a, off, proven), outside));
  f.limit = static_cast<int64_t>(proven);
  return f;
}

Outcome check_mem(const Request &a) {
  if (a.write && a.pointer.has(kReadOnly))
    return a.failure(Cause::ReadOnlyObject, fmt::format("R{} cannot write into {}", a.reg, type_name(a.pointer)));
  return check_region(a, a.pointer.mem_size, Cause::MemoryBounds);
}

// A pointer must stay whole on the stack, and pointers to a frame must not outlive it.
Outcome check_pointer_on_stack(const Env &env, const State &state, const Request &a) {
  const isa::Insn &insn = env.insn(a.insn);
  const Span span = span_of(a.pointer, a.off, static_cast<int64_t>(a.size));
  if (!span.fixed) return {};
  const Frame &frame = state.frames[a.pointer.frame];
  if (a.write) {
    if (const auto why = forbids_write(state, a.pointer.frame, span.low, span.high)) {
      Failure f = a.failure(Cause::DynptrRule, *why);
      f.detail = "the dynptr here still holds a reference";
      return f;
    }
    const isa::Shape shape = env.structure.infos[a.insn]->shape;
    if (shape != isa::Shape::StoreReg && shape != isa::Shape::StoreRelease) return {};
    const RegState &value = state.reg(insn.src);
    if (!value.is_pointer()) return {};
    if (a.size != kSlotBytes) {
      Failure f = a.failure(Cause::PartialPointerStore, "invalid size of register spill");
      f.reg = insn.src;
      f.state = value;
      return f;
    }
    if (value.type == RegType::Stack && a.pointer.frame != state.depth())
      return a.failure(Cause::PointerIntoCaller, "cannot spill pointers to stack into stack frame of the caller");
    return {};
  }
  if (holds_object(state, a.pointer.frame, span.low, span.high)) {
    Failure f = a.failure(Cause::DynptrRule,
                          fmt::format("invalid read from stack R{} off {}+0 size {}", a.reg, span.low, a.size));
    f.detail = "a dynptr or an iterator can only be used through its functions";
    return f;
  }
  const unsigned index = slot_of(span.low);
  if (index >= frame.stack.slots.size()) return {};
  const StackSlot &slot = frame.stack.slots[index];
  if (slot.is_spill() && slot.spilled.is_pointer() && (a.size != kSlotBytes || slot.spill_bytes() != kSlotBytes))
    return a.failure(Cause::PartialPointerLoad, "invalid size of register fill");
  return {};
}

// What a helper reads or writes must not be a dynptr that holds a reference, nor, when it reads, any such object.
Outcome check_objects_on_stack(const State &state, const Request &a) {
  const Span span = span_of(a.pointer, 0, static_cast<int64_t>(a.size));
  std::optional<std::string> why = forbids_write(state, a.pointer.frame, span.low, span.high);
  if (!why && holds_object(state, a.pointer.frame, span.low, span.high) && !a.write)
    why = fmt::format("invalid read from stack R{} off {}+0 size {}", a.reg, span.low, a.size);
  if (!why) return {};
  Failure f = a.failure(Cause::DynptrRule, *why);
  f.detail = "a dynptr or an iterator can only be used through its functions";
  return f;
}

// check_ptr_alignment(): packets begin two bytes behind a multiple of four (NET_IP_ALIGN), where that matters.
Outcome check_alignment(const Request &a, bool strict) {
  if ((a.pointer.type != RegType::Stack && !strict) || a.pointer.type == RegType::Arena) return {};
  constexpr int64_t kPacketShift = 2;
  const int64_t fixed = a.off + a.pointer.off + (a.pointer.is_packet() ? kPacketShift : 0);
  if (add(a.pointer.value.bits, Tnum::constant(static_cast<uint64_t>(fixed))).is_aligned(a.size)) return {};
  if (a.pointer.is_packet())
    return a.failure(Cause::MisalignedPacket,
                     fmt::format("misaligned packet access off {}+{}+{}+{} size {}", kPacketShift,
                                 to_string(a.pointer.value.bits), a.pointer.off, a.off, a.size));
  const char *what = a.pointer.type == RegType::Stack ? "stack " : a.pointer.type == RegType::MapValue ? "value " : "";
  return a.failure(a.pointer.is_scalar() ? Cause::NotAPointer : Cause::MisalignedStack,
                   fmt::format("misaligned {}access off {}+{}+{} size {}", what, to_string(a.pointer.value.bits),
                               a.pointer.off, a.off, a.size));
}

// The last byte decides: what lies before it is within too.
Outcome check_syscall_context(const Request &a) {
  if (Outcome moved = check_unmoved(a.pointer, a.reg, a.insn)) return moved;
  if (a.size == 0) {
    if (a.may_be_empty) return {};
    return a.failure(Cause::SizeZero, "invalid zero-sized read");
  }
  if (a.size <= UINT16_MAX) return {};
  return a.failure(Cause::ContextBounds, fmt::format("invalid bpf_context access off={} size=1", a.size - 1));
}

Outcome check_atomic_target(const Request &a, std::string_view verb) {
  const RegType t = a.pointer.type;
  const bool forbidden = t == RegType::Ctx || a.pointer.is_packet() || a.pointer.is_socket() ||
                         t == RegType::FlowKeys || (t == RegType::BtfObject && !a.pointer.has(kOwned));
  if (!forbidden) return {};
  return a.failure(Cause::AtomicTarget,
                   fmt::format("BPF_ATOMIC {} R{} {} is not allowed", verb, a.reg, type_name(a.pointer)));
}

// It is read without a register to say what that may be, which needs a constant offset (check_stack_read).
Outcome check_atomic_on_stack(const Env &env, const Request &a) {
  if (env.structure.infos[a.insn]->shape != isa::Shape::Atomic || a.pointer.value.is_const()) return {};
  return a.failure(Cause::AtomicTarget,
                   fmt::format("variable offset stack pointer cannot be passed into helper function; var_off={} off={} "
                               "size={}",
                               to_string(a.pointer.value.bits), a.off + a.pointer.off, a.size));
}

Outcome check_one(const Env &env, const State &state, const Request &a, bool strict) {
  const RegState &p = a.pointer;
  const auto invalid = [&](Cause cause) {
    return a.failure(cause, fmt::format("R{} invalid mem access '{}'", a.reg, type_name(p)));
  };
  if (Outcome f = check_alignment(a, strict)) return f;
  if (p.or_null) return invalid(Cause::NullDereference);
  switch (p.type) {
    case RegType::MapValue:
      return check_map_value(env, state, a);
    case RegType::MapKey:
      if (a.write) return a.failure(Cause::ReadOnlyKey, fmt::format("write to change key R{} not allowed", a.reg));
      return check_region(a, env.map(p.target).key_size, Cause::MapKeyBounds);
    case RegType::Ctx:
      return check_context(env, a);
    case RegType::Stack:
      if (Outcome f = check_stack_bounds(a)) return f;
      if (Outcome f = check_atomic_on_stack(env, a)) return f;
      return check_pointer_on_stack(env, state, a);
    case RegType::Packet:
    case RegType::PacketMeta:
      if (a.write && !may_write_packet(env.type)) {
        Failure f = a.failure(Cause::PacketAccess, "cannot write into packet");
        f.detail = "write";
        return f;
      }
      return check_packet(a);
    case RegType::FlowKeys:
      return check_flow_keys(a);
    case RegType::Socket:
    case RegType::SockCommon:
    case RegType::TcpSock:
    case RegType::XdpSock:
      return check_socket(a);
    case RegType::TpBuffer:
    case RegType::Buffer:
      return check_buffer(a);
    case RegType::Mem:
      return check_mem(a);
    case RegType::BtfObject:
    case RegType::MapPtr:
      return check_object(env, a);
    case RegType::Arena:
    case RegType::Poisoned:
      return {};
    case RegType::NotInit:
    case RegType::Scalar:
    case RegType::PacketEnd:
    case RegType::Dynptr:
    case RegType::Iterator:
    case RegType::Func:
      return invalid(Cause::NotAPointer);
  }
  return {};
}

}  // namespace

bool may_write_packet(const tables::ProgramType &type) {
  switch (type.number) {
    case BPF_PROG_TYPE_SCHED_CLS:
    case BPF_PROG_TYPE_SCHED_ACT:
    case BPF_PROG_TYPE_XDP:
    case BPF_PROG_TYPE_LWT_XMIT:
    case BPF_PROG_TYPE_SK_SKB:
    case BPF_PROG_TYPE_SK_MSG:
    case BPF_PROG_TYPE_CGROUP_SOCKOPT:
      return true;
    default:
      return false;
  }
}

Outcome check_access(const Env &env, const State &state, uint32_t insn, const Obligation &o) {
  Request a{.insn = insn,
            .reg = o.reg,
            .pointer = state.reg(o.reg),
            .off = o.off,
            .size = o.size,
            .write = o.how == How::Write,
            .sign_extends = env.insn(insn).mode() == isa::MEMSX};
  if (a.pointer.type == RegType::Poisoned) return {};
  const bool atomic = o.how == How::Atomic;
  if (atomic)
    if (Outcome f = check_atomic_target(a, "stores into")) return f;
  // Load-acquire and store-release: aligned as other atomics are, and of the same kinds of memory.
  const isa::Shape shape = env.structure.infos[insn]->shape;
  const bool ordered = shape == isa::Shape::LoadAcquire || shape == isa::Shape::StoreRelease;
  if (Outcome f = check_one(env, state, a, atomic || ordered || env.options.strict_alignment)) return f;
  if (ordered) return check_atomic_target(a, a.write ? "stores into" : "loads from");
  if (!atomic) return {};
  a.write = true;
  return check_one(env, state, a, true);
}

Outcome check_helper_memory(const Env &env, const State &state, uint32_t insn, unsigned reg, uint64_t size, bool write,
                            bool may_be_empty) {
  const Request a{.insn = insn,
                  .reg = reg,
                  .pointer = state.reg(reg),
                  .off = 0,
                  .size = size,
                  .write = write,
                  .may_be_empty = may_be_empty,
                  .by_helper = true};
  switch (a.pointer.type) {
    case RegType::Packet:
    case RegType::PacketMeta:
      return check_packet(a);
    case RegType::MapKey:
      if (write) return a.failure(Cause::ReadOnlyKey, fmt::format("R{} cannot write into map_key", reg));
      return check_region(a, env.map(a.pointer.target).key_size, Cause::MapKeyBounds);
    case RegType::MapValue:
      return check_map_value(env, state, a);
    case RegType::Stack:
      if (size == 0 && !may_be_empty) return a.failure(Cause::SizeZero, "invalid zero-sized read");
      if (Outcome f = check_stack_bounds(a)) return f;
      return check_objects_on_stack(state, a);
    case RegType::Mem:
      return check_mem(a);
    case RegType::Buffer:
      return check_buffer(a);
    case RegType::BtfObject:
      return check_object(env, a);
    case RegType::Poisoned:
      return {};
    case RegType::Ctx:
      // Only programs of type syscall are given bytes, not fields.
      if (env.type.ctx == tables::CtxKind::Syscall) return check_syscall_context(a);
      [[fallthrough]];
    case RegType::NotInit:
    case RegType::Scalar:
    case RegType::MapPtr:
    case RegType::PacketEnd:
    case RegType::FlowKeys:
    case RegType::Socket:
    case RegType::SockCommon:
    case RegType::TcpSock:
    case RegType::XdpSock:
    case RegType::TpBuffer:
    case RegType::Dynptr:
    case RegType::Iterator:
    case RegType::Arena:
    case RegType::Func:
      if (may_be_empty && size == 0 && a.pointer.is_null()) return {};
      return a.failure(Cause::ArgumentType, fmt::format("R{} type={} expected=fp", reg, type_name(a.pointer)));
  }
  return {};
}

}  // namespace spile::verifier
