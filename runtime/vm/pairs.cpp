// Superinstructions: pairs of instructions that programs execute often, as one handler each, which saves the second
// one's dispatch. Found by counting what the programs of bench/engines execute.
//
//   r2 = x ll; r2 += r1      the address of an element of global data
//   r1 += 8; if r1 != 64     a loop's counter
//   r1 += 8; r2 += 8         two pointers that move
//   r6 = r1; r6 >>= 30       a copy that is worked on
//   if r6 == 64; goto        a loop that ends at its top
//
// The slot of the second instruction stays as it is: whoever jumps there finds it, and the pair's handler finds its
// operands in it.
#include "runtime/vm/pinned.h"

#if SPILE_HAS_PINNED

namespace spile::vm::pinned {
namespace {

using isa::Alu;
using isa::Cond;
using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

template <unsigned D, unsigned S>
SPILE_HANDLER constant_plus(SPILE_REGISTERS) {
  REG(D) = ip->bits + VALUE(S);
  SPILE_GO(ip + 3);
}
template <Cond cond, unsigned D>
SPILE_HANDLER add_and_branch(SPILE_REGISTERS) {
  REG(D) += ip->imm();
  if (isa::holds(cond, 64, REG(D), ip[1].imm())) SPILE_GO(ip[1].target());
  SPILE_GO(ip + 2);
}
template <unsigned D, unsigned E>
SPILE_HANDLER add_both(SPILE_REGISTERS) {
  REG(D) += ip->imm();
  REG(E) += ip[1].imm();
  SPILE_GO(ip + 2);
}
template <Alu op, unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER copy_and(SPILE_REGISTERS) {
  REG(D) = isa::alu(op, bits, VALUE(S), ip[1].imm());
  SPILE_GO(ip + 2);
}
template <Cond cond, unsigned bits, unsigned D>
SPILE_HANDLER branch_or_jump(SPILE_REGISTERS) {
  if (isa::holds(cond, bits, VALUE(D), ip->imm())) SPILE_GO(ip->target());
  SPILE_GO(ip[1].target());
}

constexpr auto kConstantPlus = table<kWritable * kReadable>([]<size_t I> {
  constexpr unsigned kDst = I / kReadable, kSrc = I % kReadable;
  return kDst == kSrc ? nullptr : Handler{constant_plus<kDst, kSrc>};
});
template <Cond cond>
constexpr auto kAddAndBranch = table<kWritable>([]<size_t I> { return Handler{add_and_branch<cond, I>}; });
constexpr auto kAddBoth =
    table<kWritable * kWritable>([]<size_t I> { return Handler{add_both<I / kWritable, I % kWritable>}; });
template <Alu op, unsigned bits>
constexpr auto kCopyAnd =
    table<kWritable * kReadable>([]<size_t I> { return Handler{copy_and<op, bits, I / kReadable, I % kReadable>}; });
template <Cond cond, unsigned bits>
constexpr auto kBranchOrJump = table<kReadable>([]<size_t I> { return Handler{branch_or_jump<cond, bits, I>}; });

Handler counted_branch(Cond cond, unsigned dst) {
  switch (cond) {
#define CASE(name) \
  case Cond::name: \
    return kAddAndBranch<Cond::name>[dst];
    CASE(Eq) CASE(Ne) CASE(Gt) CASE(Ge) CASE(Lt) CASE(Le) CASE(Sgt) CASE(Sge) CASE(Slt) CASE(Sle) CASE(Set)
#undef CASE
  }
  __builtin_unreachable();
}
Handler branch_else_jump(const InsnInfo &branch, unsigned dst) {
  switch (branch.cond()) {
#define CASE(name) \
  case Cond::name: \
    return branch.bits == 64 ? kBranchOrJump<Cond::name, 64>[dst] : kBranchOrJump<Cond::name, 32>[dst];
    CASE(Eq) CASE(Ne) CASE(Gt) CASE(Ge) CASE(Lt) CASE(Le) CASE(Sgt) CASE(Sge) CASE(Slt) CASE(Sle) CASE(Set)
#undef CASE
  }
  __builtin_unreachable();
}
Handler copy_then(const InsnInfo &work, size_t pair) {
  const bool wide = work.bits == 64;
  if (work.alu() == Alu::Add && wide) return kCopyAnd<Alu::Add, 64>[pair];
  if (work.alu() == Alu::And) return wide ? kCopyAnd<Alu::And, 64>[pair] : kCopyAnd<Alu::And, 32>[pair];
  if (work.alu() == Alu::Lsh) return wide ? kCopyAnd<Alu::Lsh, 64>[pair] : kCopyAnd<Alu::Lsh, 32>[pair];
  if (work.alu() == Alu::Rsh) return wide ? kCopyAnd<Alu::Rsh, 64>[pair] : kCopyAnd<Alu::Rsh, 32>[pair];
  return nullptr;
}

}  // namespace

Handler pair_handler(const Resolved &program, size_t index) {
  const Insn &first = program.insns[index];
  const size_t next = index + isa::width(first);
  if (next >= program.insns.size()) return nullptr;
  const Insn &second = program.insns[next];
  const InsnInfo &one = program.info(index), &two = program.info(next);
  const bool same = first.dst == second.dst;
  const bool adds = one.op == isa::Op::Add64Imm;
  if (one.shape == Shape::LoadImm64 && two.op == isa::Op::Add64Reg && same)
    return kConstantPlus[first.dst * kReadable + second.src];
  if (adds && two.shape == Shape::BranchImm && two.bits == 64 && same) return counted_branch(two.cond(), first.dst);
  if (adds && two.op == isa::Op::Add64Imm && !same) return kAddBoth[first.dst * kWritable + second.dst];
  if (one.op == isa::Op::Mov64Reg && two.shape == Shape::AluImm && two.bits == 64 && same)
    return copy_then(two, first.dst * kReadable + first.src);
  if (one.op == isa::Op::Mov32Reg && two.shape == Shape::AluImm && two.bits == 32 && same)
    return copy_then(two, first.dst * kReadable + first.src);
  if (one.shape == Shape::BranchImm && (two.shape == Shape::Jump || two.shape == Shape::JumpLong))
    return branch_else_jump(one, first.dst);
  return nullptr;
}

}  // namespace spile::vm::pinned

#endif
