#include "verifier/effects.h"

#include <algorithm>

#include "verifier/attach_rules.h"
#include "verifier/domain/pointer.h"
#include "verifier/dynptr.h"

namespace spile::verifier {
namespace {

using isa::Shape;
using tables::ArgKind;

constexpr uint16_t bit(unsigned reg) { return static_cast<uint16_t>(1u << reg); }
constexpr uint16_t kArguments = 0b111110;

bool is_bounded(const Span &s) { return s.low >= -int64_t{kMaxStack} && s.high <= 0 && s.low < s.high; }

class Collector {
 public:
  Collector(const Env &env, const State &state, uint32_t index)
      : env_(env), state_(state), insn_(env.insn(index)), info_(*env.structure.infos[index]), index_(index) {}

  Effects run() {
    switch (info_.shape) {
      case Shape::AluImm:
      case Shape::AluReg:
      case Shape::AluUnary:
      case Shape::AddressCast:
        alu();
        break;
      case Shape::BranchImm:
      case Shape::BranchReg:
        branch();
        break;
      case Shape::Jump:
      case Shape::JumpLong:
      case Shape::MayGoto:
      case Shape::CallReg:
        break;
      case Shape::CallKfunc:
        kfunc();
        break;
      case Shape::CallHelper:
        helper();
        break;
      case Shape::CallLocal:
        // What the callee reads of its arguments is counted here.
        out_.reads |= kArguments;
        out_.writes |= kArguments;
        if (is_global()) out_.writes |= bit(0);
        break;
      case Shape::Exit:
        leave();
        break;
      case Shape::Load:
      case Shape::LoadAcquire:
        out_.reads |= bit(insn_.src);
        out_.writes |= bit(insn_.dst);
        load(state_.reg(insn_.src));
        break;
      case Shape::StoreImm:
      case Shape::StoreReg:
      case Shape::StoreRelease:
        out_.reads |= bit(insn_.dst);
        if (info_.shape != Shape::StoreImm) out_.reads |= bit(insn_.src);
        store(state_.reg(insn_.dst));
        break;
      case Shape::Atomic:
        atomic();
        break;
      case Shape::LoadImm64:
        out_.writes |= bit(insn_.dst);
        break;
      case Shape::PacketAbs:
      case Shape::PacketInd:
        out_.reads |= bit(6);
        if (info_.shape == Shape::PacketInd) out_.reads |= bit(insn_.src);
        out_.writes |= kArguments | bit(0);
        break;
    }
    // Only numbers are precise: pointers always are.
    for (unsigned r = 0; r < isa::kRegisterCount; r++)
      if (!state_.reg(r).is_scalar()) out_.precise &= static_cast<uint16_t>(~bit(r));
    return out_;
  }

 private:
  bool is_global() const {
    const uint32_t callee = env_.structure.subprogram_at(index_ + 1 + static_cast<uint32_t>(insn_.imm));
    return env_.structure.subprograms[callee].is_global;
  }

  void alu() {
    const bool from_reg = insn_.source_is_reg() && insn_.alu_op() != isa::END;
    if (from_reg) out_.reads |= bit(insn_.src);
    if (insn_.alu_op() != isa::MOV) out_.reads |= bit(insn_.dst);
    out_.writes |= bit(insn_.dst);
    const bool computes = insn_.alu_op() != isa::MOV && insn_.alu_op() != isa::NEG && insn_.alu_op() != isa::END;
    if (!computes || !from_reg) return;
    const RegState &dst = state_.reg(insn_.dst), &src = state_.reg(insn_.src);
    if (dst.is_pointer() != src.is_pointer())
      out_.precise |= bit(dst.is_pointer() ? insn_.src : insn_.dst);
    else if (dst.is_scalar() && dst.precise)
      out_.precise |= bit(insn_.src);
  }

  void branch() {
    const bool from_reg = insn_.source_is_reg();
    out_.reads |= bit(insn_.dst);
    if (from_reg) out_.reads |= bit(insn_.src);
    out_.dst_is_stack = state_.reg(insn_.dst).type == RegType::Stack;
    out_.src_is_stack = from_reg && state_.reg(insn_.src).type == RegType::Stack;
    if (!branch_decided(env_, state_, index_)) return;
    out_.precise |= bit(insn_.dst);
    if (from_reg) out_.precise |= bit(insn_.src);
  }

  void leave() {
    out_.reads |= bit(0);
    const bool judged = state_.depth() == 0 ? !return_range(env_).any : state_.top().in_callback;
    if (judged) out_.precise |= bit(0);
  }

  void read_slots(const RegState &pointer, const Span &span, unsigned which) {
    if (is_bounded(span)) out_.slot_reads[which] = {pointer.frame, slots_mask(span.low, span.high)};
  }

  void load(const RegState &pointer) {
    if (pointer.type != RegType::Stack) return;
    const unsigned size = info_.bytes();
    const Span span = span_of(pointer, insn_.off, size);
    read_slots(pointer, span, 0);
    if (!span.fixed || !is_bounded(span)) return;
    if (state_.frames[pointer.frame].stack.load_uses_spill(span.low, size)) moves(pointer, span);
  }

  void moves(const RegState &pointer, const Span &span) {
    out_.moves_slot = true;
    out_.slot_frame = pointer.frame;
    out_.slot = static_cast<uint8_t>(slot_of(span.low));
  }

  void store(const RegState &pointer) {
    if (pointer.type != RegType::Stack) return;
    const unsigned size = info_.bytes();
    const Span span = span_of(pointer, insn_.off, size);
    if (!is_bounded(span)) return;
    const bool from_reg = info_.shape != Shape::StoreImm;
    const bool aligned = span.low % 8 == 0;
    const bool zero = from_reg && state_.reg(insn_.src).is_null();
    if (span.fixed && size == kSlotBytes) out_.slot_writes = {pointer.frame, slots_mask(span.low, span.high)};
    if (span.fixed && aligned)
      moves(pointer, span);
    else if (zero)
      out_.precise |= bit(insn_.src);  // bytes that are known to be zero
  }

  void atomic() {
    out_.reads |= bit(insn_.dst) | bit(insn_.src);
    const bool exchange = insn_.imm == isa::kAtomicCmpxchg;
    if (exchange) out_.reads |= bit(0);
    if ((insn_.imm & isa::kAtomicFetch) != 0) out_.writes |= bit(exchange ? 0 : insn_.src);
    const RegState &pointer = state_.reg(insn_.dst);
    if (pointer.type == RegType::Stack) load(pointer);
  }

  void helper() {
    out_.writes |= kArguments | bit(0);
    const tables::Helper *h = helper_of(insn_);
    if (h == nullptr) return;
    unsigned memories = 0;
    if (h->number == BPF_FUNC_loop || h->number == BPF_FUNC_get_local_storage)
      out_.precise |= bit(h->number == BPF_FUNC_loop ? 1 : 2);  // the number of turns; flags that must be 0
    for (unsigned a = 0; a < h->args.size(); a++) {
      const unsigned reg = a + 1;
      const RegState &value = state_.reg(reg);
      switch (arguments_of(env_, *h)[a].kind) {
        case ArgKind::None:
          continue;
        case ArgKind::Anything:
        case ArgKind::ConstMapPtr:
        case ArgKind::Ctx:
        case ArgKind::Callback:
        case ArgKind::Number:
        case ArgKind::ConstString:
        case ArgKind::SpinLock:
        case ArgKind::Timer:
        case ArgKind::Socket:
        case ArgKind::SockCommon:
        case ArgKind::BtfSockCommon:
        case ArgKind::BtfId:
        case ArgKind::PerCpuObject:
        case ArgKind::KptrSlot:
        case ArgKind::KptrValue:
        case ArgKind::RingbufRecord:
          break;
        case ArgKind::AllocSize:
          out_.precise |= bit(reg);
          break;
        case ArgKind::RingbufDynptr:
        case ArgKind::Dynptr:
          if (value.type == RegType::Stack && !arguments_of(env_, *h)[a].uninit)
            read_slots(value, span_of(value, 0, kDynptrSize), memories++);
          break;
        case ArgKind::FixedMem:
          if (value.type == RegType::Stack && !arguments_of(env_, *h)[a].uninit)
            read_slots(value, span_of(value, 0, arguments_of(env_, *h)[a].size), memories++);
          break;
        case ArgKind::Stack:
          out_.precise |= bit(reg);
          break;
        case ArgKind::MapKey:
        case ArgKind::MapValue: {
          const int map_arg = map_argument(*h, a);
          const RegState &map = state_.reg(static_cast<unsigned>(map_arg) + 1);
          if (map.type != RegType::MapPtr || value.type != RegType::Stack) break;
          const object::Map &m = env_.map(map.target);
          if (h->args[a].uninit) break;
          const uint32_t size = h->args[a].kind == ArgKind::MapKey ? m.key_size : m.value_size;
          read_slots(value, span_of(value, 0, size), memories++);
          break;
        }
        case ArgKind::Mem: {
          if (value.is_null()) out_.precise |= bit(reg);
          if (value.type != RegType::Stack || !state_.reg(reg + 1).is_scalar()) break;
          const RegState &size = state_.reg(reg + 1);
          if (size.value.r64.umax >= kMaxHelperSize) break;
          const Span span = span_of(value, 0, static_cast<int64_t>(size.value.r64.umax));
          const bool writes = h->args[a].uninit && span.fixed && size.value.is_const();
          if (!writes)
            read_slots(value, span, memories++);
          else if (is_bounded(span))
            out_.slot_writes = {value.frame, whole_slots(span)};
          break;
        }
        case ArgKind::ConstSize:
        case ArgKind::ConstSizeOrZero:
          out_.precise |= bit(reg);
          break;
      }
      out_.reads |= bit(reg);
    }
  }

  void kfunc() {
    out_.writes |= kArguments | bit(0);
    const Kfunc *k = env_.structure.kfunc_at(insn_);
    if (k == nullptr) return;
    unsigned memories = 0;
    for (unsigned i = 0; i < k->parameters.size() && i < 5; i++) {
      const KfuncParameter &p = k->parameters[i];
      const RegState &value = state_.reg(i + 1);
      if (p.ignored) continue;
      out_.reads |= bit(i + 1);
      if (p.constant || p.is_size) out_.precise |= bit(i + 1);
      if (value.type != RegType::Stack) continue;
      // What the function may read: all of the slots that it can reach, for lack of a size that is certain.
      const object::Btf &btf = *k->btf;
      int64_t size = static_cast<int64_t>(btf.size_of(btf.type(btf.resolve(p.type)).type));
      if (p.sized_by_next && state_.reg(i + 2).is_scalar())
        size = static_cast<int64_t>(std::min<uint64_t>(state_.reg(i + 2).value.r64.umax, kMaxStack));
      const Span span = span_of(value, 0, std::max<int64_t>(size, kSlotBytes));
      if (is_bounded(span)) read_slots(value, span, std::min(memories++, 4u));
    }
  }

  static uint64_t whole_slots(const Span &span) {
    uint64_t mask = 0;
    for (int64_t off = span.low; off < span.high; off++)
      if (off % 8 == 0 && off + 8 <= span.high) mask |= 1ull << slot_of(off);
    return mask;
  }

  const Env &env_;
  const State &state_;
  const isa::Insn &insn_;
  const isa::InsnInfo &info_;
  uint32_t index_;
  Effects out_;
};

}  // namespace

Effects effects(const Env &env, const State &state, uint32_t index) { return Collector(env, state, index).run(); }

}  // namespace spile::verifier
