// Loops that fill or copy bytes, one at a time, become one fill or copy.
//
// Idea: memset and memcpy of a size that is a constant only once their function is inlined were lowered to loops. Such
// a loop counts from 0 to a constant and does nothing but store a byte at each place; it is known by its shape.
//
//     head: %0 = phi.i64 [i64 0, entry], [%2, body]       head: memset %p0, i8 0, 152
//           %1 = icmp.ult %0, i64 152                           jump out
//           branch %1, body, out                    ->
//     body: %3 = ptradd %p0, %0
//           store i8 0, %3
//           %2 = add.i64 %0, i64 1
//           jump head
//
// A copy, only where the two sides are known to be apart, and both only where the pieces become wide: byte by byte, the
// loop is shorter. A fill that is too large for that stays a loop, of 8 bytes a round.
//
// Requires: sizes that are constants (simplify, mem2reg); expand_memory behind it. Breaks: leaves the body behind,
// which nobody reaches (simplify_cfg).
//
// For the kernel's verifier: the same bytes, below the same checks, without a round for each of them.
#include <algorithm>

#include "ir/analysis_alignment.h"
#include "ir/analysis_memory.h"
#include "ir/analysis_uses.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// Larger ones stay loops, which are shorter.
constexpr int64_t kMaxBytes = 256;
constexpr uint64_t kLeastAlignment = 4;

class Former {
 public:
  explicit Former(const PassContext &context)
      : f_(context.function),
        cfg_(context.analyses.cfg()),
        memory_(context.module, f_, cfg_, context.lone_params),
        uses_(count_uses(f_)) {}

  size_t run() {
    size_t formed = 0;
    for (const BlockId b : cfg_.rpo) formed += cfg_.is_loop_head(b) && form(b) ? 1 : 0;
    return formed;
  }

 private:
  // Where a byte is read or written, in the first round.
  struct Place {
    ValueId base;
    int64_t offset = 0;
    explicit operator bool() const { return static_cast<bool>(base); }
  };

  bool form(BlockId head) {
    const std::vector<ValueId> insts = f_[head].insts;
    if (insts.size() != 3 || f_[insts[0]].op != Op::Phi || f_[insts[1]].op != Op::ICmp || f_[insts[2]].op != Op::Branch)
      return false;
    const ValueId count = insts[0], test = insts[1];
    const BlockId body = f_.targets(insts[2])[0], out = f_.targets(insts[2])[1];
    const auto bytes = constant_of(f_, f_.operand(test, 1));
    const Pred pred = f_[test].pred;
    const bool is_counted = f_.operand(insts[2], 0) == test && f_.operand(test, 0) == count &&
                            (pred == Pred::Ult || pred == Pred::Ne || pred == Pred::Slt) &&
                            (f_[count].type == Type::I64 || f_[count].type == Type::I32);
    if (!is_counted || !bytes || *bytes <= 0 || body == out || uses_[test.index] != 1) return false;
    if (cfg_.preds(body).size() != 1 || f_[f_.terminator(body)].op != Op::Jump || f_[count].operand_count != 2)
      return false;
    const BlockId before = f_.targets(count)[f_.targets(count)[0] == body ? 1 : 0];
    if (f_.targets(f_.terminator(body))[0] != head || before == body) return false;
    if (constant_of(f_, f_.phi_operand(count, before)) != 0 || !read_body(body, count)) return false;
    // The test, the next count, and the addresses or what they are extended from it for.
    const uint32_t addresses = from_ ? 2 : 1;
    const ValueId index = index_ ? index_ : count;
    if (uses_[count.index] != 2 + (index_ ? 1 : addresses) || (index_ && uses_[index.index] != addresses)) return false;
    if (*bytes > kMaxBytes) return widen(*bytes);

    // Sound because: there is a first round, so what it adds to a pointer could as well stand before the loop.
    head_ = head;
    if (!(from_ ? can_copy(*bytes) : can_fill())) return false;
    for (const ValueId v : insts) {
      f_[v].block = {};
      f_.remove(v);
    }
    f_[head].insts.clear();
    const ValueId to = address(to_);
    const ValueId all =
        from_ ? make(Op::MemCopy, {to, address(from_)}, *bytes) : make(Op::MemSet, {to, value_}, *bytes);
    f_.append(head, all);
    f_.append(head, f_.make(Op::Jump, Type::Void, {}, std::array{out}, 0, f_[all].loc));
    return true;
  }

  // Finds what is stored to where: nothing else may be in the body.
  bool read_body(BlockId body, ValueId count) {
    to_ = from_ = {};
    value_ = index_ = step_ = {};
    for (const ValueId v : f_[body].insts) {
      const Inst &inst = f_[v];
      if (inst.op == Op::Jump) continue;
      const bool is_extension = (inst.op == Op::Sext || inst.op == Op::Zext) && f_.operand(v, 0) == count;
      if (is_extension && inst.type == Type::I64 && !index_) {
        index_ = v;
        continue;
      }
      if (inst.op == Op::PtrAdd && uses_[v.index] == 1) continue;  // looked at where it is used
      if (inst.op == Op::Add && !step_ && f_.operand(v, 0) == count && constant_of(f_, f_.operand(v, 1)) == 1) {
        if (v != f_.phi_operand(count, body) || uses_[v.index] != 1) return false;
        step_ = v;
        continue;
      }
      if (inst.is_volatile) return false;
      if (inst.op == Op::Load && inst.type == Type::I8 && !from_ && !to_ && uses_[v.index] == 1) {
        from_ = place_of(f_.operand(v, 0), inst.imm, body, count);
        value_ = v;
        if (!from_) return false;
        continue;
      }
      if (inst.op != Op::Store || to_) return false;
      const ValueId stored = f_.operand(v, 0);
      if (f_[stored].type != Type::I8 || (from_ ? stored != value_ : !is_outside(stored, body))) return false;
      value_ = stored;
      store_ = v;
      to_ = place_of(f_.operand(v, 1), inst.imm, body, count);
      if (!to_) return false;
    }
    return step_ && to_;
  }
  bool is_outside(ValueId v, BlockId body) const { return f_[v].block != body; }
  // Of (base + constant) + count.
  Place place_of(ValueId pointer, int64_t offset, BlockId body, ValueId count) const {
    if (is_outside(pointer, body) || f_[pointer].op != Op::PtrAdd) return {};
    const ValueId by = f_.operand(pointer, 1), base = f_.operand(pointer, 0);
    if (by != count && by != index_) return {};
    if (is_outside(base, body)) return {base, offset};
    if (f_[base].op != Op::PtrAdd || !is_outside(f_.operand(base, 0), body)) return {};
    const auto more = constant_of(f_, f_.operand(base, 1));
    return more ? Place{f_.operand(base, 0), offset + *more} : Place{};
  }

  bool is_on_stack(const Place &place) const { return f_[address_of(f_, place.base).base].op == Op::SlotAddr; }
  uint64_t alignment(const Place &place) const {
    const uint64_t align = access_alignment(f_, place.base, 1);
    // Cut at any distance where memory is not the stack's.
    const auto offset = static_cast<uint64_t>(place.offset);
    return is_on_stack(place) && offset != 0 ? std::min(align, offset & (0 - offset)) : align;
  }
  bool can_fill() const { return alignment(to_) >= kLeastAlignment; }
  bool can_copy(int64_t bytes) const {
    if (std::min(alignment(to_), alignment(from_)) < kLeastAlignment) return false;
    const auto size = static_cast<uint32_t>(bytes);
    return !memory_.may_meet({to_.base, to_.offset, size}, {from_.base, from_.offset, size});
  }

  // Rounds of 8 bytes in place of one.
  bool widen(int64_t bytes) {
    constexpr int64_t kWide = 8;
    constexpr uint64_t kOnes = 0x0101'0101'0101'0101;
    if (from_ || bytes % kWide != 0 || alignment(to_) < kWide || f_[value_].op != Op::Const) return false;
    const auto byte = static_cast<uint64_t>(f_[value_].imm) & 0xff;
    const ValueId wide = f_.constant(Type::I64, static_cast<int64_t>(byte * kOnes));
    f_.set_operands(store_, std::array{wide, f_.operand(store_, 1)});
    f_[store_].align = is_on_stack(to_) ? 0 : 1;  // elsewhere it may be anything
    f_.set_operands(step_, std::array{f_.operand(step_, 0), f_.constant(f_[step_].type, kWide)});
    return true;
  }

  ValueId address(const Place &place) {
    if (place.offset == 0) return place.base;
    const ValueId v = f_.make(Op::PtrAdd, Type::Ptr, std::array{place.base, f_.constant(Type::I64, place.offset)}, {},
                              0, f_[store_].loc);
    f_.append(head_, v);
    return v;
  }
  ValueId make(Op op, std::initializer_list<ValueId> operands, int64_t bytes) {
    const ValueId v = f_.make(op, Type::Void, std::span(operands.begin(), operands.size()), {}, bytes, f_[store_].loc);
    f_[v].align = 1;
    return v;
  }

  Function &f_;
  const Cfg &cfg_;
  const Memory memory_;
  const std::vector<uint32_t> uses_;
  // Of the loop at hand; without [from_] it fills.
  Place to_, from_;
  ValueId value_, store_, step_;
  ValueId index_;  // the count in 64 bits, where it has 32
  BlockId head_;
};

}  // namespace

bool loops_to_memory(const PassContext &context) {
  return context.analyses.cfg().has_loop() && context.did("loops", Former(context).run());
}

}  // namespace spile::ir::passes
