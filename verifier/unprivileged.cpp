#include "verifier/unprivileged.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>

#include "verifier/check.h"
#include "verifier/domain/pointer.h"
#include "verifier/obligations.h"
#include "verifier/stack_reads.h"
#include "verifier/transfer.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;
using isa::Shape;

constexpr uint32_t kPrivilegedHelpers[] = {
#define SPILE_PRIVILEGED_HELPER(name) BPF_FUNC_##name,
#include "lang-spec/tables/capabilities.def"
};
constexpr uint32_t kPrograms[] = {
#define SPILE_UNPRIVILEGED_PROGRAM(NAME) BPF_PROG_TYPE_##NAME,
#include "lang-spec/tables/capabilities.def"
};

Failure rule(uint32_t insn, std::string kernel, std::string words) {
  return {.cause = Cause::UnprivilegedRule, .insn = insn, .kernel = std::move(kernel), .detail = std::move(words)};
}

// A pointer was saved in the slot around [off].
bool holds_pointer(const Stack &stack, int64_t off) {
  const unsigned slot = slot_of(off);
  return slot < stack.slots.size() && stack.slots[slot].is_spill() && stack.slots[slot].spilled.is_pointer();
}

// The edge that closes a loop, by a walk in depth; none when there is no loop (push_insn).
std::optional<std::pair<uint32_t, uint32_t>> back_edge(const object::Program &program) {
  enum Mark : uint8_t { New, OnPath, Done };
  std::vector<Mark> marks(program.insns.size(), New);
  struct Item {
    uint32_t insn;
    std::vector<uint32_t> next;
  };
  std::vector<Item> path;
  const auto enter = [&](uint32_t insn) {
    marks[insn] = OnPath;
    path.push_back({insn, successors(program, insn)});
  };
  enter(0);
  while (!path.empty()) {
    if (path.back().next.empty()) {
      marks[path.back().insn] = Done;
      path.pop_back();
      continue;
    }
    const uint32_t next = path.back().next.back();
    path.back().next.pop_back();
    if (marks[next] == OnPath) return std::pair(path.back().insn, next);
    if (marks[next] == New) enter(next);
  }
  return {};
}

class Check {
 public:
  Check(const Env &env, const State &state, uint32_t insn)
      : env_(env), state_(state), at_(insn), insn_(env.insn(insn)), shape_(env.structure.infos[insn]->shape) {}

  Outcome run() const {
    switch (shape_) {
      case Shape::AluReg:
      case Shape::AluImm:
      case Shape::AluUnary:
        return alu();
      case Shape::BranchImm:
      case Shape::BranchReg:
        return branch();
      case Shape::StoreReg:
      case Shape::StoreRelease:
      case Shape::StoreImm:
        return store();
      case Shape::Atomic:
        if (is_pointer(insn_.src)) return leak(insn_.src, "mem");
        if (insn_.imm == isa::kAtomicCmpxchg && is_pointer(0)) return leak(0, "mem");
        return load(state_.reg(insn_.dst), insn_.dst);
      case Shape::Load:
      case Shape::LoadAcquire:
        return load(state_.reg(insn_.src), insn_.src);
      case Shape::CallHelper:
        return helper();
      case Shape::Exit:
        return state_.depth() == 0 && is_pointer(0)
                   ? about(0, "R0 leaks addr as return value", "the program returns an address")
                   : Outcome{};
      default:
        return {};
    }
  }

 private:
  bool is_pointer(unsigned reg) const { return state_.reg(reg).is_pointer(); }
  Outcome about(unsigned reg, std::string kernel, std::string words) const {
    Failure f = rule(at_, std::move(kernel), std::move(words));
    f.reg = static_cast<int>(reg);
    f.state = state_.reg(reg);
    return f;
  }
  Outcome leak(unsigned reg, std::string_view where) const {
    return about(reg, fmt::format("R{} leaks addr into {}", reg, where),
                 fmt::format("an address of the kernel would get out, into {}", where == "mem"   ? "memory"
                                                                                : where == "map" ? "a map"
                                                                                                 : where));
  }

  Outcome alu() const {
    const uint8_t op = insn_.alu_op();
    const bool wide = insn_.insn_class() == isa::ALU64;
    if (op == isa::NEG || op == isa::END)
      return is_pointer(insn_.dst) ? about(insn_.dst, fmt::format("R{} pointer arithmetic prohibited", insn_.dst),
                                           "an address is computed with as a number")
                                   : Outcome{};
    if (op == isa::MOV) {
      if (!insn_.source_is_reg() || !is_pointer(insn_.src) || is_address_cast(insn_)) return {};
      if (!wide)
        return about(insn_.src, fmt::format("R{} partial copy of pointer", insn_.src), "half of an address is copied");
      if (insn_.off == 0) return {};
      return about(insn_.src, fmt::format("R{} sign-extension part of pointer", insn_.src),
                   "a part of an address is copied");
    }
    const bool dst = is_pointer(insn_.dst), src = insn_.source_is_reg() && is_pointer(insn_.src);
    if (dst && src)
      return about(insn_.dst, fmt::format("R{} pointer {} pointer prohibited", insn_.dst, operator_text(op)),
                   "two addresses are computed with");
    if ((dst || src) && !wide)
      return about(insn_.dst, fmt::format("R{} 32-bit pointer arithmetic prohibited", insn_.dst),
                   "half of an address is computed with");
    return {};
  }

  // Packet pointers with the packet's end, and pointers that may be NULL with 0, are what a program may compare.
  Outcome branch() const {
    const RegState &dst = state_.reg(insn_.dst);
    const auto compares = [&](unsigned reg) {
      return about(reg, fmt::format("R{} pointer comparison prohibited", reg), "addresses are compared");
    };
    const auto is_any_packet = [](const RegState &r) { return r.is_packet() || r.type == RegType::PacketEnd; };
    if (insn_.source_is_reg()) {
      const RegState &src = state_.reg(insn_.src);
      if (is_any_packet(dst) && is_any_packet(src)) return {};
      if (src.is_pointer()) return compares(insn_.src);
    }
    if (!dst.is_pointer() || branch_decided(env_, state_, at_)) return {};
    const bool equality = insn_.jump_op() == isa::JEQ || insn_.jump_op() == isa::JNE;
    const bool null_test = !insn_.source_is_reg() && insn_.imm == 0 && equality && insn_.insn_class() == isa::JMP;
    return null_test && dst.or_null ? Outcome{} : compares(insn_.dst);
  }

  Outcome store() const {
    const RegState &to = state_.reg(insn_.dst);
    const unsigned size = env_.structure.infos[at_]->bytes();
    if (to.type == RegType::Stack) {
      const Span span = span_of(to, insn_.off, size);
      if (!span.fixed) return variable_stack(insn_.dst, to);
      if (size != kSlotBytes && holds_pointer(state_.frames[to.frame].stack, span.low))
        return about(insn_.dst, "attempt to corrupt spilled pointer on stack",
                     "a part of a pointer that was saved is overwritten");
      return {};
    }
    if (to.type == RegType::Ctx)
      if (Outcome f = context(to, insn_.dst, true)) return f;
    if (shape_ == Shape::StoreImm || !is_pointer(insn_.src)) return struct_access(to, insn_.dst);
    switch (to.type) {
      case RegType::MapValue:
        return leak(insn_.src, "map");
      case RegType::Ctx:
        return leak(insn_.src, "ctx");
      case RegType::Packet:
      case RegType::PacketMeta:
        return leak(insn_.src, "packet");
      case RegType::Mem:
        return leak(insn_.src, "mem");
      default:
        return struct_access(to, insn_.dst);
    }
  }

  Outcome load(const RegState &from, unsigned reg) const {
    if (from.type == RegType::Ctx) return context(from, reg, false);
    if (from.type != RegType::Stack) return struct_access(from, reg);
    const unsigned size = env_.structure.infos[at_]->bytes();
    const Span span = span_of(from, insn_.off, size);
    if (!span.fixed) return variable_stack(reg, from);
    const Stack &stack = state_.frames[from.frame].stack;
    if (const auto off = first_unwritten(stack, span))
      return about(reg, fmt::format("invalid read from stack off {}+{} size {}", span.low, *off - span.low, size),
                   "a local variable is read before it is written");
    if (shape_ == Shape::Atomic && holds_pointer(stack, span.low))
      return about(reg, fmt::format("leaking pointer from stack off {}", span.low), "an address is read as a number");
    return {};
  }

  // Where the packet lies, and to set its time (cg_skb_is_valid_access).
  Outcome context(const RegState &ctx, unsigned reg, bool writes) const {
    if (env_.type.number != BPF_PROG_TYPE_CGROUP_SKB) return {};
    const int64_t off = insn_.off + ctx.off;
    const tables::CtxField *field =
        off < 0 ? nullptr : tables::find_ctx_field(env_.type.ctx, static_cast<uint32_t>(off));
    if (field == nullptr) return {};
    const bool is_refused = writes ? field->name == "tstamp" : field->name == "data" || field->name == "data_end";
    if (!is_refused) return {};
    return about(reg, fmt::format("invalid bpf_context access off={} size={}", off, env_.structure.infos[at_]->bytes()),
                 fmt::format("the field `{}` of the context is {}", field->name, writes ? "written" : "read"));
  }

  Outcome struct_access(const RegState &pointer, unsigned reg) const {
    if (pointer.type != RegType::BtfObject && pointer.type != RegType::MapPtr) return {};
    return about(reg, "struct access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN",
                 "an object of the kernel is read");
  }
  Outcome variable_stack(unsigned reg, const RegState &pointer) const {
    return about(reg,
                 fmt::format("R{} variable offset stack access prohibited for !root, var_off={}", reg,
                             to_string(pointer.value.bits)),
                 "the stack is accessed at an offset that is computed");
  }

  Outcome helper() const {
    const tables::Helper &h = *helper_of(insn_);
    if (std::ranges::find(kPrivilegedHelpers, h.number) != std::end(kPrivilegedHelpers))
      return rule(at_, fmt::format("program of this type cannot use helper bpf_{}#{}", h.name, h.number),
                  fmt::format("`bpf_{}` is called", h.name));
    const auto &args = arguments_of(env_, h);
    for (unsigned a = 0; a < args.size(); a++) {
      const unsigned reg = a + 1;
      if (args[a].kind == tables::ArgKind::Anything && is_pointer(reg)) return leak(reg, "helper function");
      if (args[a].uninit || state_.reg(reg).type != RegType::Stack) continue;
      if (const auto bytes = bytes_behind(env_, state_, h, a))
        if (Outcome f = written(reg, *bytes)) return f;
    }
    return {};
  }
  Outcome written(unsigned reg, uint64_t bytes) const {
    const RegState &memory = state_.reg(reg);
    const Span span = span_of(memory, 0, static_cast<int64_t>(std::min<uint64_t>(bytes, kMaxStack)));
    if (!span.fixed) return variable_stack(reg, memory);
    const Stack &stack = state_.frames[memory.frame].stack;
    for (int64_t off = span.low; off < span.high; off++) {
      const bool is_pointer = holds_pointer(stack, off);
      if (stack.kind(off) != ByteKind::Untouched && !is_pointer) continue;
      return about(
          reg,
          fmt::format("invalid indirect read from stack R{} off {}+{} size {}", reg, span.low, off - span.low, bytes),
          is_pointer ? "a helper would read an address" : "a helper would read what was never written");
    }
    return {};
  }

  const Env &env_;
  const State &state_;
  uint32_t at_;
  const isa::Insn &insn_;
  Shape shape_;
};

const char *verb(const isa::Insn &insn) { return insn.alu_op() == isa::ADD ? "add" : "sub"; }
constexpr const char *kProhibited = "pointer arithmetic with it prohibited for !root";

}  // namespace

bool loads_unprivileged(uint32_t program_type) {
  return std::ranges::find(kPrograms, program_type) != std::end(kPrograms);
}

Outcome check_unprivileged_program(const Env &env) {
  if (!loads_unprivileged(env.type.number))
    return rule(0, "Operation not permitted",
                fmt::format("programs of type `{}` can be loaded with CAP_BPF only", env.type.name));
  const std::vector<isa::Insn> &insns = env.program.insns;
  if (insns.size() > kMaxUnprivilegedInsns)
    return Failure{.cause = Cause::TooManyInstructions,
                   .kernel = "argument list too long",
                   .limit = kMaxUnprivilegedInsns,
                   .count = static_cast<int64_t>(insns.size())};
  for (uint32_t i = 0; i < insns.size(); i += isa::width(insns[i])) {
    const bool calls = insns[i].opcode == isa::opcode(isa::JMP, isa::CALL, isa::K) && insns[i].src != isa::kHelperCall;
    if (calls || (insns[i].is_lddw() && insns[i].src == isa::kPseudoFunc))
      return rule(i, "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN",
                  "a function is called");
  }
  if (const auto edge = back_edge(env.program))
    return rule(edge->first, fmt::format("back-edge from insn {} to {}", edge->first, edge->second),
                "the program has a loop");
  return {};
}

Outcome check_unprivileged(const Env &env, const State &state, uint32_t insn) { return Check(env, state, insn).run(); }

Outcome Sanitation::before(const Env &env, const State &state, uint32_t at, std::optional<State> &wrong) {
  pending_ = {};
  is_pointer_ = false;
  const isa::Insn &insn = env.insn(at);
  const tables::Helper *helper = helper_of(insn);
  if (helper != nullptr && helper->number == BPF_FUNC_tail_call && state.reg(2).type == RegType::MapPtr) {
    uint32_t &known = tail_calls_[at];
    if (known != 0 && known != state.reg(2).target + 1)
      return rule(at, "tail_call abusing map_ptr", "one tail call goes through different maps");
    known = state.reg(2).target + 1;
  }
  if (!insn.is_alu() || (insn.alu_op() != isa::ADD && insn.alu_op() != isa::SUB)) return {};
  const RegState &dst = state.reg(insn.dst);
  const bool from_reg = insn.source_is_reg();
  const bool pointer_is_dst = dst.is_pointer();
  is_pointer_ = pointer_is_dst || (from_reg && state.reg(insn.src).is_pointer());
  if (!from_reg) return {};
  if (!is_pointer_) return state.speculative ? Outcome{} : settle(insn, at, {.kind = Mask::Number});
  const RegState &src = state.reg(insn.src);
  const RegState &pointer = pointer_is_dst ? dst : src;
  const Scalar &by = (pointer_is_dst ? src : dst).value;
  if (!state.speculative) {
    const unsigned offset_reg = pointer_is_dst ? insn.src : insn.dst;
    if (!by.is_const() && (by.r64.smin < 0) != (by.r64.smax < 0))
      return rule(at, fmt::format("R{} has unknown scalar with mixed signed bounds, {}", offset_reg, kProhibited),
                  "a pointer is moved by a number that may be negative or not");
    is_left_ = (insn.alu_op() == isa::ADD) == (by.r64.smin < 0);
    const auto limit = limit_of(pointer, is_left_);
    if (!limit)
      return rule(at,
                  fmt::format("R{} has pointer with unsupported alu operation, {}",
                              pointer_is_dst ? insn.dst : insn.src, kProhibited),
                  "a pointer of a kind that cannot be masked is moved by a register");
    if (*limit >= max_of(env, pointer, is_left_)) return beyond(insn, at);
    pending_ = {.kind = Mask::Pointer,
                .negative = by.r64.smin < 0,
                .immediate = by.is_const(),
                .of_source = pointer_is_dst,
                .limit = *limit};
  }
  if (by.is_const()) return {};
  explores_limits_ = true;
  wrong = state;
  wrong->speculative = true;
  if (!pointer_is_dst) wrong->reg(insn.dst) = pointer;
  return {};
}

Outcome Sanitation::after(const Env &env, const State &state, uint32_t at) {
  const isa::Insn &insn = env.insn(at);
  const RegState &dst = state.reg(insn.dst);
  if (!is_pointer_ || !dst.is_pointer()) return {};
  const int64_t off = dst.constant_offset();
  if (dst.type == RegType::Stack && !dst.value.is_const())
    return rule(at,
                fmt::format("R{} variable stack access prohibited for !root, var_off={} off={}", insn.dst,
                            to_string(dst.value.bits), off),
                "a pointer into the stack is moved by a number that is not constant");
  if (dst.type == RegType::Stack && (off >= 0 || off < -int64_t{kMaxStack}))
    return rule(
        at, fmt::format("R{} stack pointer arithmetic goes out of range, prohibited for !root; off={}", insn.dst, off),
        "a pointer into the stack leaves it");
  if (dst.type == RegType::MapValue) {
    const int64_t size = env.map(dst.target).value_size;
    const Range64 &r = dst.value.r64;
    const bool within = r.smin + dst.off >= 0 && r.umax < static_cast<uint64_t>(kMaxOffset) &&
                        static_cast<int64_t>(r.umax) + dst.off + 1 <= size;
    if (!within)
      return rule(at,
                  fmt::format("R{} pointer arithmetic of map value goes out of range, prohibited for !root", insn.dst),
                  "a pointer into a map's value leaves it");
  }
  if (pending_.kind == Mask::None) return {};
  const auto limit = limit_of(dst, is_left_);
  Mask mask = pending_;
  if (!limit || *limit >= max_of(env, dst, is_left_)) return beyond(insn, at);
  mask.limit = mask.limit > *limit ? mask.limit - *limit : *limit - mask.limit;
  return settle(insn, at, mask);
}

Outcome Sanitation::settle(const isa::Insn &insn, uint32_t at, const Mask &mask) {
  Mask &known = masks_[at];
  if (known.kind != Mask::None && known != mask)
    return rule(
        at, fmt::format("R{} tried to {} from different maps, paths or scalars, {}", insn.dst, verb(insn), kProhibited),
        "one addition moves pointers in several ways, which one mask cannot keep in bounds");
  known = mask;
  return {};
}

Failure Sanitation::beyond(const isa::Insn &insn, uint32_t at) {
  return rule(at, fmt::format("R{} tried to {} beyond pointer bounds, {}", insn.dst, verb(insn), kProhibited),
              "a pointer is moved beyond its object");
}

std::optional<uint64_t> Sanitation::limit_of(const RegState &pointer, bool left) {
  if (pointer.type == RegType::Stack) return static_cast<uint32_t>(-pointer.constant_offset());
  if (pointer.type != RegType::MapValue) return {};
  const Range64 &r = pointer.value.r64;
  return static_cast<uint32_t>((left ? r.smin : static_cast<int64_t>(r.umax)) + pointer.off);
}

uint64_t Sanitation::max_of(const Env &env, const RegState &pointer, bool left) {
  return pointer.type == RegType::Stack ? kMaxStack + (left ? 1 : 0) : env.map(pointer.target).value_size;
}

}  // namespace spile::verifier
