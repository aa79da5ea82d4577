// Is every byte that an access can touch one that the program may read or write? By the kind of the pointer.
#include <fmt/format.h>

#include "verifier/check.h"
#include "verifier/domain/pointer.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;

struct Request {
  uint32_t insn;
  unsigned reg;
  const RegState &pointer;
  int64_t off;  // of the instruction, without the pointer's own
  uint64_t size;
  bool write;
  bool may_be_empty = false;

  Failure failure(Cause cause, std::string kernel) const {
    return {.cause = cause,
            .insn = insn,
            .kernel = std::move(kernel),
            .reg = static_cast<int>(reg),
            .state = pointer,
            .off = off + pointer.off,
            .size = size,
            .map = pointer.target,
            .write = write};
  }
};

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
    Failure f = a.failure(outside, outside_text(a, r.smin + off, limit));
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
    Failure f = a.failure(outside, outside_text(a, high, limit));
    f.off = high;
    f.limit = static_cast<int64_t>(limit);
    return f;
  }
  return {};
}

Outcome check_map_value(const Env &env, const Request &a) {
  const object::Map &map = env.map(a.pointer.target);
  const bool read_only = map.is_readonly || (map.map_flags & BPF_F_RDONLY_PROG) != 0;
  if (a.write && read_only)
    return a.failure(Cause::ReadOnlyMap, fmt::format("write into map forbidden, value_size={} off={} size={}",
                                                     map.value_size, a.off + a.pointer.off, a.size));
  if (!a.write && (map.map_flags & BPF_F_WRONLY_PROG) != 0)
    return a.failure(Cause::ReadOnlyMap, fmt::format("read from map forbidden, value_size={} off={} size={}",
                                                     map.value_size, a.off + a.pointer.off, a.size));
  return check_region(a, map.value_size, Cause::MapValueBounds);
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
  Failure f =
      a.failure(Cause::PacketBounds, a.pointer.range < 0 ? fmt::format("R{} offset is outside of the packet", a.reg)
                                                         : outside_text(a, off, proven));
  f.limit = static_cast<int64_t>(proven);
  return f;
}

Outcome check_context(const Env &env, const Request &a) {
  if (Outcome moved = check_unmoved(a.pointer, a.reg, a.insn)) return moved;
  const int64_t off = a.off;
  const tables::CtxField *field = off < 0 ? nullptr : tables::find_ctx_field(env.type.ctx, static_cast<uint32_t>(off));
  const auto at = static_cast<uint64_t>(off);
  if (field != nullptr && tables::allows(*field, static_cast<uint32_t>(at), static_cast<uint32_t>(a.size), a.write))
    return {};
  return a.failure(Cause::ContextBounds, fmt::format("invalid bpf_context access off={} size={}", off, a.size));
}

// A pointer must stay whole on the stack, and pointers to a frame must not outlive it.
Outcome check_pointer_on_stack(const Env &env, const State &state, const Request &a) {
  const isa::Insn &insn = env.insn(a.insn);
  const Span span = span_of(a.pointer, a.off, static_cast<int64_t>(a.size));
  if (!span.fixed) return {};
  const Frame &frame = state.frames[a.pointer.frame];
  if (a.write) {
    if (env.structure.infos[a.insn]->shape != isa::Shape::StoreReg) return {};
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
  const unsigned index = slot_of(span.low);
  if (index >= frame.stack.slots.size()) return {};
  const StackSlot &slot = frame.stack.slots[index];
  if (slot.is_spill() && slot.spilled.is_pointer() && (a.size != kSlotBytes || slot.spill_bytes() != kSlotBytes))
    return a.failure(Cause::PartialPointerLoad, "invalid size of register fill");
  return {};
}

Outcome check_alignment(const Request &a, bool strict) {
  if (a.pointer.type != RegType::Stack && !strict) return {};
  const int64_t fixed = a.off + a.pointer.off;
  if (add(a.pointer.value.bits, Tnum::constant(static_cast<uint64_t>(fixed))).is_aligned(a.size)) return {};
  const char *what = a.pointer.type == RegType::Stack ? "stack " : a.pointer.type == RegType::MapValue ? "value " : "";
  return a.failure(Cause::MisalignedStack, fmt::format("misaligned {}access off {}+{}+{} size {}", what,
                                                       to_string(a.pointer.value.bits), a.pointer.off, a.off, a.size));
}

Outcome check_atomic_target(const Request &a) {
  const RegType t = a.pointer.type;
  if (t != RegType::Ctx && !a.pointer.is_packet()) return {};
  return a.failure(Cause::AtomicTarget,
                   fmt::format("BPF_ATOMIC stores into R{} {} is not allowed", a.reg, type_name(a.pointer)));
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
      return check_map_value(env, a);
    case RegType::MapKey:
      if (a.write) return a.failure(Cause::ReadOnlyKey, fmt::format("write to change key R{} not allowed", a.reg));
      return check_region(a, env.map(p.target).key_size, Cause::MapKeyBounds);
    case RegType::Ctx:
      return check_context(env, a);
    case RegType::Stack:
      if (Outcome f = check_stack_bounds(a)) return f;
      return check_pointer_on_stack(env, state, a);
    case RegType::Packet:
    case RegType::PacketMeta:
      // Socket filters and tracepoints have no direct packet access; the context gives them no packet pointer.
      if (a.write) {
        Failure f = a.failure(Cause::PacketAccess, "cannot write into packet");
        f.detail = "write";
        return f;
      }
      return check_packet(a);
    case RegType::Poisoned:
      return {};
    case RegType::NotInit:
    case RegType::Scalar:
    case RegType::MapPtr:
    case RegType::PacketEnd:
    case RegType::Func:
      return invalid(Cause::NotAPointer);
  }
  return {};
}

}  // namespace

Outcome check_access(const Env &env, const State &state, uint32_t insn, const Obligation &o) {
  Request a{.insn = insn,
            .reg = o.reg,
            .pointer = state.reg(o.reg),
            .off = o.off,
            .size = o.size,
            .write = o.how == How::Write};
  if (a.pointer.type == RegType::Poisoned) return {};
  if (a.pointer.type == RegType::MapPtr && !a.write && o.how == How::Read && a.off >= 0)
    // With CAP_PERFMON the kernel lets programs read the fields of struct bpf_map.
    return Failure{.cause = Cause::NotModelled, .insn = insn, .detail = "reading the fields of a map"};
  const bool atomic = o.how == How::Atomic;
  if (atomic)
    if (Outcome f = check_atomic_target(a)) return f;
  if (Outcome f = check_one(env, state, a, atomic)) return f;
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
                  .may_be_empty = may_be_empty};
  switch (a.pointer.type) {
    case RegType::Packet:
    case RegType::PacketMeta:
      return check_packet(a);
    case RegType::MapKey:
      if (write) return a.failure(Cause::ReadOnlyKey, fmt::format("R{} cannot write into map_key", reg));
      return check_region(a, env.map(a.pointer.target).key_size, Cause::MapKeyBounds);
    case RegType::MapValue:
      return check_map_value(env, a);
    case RegType::Stack:
      if (size == 0 && !may_be_empty) return a.failure(Cause::SizeZero, "invalid zero-sized read");
      return check_stack_bounds(a);
    case RegType::Poisoned:
      return {};
    case RegType::NotInit:
    case RegType::Scalar:
    case RegType::Ctx:
    case RegType::MapPtr:
    case RegType::PacketEnd:
    case RegType::Func:
      if (may_be_empty && size == 0 && a.pointer.is_null()) return {};
      return a.failure(Cause::ArgumentType, fmt::format("R{} type={} expected=fp", reg, type_name(a.pointer)));
  }
  return {};
}

}  // namespace spile::verifier
