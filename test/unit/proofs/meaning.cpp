#include "test/unit/proofs/meaning.h"

#include <array>
#include <map>
#include <random>
#include <sstream>

#include "backend/isa/info.h"
#include "support/check.h"

namespace spile::proofs {
namespace {

constexpr unsigned kMilliseconds = 400;  // for one proof
constexpr unsigned kSamples = 500;       // where there is none

using ir::Op;
using z3::expr;

unsigned width(const expr &e) { return e.get_sort().bv_size(); }
expr number(const expr &like, int64_t value) { return like.ctx().bv_val(value, width(like)); }
expr masked(const expr &count) { return count & number(count, width(count) - 1); }

// RFC 9669 section 4.1: x / 0 = 0, x % 0 = x. Z3's signed division wraps, as ours.
expr divide(const expr &a, const expr &b, bool is_signed, bool remainder) {
  const expr zero = number(a, 0);
  if (remainder) return z3::ite(b == zero, a, is_signed ? z3::srem(a, b) : z3::urem(a, b));
  return z3::ite(b == zero, zero, is_signed ? a / b : z3::udiv(a, b));
}

expr compare(ir::Pred pred, const expr &a, const expr &b) {
  switch (pred) {
    case ir::Pred::Eq:
      return a == b;
    case ir::Pred::Ne:
      return a != b;
    case ir::Pred::Ult:
      return z3::ult(a, b);
    case ir::Pred::Ule:
      return z3::ule(a, b);
    case ir::Pred::Ugt:
      return z3::ugt(a, b);
    case ir::Pred::Uge:
      return z3::uge(a, b);
    case ir::Pred::Slt:
      return a < b;
    case ir::Pred::Sle:
      return a <= b;
    case ir::Pred::Sgt:
      return a > b;
    case ir::Pred::Sge:
      return a >= b;
  }
  SPILE_UNREACHABLE("a predicate that is not in ir.h");
}

expr as_bit(const expr &truth) { return z3::ite(truth, truth.ctx().bv_val(1, 1), truth.ctx().bv_val(0, 1)); }

class IrMeaning {
 public:
  IrMeaning(const ir::Function &function, const std::vector<expr> &arguments)
      : f_(function), arguments_(arguments), context_(arguments.front().ctx()) {}

  expr run() { return of(f_.operand(f_.terminator(ir::BlockId(size_t{0})), 0)); }

 private:
  expr of(ir::ValueId v) {
    if (const auto it = known_.find(v.index); it != known_.end()) return it->second;
    expr made = make(v);
    known_.emplace(v.index, made);
    return made;
  }
  expr operand(ir::ValueId v, size_t i) { return of(f_.operand(v, i)); }

  expr make(ir::ValueId v) {
    const ir::Inst &inst = f_[v];
    const unsigned bits = ir::bits_of(inst.type);
    switch (inst.op) {
      case Op::Const:
        return context_.bv_val(inst.imm, bits);
      case Op::Param:
        return arguments_[static_cast<size_t>(inst.imm)];
      case Op::Add:
        return operand(v, 0) + operand(v, 1);
      case Op::Sub:
        return operand(v, 0) - operand(v, 1);
      case Op::Mul:
        return operand(v, 0) * operand(v, 1);
      case Op::And:
        return operand(v, 0) & operand(v, 1);
      case Op::Or:
        return operand(v, 0) | operand(v, 1);
      case Op::Xor:
        return operand(v, 0) ^ operand(v, 1);
      case Op::UDiv:
      case Op::SDiv:
        return divide(operand(v, 0), operand(v, 1), inst.op == Op::SDiv, false);
      case Op::UMod:
      case Op::SMod:
        return divide(operand(v, 0), operand(v, 1), inst.op == Op::SMod, true);
      case Op::Shl:
        return z3::shl(operand(v, 0), masked(operand(v, 1)));
      case Op::LShr:
        return z3::lshr(operand(v, 0), masked(operand(v, 1)));
      case Op::AShr:
        return z3::ashr(operand(v, 0), masked(operand(v, 1)));
      case Op::Bswap:
        return swapped(operand(v, 0), bits);
      case Op::ICmp:
        return as_bit(compare(inst.pred, operand(v, 0), operand(v, 1)));
      case Op::Select:
        return z3::ite(operand(v, 0) == 1, operand(v, 1), operand(v, 2));
      case Op::Zext:
        return z3::zext(operand(v, 0), bits - width(operand(v, 0)));
      case Op::Sext:
        return z3::sext(operand(v, 0), bits - width(operand(v, 0)));
      case Op::Trunc:
        return operand(v, 0).extract(bits - 1, 0);
      default:
        SPILE_UNREACHABLE("proofs are about arithmetic");
    }
  }

  const ir::Function &f_;
  const std::vector<expr> &arguments_;
  z3::context &context_;
  std::map<uint32_t, expr> known_;
};

// Runs both sides of each branch and joins what comes out.
class CodeMeaning {
 public:
  using Registers = std::vector<expr>;

  explicit CodeMeaning(std::span<const isa::Insn> code) : code_(code) {}

  expr run(size_t at, Registers r) {
    for (;; at += isa::width(code_[at])) {
      const isa::Insn &insn = code_[at];
      const isa::InsnInfo &info = *isa::lookup(insn);
      z3::context &c = r[0].ctx();
      const expr imm = c.bv_val(int64_t{insn.imm}, 64);
      switch (info.shape) {
        case isa::Shape::AluImm:
          r[insn.dst] = alu(info, r[insn.dst], imm);
          break;
        case isa::Shape::AluReg:
        case isa::Shape::AddressCast:
          r[insn.dst] = alu(info, r[insn.dst], r[insn.src]);
          break;
        case isa::Shape::AluUnary:
          r[insn.dst] = alu(info, r[insn.dst], r[insn.dst]);
          break;
        case isa::Shape::LoadImm64:
          r[insn.dst] = c.bv_val(isa::imm64(insn, code_[at + 1]), 64);
          break;
        case isa::Shape::Jump:
          at += static_cast<size_t>(int64_t{insn.off});
          break;
        case isa::Shape::BranchImm:
        case isa::Shape::BranchReg: {
          const expr taken = holds(info, r[insn.dst], info.shape == isa::Shape::BranchImm ? imm : r[insn.src]);
          const size_t target = at + 1 + static_cast<size_t>(int64_t{insn.off});
          return z3::ite(taken, run(target, r), run(at + 1, r));
        }
        case isa::Shape::Exit:
          return r[0];
        default:
          SPILE_UNREACHABLE("proofs are about arithmetic and branches");
      }
    }
  }

 private:
  static expr low(const expr &value, unsigned bits) { return bits == 64 ? value : value.extract(bits - 1, 0); }
  static expr wide(const expr &value) { return width(value) == 64 ? value : z3::zext(value, 64 - width(value)); }

  static expr alu(const isa::InsnInfo &info, const expr &dst, const expr &src) {
    const expr a = low(dst, info.bits), b = low(src, info.bits);
    const auto signed_low = [&](unsigned bits) { return wide(z3::sext(low(src, bits), info.bits - bits)); };
    switch (info.alu()) {
      case isa::Alu::Add:
        return wide(a + b);
      case isa::Alu::Sub:
        return wide(a - b);
      case isa::Alu::Mul:
        return wide(a * b);
      case isa::Alu::Div:
      case isa::Alu::SDiv:
        return wide(divide(a, b, info.alu() == isa::Alu::SDiv, false));
      case isa::Alu::Mod:
      case isa::Alu::SMod:
        return wide(divide(a, b, info.alu() == isa::Alu::SMod, true));
      case isa::Alu::Or:
        return wide(a | b);
      case isa::Alu::And:
        return wide(a & b);
      case isa::Alu::Xor:
        return wide(a ^ b);
      case isa::Alu::Lsh:
        return wide(z3::shl(a, masked(b)));
      case isa::Alu::Rsh:
        return wide(z3::lshr(a, masked(b)));
      case isa::Alu::Arsh:
        return wide(z3::ashr(a, masked(b)));
      case isa::Alu::Mov:
        return wide(b);
      case isa::Alu::Neg:
        return wide(-a);
      case isa::Alu::MovS8:
        return signed_low(8);
      case isa::Alu::MovS16:
        return signed_low(16);
      case isa::Alu::MovS32:
        return signed_low(32);
      case isa::Alu::Le16:
        return wide(low(dst, 16));
      case isa::Alu::Le32:
        return wide(low(dst, 32));
      case isa::Alu::Le64:
        return dst;
      case isa::Alu::Be16:
      case isa::Alu::Swap16:
        return wide(swapped(low(dst, 16), 16));
      case isa::Alu::Be32:
      case isa::Alu::Swap32:
        return wide(swapped(low(dst, 32), 32));
      case isa::Alu::Be64:
      case isa::Alu::Swap64:
        return swapped(dst, 64);
    }
    SPILE_UNREACHABLE("an operation that is not in semantics.h");
  }

  static expr holds(const isa::InsnInfo &info, const expr &left, const expr &right) {
    const expr a = low(left, info.bits), b = low(right, info.bits);
    switch (info.cond()) {
      case isa::Cond::Eq:
        return a == b;
      case isa::Cond::Ne:
        return a != b;
      case isa::Cond::Gt:
        return z3::ugt(a, b);
      case isa::Cond::Ge:
        return z3::uge(a, b);
      case isa::Cond::Lt:
        return z3::ult(a, b);
      case isa::Cond::Le:
        return z3::ule(a, b);
      case isa::Cond::Sgt:
        return a > b;
      case isa::Cond::Sge:
        return a >= b;
      case isa::Cond::Slt:
        return a < b;
      case isa::Cond::Sle:
        return a <= b;
      case isa::Cond::Set:
        return (a & b) != number(a, 0);
    }
    SPILE_UNREACHABLE("a condition that is not in semantics.h");
  }

  std::span<const isa::Insn> code_;
};

}  // namespace

expr swapped(const expr &x, unsigned bits) {
  expr out = x.extract(7, 0);
  for (unsigned at = 8; at < bits; at += 8) out = z3::concat(out, x.extract(at + 7, at));
  return out;
}

expr meaning(const ir::Function &function, const std::vector<expr> &arguments) {
  return IrMeaning(function, arguments).run();
}

expr meaning(std::span<const isa::Insn> code, const std::vector<expr> &arguments) {
  z3::context &c = arguments.front().ctx();
  std::vector<expr> registers;
  for (unsigned r = 0; r < isa::kRegisterCount; r++)
    registers.push_back(r >= 1 && r <= arguments.size() ? arguments[r - 1]
                                                        : c.bv_const(("junk" + std::to_string(r)).c_str(), 64));
  return CodeMeaning(code).run(0, registers);
}

Proof prove_equal(const expr &a, const expr &b, const std::vector<expr> &free, std::string &model) {
  const expr differ = (a != b).simplify();
  if (differ.is_false()) return Proof::Holds;
  z3::solver solver(a.ctx());
  z3::params limits(a.ctx());
  limits.set("timeout", kMilliseconds);
  solver.set(limits);
  solver.add(differ);
  switch (solver.check()) {
    case z3::unsat:
      return Proof::Holds;
    case z3::sat: {
      std::ostringstream text;
      text << solver.get_model();
      model = text.str();
      return Proof::Fails;
    }
    case z3::unknown:
      break;
  }
  std::mt19937_64 random(1);
  for (unsigned i = 0; i < kSamples; i++) {
    z3::expr_vector names(a.ctx()), values(a.ctx());
    for (const expr &name : free) {
      names.push_back(name);
      const uint64_t noise = random() >> random() % 64;
      values.push_back(a.ctx().bv_val(random() % 4 == 0 ? 0 - noise : noise, width(name)));
    }
    expr at = differ;
    if (at.substitute(names, values).simplify().is_false()) continue;
    std::ostringstream text;
    text << values;
    model = text.str();
    return Proof::Fails;
  }
  return Proof::Sampled;
}

}  // namespace spile::proofs
