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
// loop is shorter.
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

// Larger ones stay loops: they are shorter.
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
  bool form(BlockId head) {
    const std::vector<ValueId> insts = f_[head].insts;
    if (insts.size() != 3 || f_[insts[0]].op != Op::Phi || f_[insts[1]].op != Op::ICmp || f_[insts[2]].op != Op::Branch)
      return false;
    const ValueId count = insts[0], test = insts[1];
    const BlockId body = f_.targets(insts[2])[0], out = f_.targets(insts[2])[1];
    const auto bytes = constant_of(f_, f_.operand(test, 1));
    const bool is_counted = f_.operand(insts[2], 0) == test && f_.operand(test, 0) == count &&
                            (f_[test].pred == Pred::Ult || f_[test].pred == Pred::Ne) && f_[count].type == Type::I64;
    if (!is_counted || !bytes || *bytes <= 0 || *bytes > kMaxBytes || body == out || uses_[test.index] != 1)
      return false;
    if (cfg_.preds(body).size() != 1 || f_[f_.terminator(body)].op != Op::Jump || f_[count].operand_count != 2)
      return false;
    const BlockId before = f_.targets(count)[f_.targets(count)[0] == body ? 1 : 0];
    if (f_.targets(f_.terminator(body))[0] != head || before == body) return false;
    if (constant_of(f_, f_.phi_operand(count, before)) != 0 || !read_body(body, count)) return false;
    if (uses_[count.index] != (from_ ? 4u : 3u)) return false;  // the test, the next count, the addresses

    const ValueId all = from_ ? copy(*bytes) : fill(*bytes);
    if (!all) return false;
    for (const ValueId v : insts) {
      f_[v].block = {};
      f_.remove(v);
    }
    f_[head].insts.clear();
    f_.append(head, all);
    f_.append(head, f_.make(Op::Jump, Type::Void, {}, std::array{out}, 0, f_[all].loc));
    return true;
  }

  // Finds what is stored to where: nothing else may be in the body.
  bool read_body(BlockId body, ValueId count) {
    to_ = from_ = value_ = {};
    bool has_step = false;
    for (const ValueId v : f_[body].insts) {
      const Inst &inst = f_[v];
      const bool is_at_count = inst.op == Op::PtrAdd && f_.operand(v, 1) == count && uses_[v.index] == 1;
      if (is_at_count && is_outside(f_.operand(v, 0), body)) continue;
      if (inst.op == Op::Jump) continue;
      if (inst.op == Op::Add && !has_step && f_.operand(v, 0) == count && constant_of(f_, f_.operand(v, 1)) == 1) {
        has_step = v == f_.phi_operand(count, body) && uses_[v.index] == 1;
        continue;
      }
      if (inst.is_volatile || inst.imm != 0) return false;
      if (inst.op == Op::Load && inst.type == Type::I8 && !from_ && !to_ && uses_[v.index] == 1) {
        from_ = base_of(f_.operand(v, 0), body);
        value_ = v;
        if (!from_) return false;
        continue;
      }
      if (inst.op != Op::Store || to_) return false;
      const ValueId stored = f_.operand(v, 0);
      if (f_[stored].type != Type::I8 || (from_ ? stored != value_ : !is_outside(stored, body))) return false;
      value_ = stored;
      store_ = v;
      to_ = base_of(f_.operand(v, 1), body);
      if (!to_) return false;
    }
    return has_step && to_;
  }
  bool is_outside(ValueId v, BlockId body) const { return f_[v].block != body; }
  // What the body adds the count to.
  ValueId base_of(ValueId pointer, BlockId body) const {
    return f_[pointer].block == body && f_[pointer].op == Op::PtrAdd ? f_.operand(pointer, 0) : ValueId{};
  }

  ValueId fill(int64_t bytes) {
    if (access_alignment(f_, to_, 1) < kLeastAlignment) return {};
    return make(Op::MemSet, {to_, value_}, bytes);
  }
  ValueId copy(int64_t bytes) {
    if (std::min(access_alignment(f_, to_, 1), access_alignment(f_, from_, 1)) < kLeastAlignment) return {};
    const auto size = static_cast<uint32_t>(bytes);
    if (memory_.may_meet({to_, 0, size}, {from_, 0, size})) return {};
    return make(Op::MemCopy, {to_, from_}, bytes);
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
  ValueId to_, from_, value_, store_;
};

}  // namespace

bool loops_to_memory(const PassContext &context) {
  return context.analyses.cfg().has_loop() && context.did("loops", Former(context).run());
}

}  // namespace spile::ir::passes
