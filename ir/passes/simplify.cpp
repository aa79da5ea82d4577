// Constant folding and algebra.
//
// Idea: walk the blocks in reverse post-order, give each instruction its simplest operands, and try the rules on it,
// one a line below its equation, until none applies. A rule gives another value for the instruction, or rewrites it in
// place, or adds instructions before it. Rounds go on until nothing changes (phis see their back edges one round late).
//
//     %0 = load.i8 %p0, 3
//     %1 = zext.i32 %0                        %0 = load.i8 %p0, 3
//     %2 = and.i32 %1, i32 255       ->       %1 = zext.i32 %0
//     %3 = mul.i32 %2, i32 8                  %2 = shl.i32 %1, i32 3
//     %4 = icmp.ult %3, i32 1                 %3 = icmp.eq %2, i32 0
//
// Requires: nothing. Breaks: leaves dead instructions behind (dce) and decided branches (simplify_cfg).
//
// For the kernel's verifier: sums are only joined when the inner one has no other use, because a bounds check of the
// inner sum says nothing about its parts. A check is dropped for a range only where the kernel knows the range too
// (zero extension, masks, shifts to the right; not remainders).
#include <algorithm>
#include <bit>
#include <limits>

#include "ir/analysis_address.h"
#include "ir/analysis_bits.h"
#include "ir/analysis_cfg.h"
#include "ir/analysis_uses.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Each round only has work when a phi changed an operand of an earlier one; the limit guards against a pair of rules
// that undo each other.
constexpr int kMaxRounds = 8;
constexpr int kMaxRulesPerInst = 16;

bool is_commutative(Op op) { return op == Op::Add || op == Op::Mul || op == Op::And || op == Op::Or || op == Op::Xor; }
bool is_shift(Op op) { return op == Op::Shl || op == Op::LShr || op == Op::AShr; }

class Simplifier {
 public:
  explicit Simplifier(const PassContext &context)
      : module_(context.module), f_(context.function), analyses_(context.analyses), rewrite_(f_) {}

  bool run() {
    const Cfg &cfg = analyses_.cfg();
    bool any = false;
    for (int round = 0; round < kMaxRounds; round++) {
      changed_ = false;
      uses_ = count_uses(f_);
      bits_.clear();
      bits_at_.assign(f_.insts.size(), kUnknown);
      for (const BlockId b : cfg.rpo) simplify_block(b);
      rewrite_.apply();
      rewrite_.clear();
      if (!changed_) break;
      any = true;
    }
    return any;
  }

 private:
  void simplify_block(BlockId b) {
    block_ = b;
    before_.clear();
    std::swap(before_, f_[b].insts);
    out_.clear();
    phis_.clear();
    is_same_ = true;
    for (const ValueId v : before_) {
      for (ValueId &use : f_.operands(v)) use = rewrite_.resolve(use);
      const ValueId result = is_void_effect(v) ? ValueId{} : simplest(v);
      if (result == v) {
        (f_[v].op == Op::Phi ? phis_ : out_).push_back(v);
        continue;
      }
      f_[v].block = {};
      f_.remove(v);
      if (result) rewrite_.replace(v, result);
      changed_ = true;
      is_same_ = false;
    }
    if (is_same_) {
      std::swap(before_, f_[b].insts);
      return;
    }
    f_[b].insts = phis_;
    f_[b].insts.insert(f_[b].insts.end(), out_.begin(), out_.end());
  }

  // Tries the rules until none applies, then asks whether all bits are known. Gives [v] itself, or what stands for it.
  ValueId simplest(ValueId v) {
    for (int i = 0; i < kMaxRulesPerInst; i++) {
      const Op before = f_[v].op;
      const bool changed_before = std::exchange(changed_, false);
      const ValueId result = apply_rules(v);
      const bool changed_now = std::exchange(changed_, changed_before || changed_ || result != v);
      if (result != v) return result;
      if (!changed_now && before == f_[v].op) break;
    }
    if (!is_integer(type(v))) return v;
    const KnownBits known = remember_bits(v);
    if (info_of(op(v)).effects == Effects::Pure && known.is_constant())
      return f_.constant(type(v), static_cast<int64_t>(known.min));
    return v;
  }

  // Writes that write nothing.
  bool is_void_effect(ValueId v) const {
    const Inst &inst = f_[v];
    if (inst.is_volatile) return false;
    // A copy or fill of 0 bytes, a copy onto itself.
    if ((inst.op == Op::MemCopy || inst.op == Op::MemSet) && inst.imm == 0) return true;
    if (inst.op == Op::MemCopy && f_.operand(v, 0) == f_.operand(v, 1)) return true;
    // Storing what may be anything may as well store what is there.
    return inst.op == Op::Store && f_[f_.operand(v, 0)].op == Op::Undef;
  }

  ValueId apply_rules(ValueId v) {
    const Inst &inst = f_[v];
    switch (inst.op) {
      case Op::Add:
      case Op::Sub:
      case Op::Mul:
      case Op::UDiv:
      case Op::SDiv:
      case Op::UMod:
      case Op::SMod:
      case Op::And:
      case Op::Or:
      case Op::Xor:
      case Op::Shl:
      case Op::LShr:
      case Op::AShr:
        return binary(v);
      case Op::Bswap:
        if (const auto c = constant(f_.operand(v, 0))) return folded(v, *c, 0);
        // bswap(bswap x) = x
        if (op(f_.operand(v, 0)) == Op::Bswap) return f_.operand(f_.operand(v, 0), 0);
        return v;
      case Op::PtrAdd:
        return pointer_add(v);
      case Op::ICmp:
        return compare(v);
      case Op::Select:
        return select(v);
      case Op::Zext:
      case Op::Sext:
      case Op::Trunc:
        return cast(v);
      case Op::PtrToInt:
        // ptrtoint(null + x) = x: the offset of a member, where CO-RE relocates it
        if (op(f_.operand(v, 0)) == Op::PtrAdd && is_constant(f_.operand(f_.operand(v, 0), 0), 0))
          return f_.operand(f_.operand(v, 0), 1);
        // ptrtoint(inttoptr x) = x
        return op(f_.operand(v, 0)) == Op::IntToPtr ? f_.operand(f_.operand(v, 0), 0) : v;
      case Op::IntToPtr:
        return int_to_pointer(v);
      case Op::Phi:
        if (const ValueId same = phi(v); same != v) return same;
        return phi_of_extended(v);
      case Op::Load:
        return load(v);
      case Op::Store:
      case Op::AtomicAdd:
      case Op::AtomicOr:
      case Op::AtomicAnd:
      case Op::AtomicXor:
      case Op::AtomicXchg:
        return fold_offset(v, 1);
      case Op::CmpXchg:
        return fold_offset(v, 2);
      case Op::Branch:
        return branch(v);
      case Op::Call:
        return call(v);
      case Op::Const:
      case Op::Undef:
      case Op::Param:
      case Op::GlobalAddr:
      case Op::FuncAddr:
      case Op::SlotAddr:
      case Op::CoreValue:
      case Op::AddrSpaceCast:
      case Op::Asm:
      case Op::AsmOutput:
      case Op::AsmGoto:
      case Op::IsConstant:
      case Op::Opaque:
      case Op::Barrier:
      case Op::MemCopy:
      case Op::MemSet:
      case Op::LoadAbs:
      case Op::LoadInd:
      case Op::CallHelper:
      case Op::Jump:
      case Op::Switch:
      case Op::Ret:
      case Op::Unreachable:
        return v;
    }
    return v;
  }

  // ---------------------------------------------------------------- reading

  Op op(ValueId v) const { return f_[v].op; }
  Type type(ValueId v) const { return f_[v].type; }
  std::optional<int64_t> constant(ValueId v) const { return constant_of(f_, v); }
  bool is_constant(ValueId v, int64_t value) const { return f_[v].op == Op::Const && f_[v].imm == value; }
  bool has_one_use(ValueId v) const { return v.index < uses_.size() && uses_[v.index] <= 1; }

  // What is known of [v]: of what was walked over in this round, and of what rules have just made from it.
  KnownBits bits_in(ValueId v, int depth = 0) const {
    if (v.index < bits_at_.size() && bits_at_[v.index] != kUnknown) return bits_[bits_at_[v.index]];
    if (op(v) == Op::Const) return exactly(type(v), f_[v].imm);
    constexpr int kMaxDepth = 3;
    const bool is_new = v.index >= bits_at_.size() && op(v) != Op::Phi;
    if (is_new && depth < kMaxDepth)
      return known_bits(f_, v, [&](ValueId operand) { return bits_in(operand, depth + 1); });
    return is_integer(type(v)) ? anything(type(v)) : KnownBits{};
  }
  KnownBits remember_bits(ValueId v) {
    if (v.index >= bits_at_.size()) bits_at_.resize(f_.insts.size(), kUnknown);
    const KnownBits bits = known_bits(f_, v, [&](ValueId operand) { return bits_in(operand); });
    bits_at_[v.index] = static_cast<uint32_t>(bits_.size());
    return bits_.emplace_back(bits);
  }
  uint64_t unsigned_max(ValueId v) const { return bits_in(v).max; }
  bool is_not_negative(ValueId v) const { return unsigned_max(v) <= all_bits(type(v)) / 2; }

  // ---------------------------------------------------------------- writing

  ValueId make(Op new_op, Type new_type, std::initializer_list<ValueId> operands, ValueId origin) {
    const ValueId v = f_.make(new_op, new_type, std::span(operands.begin(), operands.size()), {}, 0, f_[origin].loc);
    f_[v].block = block_;
    out_.push_back(v);
    is_same_ = false;
    return v;
  }
  ValueId make_compare(Pred pred, ValueId a, ValueId b, ValueId origin) {
    const ValueId v = make(Op::ICmp, Type::I1, {a, b}, origin);
    f_[v].pred = pred;
    return v;
  }
  // [v] becomes new_op(a, b), in place.
  ValueId become(ValueId v, Op new_op, ValueId a, ValueId b) {
    f_[v].op = new_op;
    f_.set_operands(v, std::array{a, b});
    changed_ = true;
    return v;
  }
  ValueId become(ValueId v, Op new_op, ValueId a) {
    f_[v].op = new_op;
    f_.set_operands(v, std::array{a});
    changed_ = true;
    return v;
  }
  ValueId become_compare(ValueId v, Pred pred, ValueId a, ValueId b) {
    f_[v].pred = pred;
    return become(v, Op::ICmp, a, b);
  }
  ValueId folded(ValueId v, int64_t a, int64_t b) {
    const auto value = fold(op(v), f_[v].pred, type(v), type(f_.operand(v, 0)), a, b);
    SPILE_CHECK(value, "a rule folds an operation that has no constant result");
    return f_.constant(type(v), *value);
  }
  ValueId bit_not(ValueId condition, ValueId origin) {
    if (op(condition) == Op::ICmp)
      return make_compare(inverted(f_[condition].pred), f_.operand(condition, 0), f_.operand(condition, 1), origin);
    return make(Op::Xor, Type::I1, {condition, f_.constant(Type::I1, 1)}, origin);
  }

  // ---------------------------------------------------------------- arithmetic

  ValueId binary(ValueId v) {
    const Op o = op(v);
    const Type t = type(v);
    const ValueId a = f_.operand(v, 0), b = f_.operand(v, 1);
    const auto ca = constant(a), cb = constant(b);
    if (ca && cb) return folded(v, *ca, *cb);
    // c op x = x op c
    if (ca && is_commutative(o)) return become(v, o, b, a);
    if (a == b) {
      // x & x = x, x | x = x
      if (o == Op::And || o == Op::Or) return a;
      // x - x = 0, x ^ x = 0
      if (o == Op::Sub || o == Op::Xor) return f_.constant(t, 0);
    }
    // (x & m) | (x & n) = x & (m | n)
    if (o == Op::Or && op(a) == Op::And && op(b) == Op::And && f_.operand(a, 0) == f_.operand(b, 0) && has_one_use(a) &&
        has_one_use(b)) {
      const auto m = constant(f_.operand(a, 1)), n = constant(f_.operand(b, 1));
      if (m && n) return become(v, Op::And, f_.operand(a, 0), f_.constant(t, *m | *n));
    }
    // 0 / x = 0, 0 % x = 0, 0 << x = 0, 0 >> x = 0 (x / 0 is 0 as well)
    if (ca == 0 && (o == Op::UDiv || o == Op::SDiv || o == Op::UMod || o == Op::SMod || is_shift(o))) return a;
    return cb ? binary_constant(v, a, b, *cb) : v;
  }

  ValueId binary_constant(ValueId v, ValueId a, ValueId b, int64_t c) {
    const Op o = op(v);
    const Type t = type(v);
    const unsigned bits = bits_of(t);
    const uint64_t all = all_bits(t);
    const uint64_t u = static_cast<uint64_t>(c) & all;
    const bool is_power = std::has_single_bit(u);
    const int log2 = std::countr_zero(u);
    if (c == 0) {
      // x + 0 = x, x - 0 = x, x | 0 = x, x ^ 0 = x, x << 0 = x, x >> 0 = x, x % 0 = x
      if (o == Op::Add || o == Op::Sub || o == Op::Or || o == Op::Xor || is_shift(o) || o == Op::UMod || o == Op::SMod)
        return a;
      // x * 0 = 0, x & 0 = 0, x / 0 = 0
      return b;
    }
    if (u == all) {
      // x & -1 = x
      if (o == Op::And) return a;
      // x | -1 = -1
      if (o == Op::Or) return b;
    }
    if (u == 1 && bits > 1) {
      // x * 1 = x, x / 1 = x
      if (o == Op::Mul || o == Op::UDiv || o == Op::SDiv) return a;
      // x % 1 = 0
      if (o == Op::UMod || o == Op::SMod) return f_.constant(t, 0);
    }
    if (is_power && bits > 1) {
      // x * 2^n = x << n
      if (o == Op::Mul) return become(v, Op::Shl, a, f_.constant(t, log2));
      // x /u 2^n = x >>u n
      if (o == Op::UDiv) return become(v, Op::LShr, a, f_.constant(t, log2));
      // x %u 2^n = x & (2^n - 1)
      if (o == Op::UMod) return become(v, Op::And, a, f_.constant(t, static_cast<int64_t>(u - 1)));
    }
    // x - c = x + -c
    if (o == Op::Sub) return become(v, Op::Add, a, f_.constant(t, static_cast<int64_t>(0 - u)));
    // x & m = x where all bits that x can have are in m
    if (o == Op::And && bits_in(a).within(u)) return a;
    // x >>s n = x >>u n, x /s c = x /u c, x %s c = x %u c where neither is negative
    if (o == Op::AShr && is_not_negative(a)) return become(v, Op::LShr, a, b);
    if (o == Op::SDiv && c > 0 && is_not_negative(a)) return become(v, Op::UDiv, a, b);
    if (o == Op::SMod && c > 0 && is_not_negative(a)) return become(v, Op::UMod, a, b);
    // i1: ~(a p b) = a !p b
    if (o == Op::Xor && t == Type::I1 && op(a) == Op::ICmp)
      return become_compare(v, inverted(f_[a].pred), f_.operand(a, 0), f_.operand(a, 1));
    return join_constants(v, a, c);
  }

  // (x op c1) op c2 = x op (c1 op c2)
  ValueId join_constants(ValueId v, ValueId a, int64_t c) {
    const Op o = op(v);
    const Type t = type(v);
    if (op(a) != o || !has_one_use(a)) return v;
    const auto inner = constant(f_.operand(a, 1));
    if (!inner) return v;
    const ValueId x = f_.operand(a, 0);
    if (is_commutative(o)) {
      const auto joined = fold(o, Pred::Eq, t, t, *inner, c);
      return become(v, o, x, f_.constant(t, *joined));
    }
    if (!is_shift(o)) return v;
    const uint64_t mask = bits_of(t) - 1;
    const uint64_t sum = (static_cast<uint64_t>(*inner) & mask) + (static_cast<uint64_t>(c) & mask);
    // (x shift a) shift b = x shift (a + b); past the width nothing, or only the sign, is left
    if (sum <= mask) return become(v, o, x, f_.constant(t, static_cast<int64_t>(sum)));
    if (o == Op::AShr) return become(v, o, x, f_.constant(t, static_cast<int64_t>(mask)));
    return f_.constant(t, 0);
  }

  // ---------------------------------------------------------------- pointers and memory

  ValueId pointer_add(ValueId v) {
    const ValueId p = f_.operand(v, 0), by = f_.operand(v, 1);
    const auto c = constant(by);
    // p + 0 = p
    if (c == 0) return p;
    if (c && constant(p)) return folded(v, *constant(p), *c);
    // (p + a) + b = p + (a + b)
    if (c && op(p) == Op::PtrAdd)
      if (const auto inner = constant(f_.operand(p, 1)))
        return become(v, Op::PtrAdd, f_.operand(p, 0),
                      f_.constant(Type::I64, *fold(Op::Add, Pred::Eq, Type::I64, Type::I64, *inner, *c)));
    // p + (x + c) = (p + x) + c, which goes into the offset of an access
    if (op(by) == Op::Add && has_one_use(by) && constant(f_.operand(by, 1)))
      return become(v, Op::PtrAdd, make(Op::PtrAdd, Type::Ptr, {p, f_.operand(by, 0)}, v), f_.operand(by, 1));
    return v;
  }

  ValueId int_to_pointer(ValueId v) {
    const ValueId x = f_.operand(v, 0);
    // inttoptr(ptrtoint p) = p
    if (op(x) == Op::PtrToInt) return f_.operand(x, 0);
    if (const auto c = constant(x)) return f_.constant(Type::Ptr, *c);
    // inttoptr(ptrtoint p + y) = p + y
    if (op(x) == Op::Add) {
      const ValueId a = f_.operand(x, 0), b = f_.operand(x, 1);
      if (op(a) == Op::PtrToInt && op(b) != Op::PtrToInt) return become(v, Op::PtrAdd, f_.operand(a, 0), b);
      if (op(b) == Op::PtrToInt && op(a) != Op::PtrToInt) return become(v, Op::PtrAdd, f_.operand(b, 0), a);
    }
    return v;
  }

  // *(p + c + offset): c goes into the offset of the access, which has 16 bits (RFC 9669 section 3.1).
  ValueId fold_offset(ValueId v, size_t pointer) {
    const ValueId p = f_.operand(v, pointer);
    if (op(p) != Op::PtrAdd) return v;
    const auto c = constant(f_.operand(p, 1));
    constexpr int64_t kLow = std::numeric_limits<int16_t>::min(), kHigh = std::numeric_limits<int16_t>::max();
    if (!c || *c < kLow || *c > kHigh || f_[v].imm < kLow || f_[v].imm > kHigh) return v;
    const int64_t offset = f_[v].imm + *c;
    if (offset < kLow || offset > kHigh) return v;
    f_.operands(v)[pointer] = f_.operand(p, 0);
    f_[v].imm = offset;
    changed_ = true;
    return v;
  }

  ValueId load(ValueId v) {
    const ValueId result = fold_offset(v, 0);
    const ValueId p = f_.operand(v, 0), base = address_of(f_, p).base;
    if (op(base) != Op::GlobalAddr || f_[v].is_volatile) return result;
    const Global &g = module_[GlobalId(static_cast<size_t>(f_[base].imm))];
    if (!g.is_const || g.is_volatile || is_extern(g.linkage) || is_weak(g.linkage)) return result;
    // load const_global[i] = 0, where all of it is 0
    if (g.relocs.empty() && std::ranges::all_of(g.bytes, [](std::byte b) { return b == std::byte{0}; }))
      return f_.constant(type(v), 0);
    if (p != base) return result;
    const uint64_t size = bytes_of(type(v));
    const int64_t at = f_[v].imm;
    if (at < 0 || static_cast<uint64_t>(at) > g.size || size > g.size - static_cast<uint64_t>(at)) return result;
    for (const GlobalReloc &r : g.relocs) {
      if (r.offset >= static_cast<uint64_t>(at) + size || static_cast<uint64_t>(at) >= r.offset + 8) continue;
      const bool is_function = type(v) == Type::Ptr && r.function && r.offset == static_cast<uint64_t>(at);
      return is_function ? f_.func_addr(r.function) : result;
    }
    // load const_global[at] = its initial bytes, little endian
    uint64_t value = 0;
    for (uint64_t i = 0; i < size; i++)
      if (static_cast<uint64_t>(at) + i < g.bytes.size())
        value |= static_cast<uint64_t>(g.bytes[static_cast<size_t>(at) + i]) << (8 * i);
    return f_.constant(type(v), static_cast<int64_t>(value));
  }

  // ---------------------------------------------------------------- comparisons

  ValueId compare(ValueId v) {
    const ValueId a = f_.operand(v, 0), b = f_.operand(v, 1);
    const Pred p = f_[v].pred;
    const auto ca = constant(a), cb = constant(b);
    if (ca && cb) return folded(v, *ca, *cb);
    // c p x = x p' c
    if (ca) return become_compare(v, swapped(p), b, a);
    // x = x, x <= x; not x != x, x < x
    if (a == b)
      return f_.constant(Type::I1,
                         p == Pred::Eq || p == Pred::Ule || p == Pred::Uge || p == Pred::Sle || p == Pred::Sge);
    const bool is_equality = p == Pred::Eq || p == Pred::Ne;
    // sext x == sext y: zext x == zext y, which narrow values come as
    if (is_equality && op(a) == Op::Sext && op(b) == Op::Sext && type(f_.operand(a, 0)) == type(f_.operand(b, 0)) &&
        type(f_.operand(a, 0)) != Type::I1) {
      const ValueId x = f_.operand(a, 0), y = f_.operand(b, 0);
      if (bits_of(type(x)) == 32) return become_compare(v, p, x, y);
      return become_compare(v, p, make(Op::Zext, Type::I32, {x}, v), make(Op::Zext, Type::I32, {y}, v));
    }
    if (!cb) return v;
    // The frame is never at null.
    if (is_equality && *cb == 0 && op(a) == Op::SlotAddr) return f_.constant(Type::I1, p == Pred::Ne);
    // Nor is what C finds some way behind another pointer.
    if (is_equality && *cb == 0 && op(a) == Op::PtrAdd && constant(f_.operand(a, 1)) &&
        op(f_.operand(a, 0)) != Op::Const)
      return f_.constant(Type::I1, p == Pred::Ne);
    // Nor is a variable, nor one of the kernel's, unless it may be missing.
    if (is_equality && *cb == 0 && op(a) == Op::GlobalAddr &&
        module_[GlobalId(static_cast<size_t>(f_[a].imm))].linkage != Linkage::ExternalWeak)
      return f_.constant(Type::I1, p == Pred::Ne);
    // Nor is a function that is here.
    if (is_equality && *cb == 0 && op(a) == Op::FuncAddr &&
        !module_[FunctionId(static_cast<size_t>(f_[a].imm))].is_declaration())
      return f_.constant(Type::I1, p == Pred::Ne);
    if (type(a) == Type::I1 && is_equality) {
      // i1: x != 0 = x, x == 1 = x; x == 0 = ~x, x != 1 = ~x
      if ((p == Pred::Ne) == (*cb == 0)) return a;
      return bit_not(a, v);
    }
    if (const ValueId r = compare_range(v, a, *cb); r != v) return r;
    if (f_[v].pred != p) return v;  // another comparison, for which the rules begin anew
    if (op(a) == Op::Sext) return compare_extended(v, a, *cb);
    return is_equality ? compare_equal(v, a, *cb) : v;
  }

  // Unsigned comparisons at the ends of the range of their left side.
  ValueId compare_range(ValueId v, ValueId a, int64_t c) {
    if (!is_integer(type(a))) return v;
    const uint64_t all = all_bits(type(a));
    const KnownBits known = bits_in(a);
    const uint64_t max = known.max, u = static_cast<uint64_t>(c) & all;
    auto truth = [&](bool value) { return f_.constant(Type::I1, value); };
    const ValueId b = f_.operand(v, 1), zero = f_.constant(type(a), 0);
    // Where x cannot be negative, signed order is unsigned order for constants that are not negative either.
    const bool not_negative = max <= all / 2;
    switch (f_[v].pred) {
      case Pred::Eq:
        return u > max || u < known.min || (u & known.zeros) != 0 || (~u & known.ones) != 0 ? truth(false) : v;
      case Pred::Ne:
        return u > max || u < known.min || (u & known.zeros) != 0 || (~u & known.ones) != 0 ? truth(true) : v;
      // x < c where x < c always; x < 0; x < 1 is x == 0
      case Pred::Ult:
        return u > max ? truth(true) : u == 0 ? truth(false) : u == 1 ? become_compare(v, Pred::Eq, a, zero) : v;
      case Pred::Ule:
        return u >= max ? truth(true) : u == 0 ? become_compare(v, Pred::Eq, a, zero) : v;
      case Pred::Ugt:
        return u >= max ? truth(false) : u == 0 ? become_compare(v, Pred::Ne, a, zero) : v;
      case Pred::Uge:
        return u > max ? truth(false) : u == 0 ? truth(true) : u == 1 ? become_compare(v, Pred::Ne, a, zero) : v;
      case Pred::Slt:
        return !not_negative ? v : c <= 0 ? truth(false) : u > max ? truth(true) : become_compare(v, Pred::Ult, a, b);
      case Pred::Sle:
        return !not_negative ? v : c < 0 ? truth(false) : u >= max ? truth(true) : become_compare(v, Pred::Ule, a, b);
      case Pred::Sgt:
        return !not_negative ? v : c < 0 ? truth(true) : u >= max ? truth(false) : become_compare(v, Pred::Ugt, a, b);
      case Pred::Sge:
        return !not_negative ? v : c <= 0 ? truth(true) : u > max ? truth(false) : become_compare(v, Pred::Uge, a, b);
    }
    return v;
  }

  // sext x against c: against x itself, which has as many bits to compare with as c needs.
  ValueId compare_extended(ValueId v, ValueId a, int64_t c) {
    const ValueId x = f_.operand(a, 0);
    const Type narrow = type(x);
    const Pred p = f_[v].pred;
    const bool is_equality = p == Pred::Eq || p == Pred::Ne;
    const bool fits = normalized(narrow, c) == c && narrow != Type::I1;
    // sext x == c is never so for a c that is no sign extension
    if (!fits) return is_equality && narrow != Type::I1 ? f_.constant(Type::I1, p == Pred::Ne) : v;
    // sext x == c: zext x == c & mask, which narrow values come as
    if (is_equality && bits_of(narrow) < 32) {
      if (!has_one_use(a)) return v;
      const ValueId wide = make(Op::Zext, Type::I32, {x}, v);
      return become_compare(v, p, wide,
                            f_.constant(Type::I32, static_cast<int64_t>(static_cast<uint64_t>(c) & all_bits(narrow))));
    }
    if (narrow != Type::I32) return v;
    // Negative values are the greatest of the unsigned ones before and behind an extension.
    if (!is_equality && !is_signed(p) && c < 0) return v;
    return become_compare(v, p, x, f_.constant(narrow, c));
  }

  // a == c and a != c, where a is computed.
  ValueId compare_equal(ValueId v, ValueId a, int64_t c) {
    const Pred p = f_[v].pred;
    if (f_[a].operand_count == 0 || op(a) == Op::Phi) return v;
    const ValueId x = f_.operand(a, 0);
    const Type t = type(a);
    if (op(a) == Op::Add || op(a) == Op::Xor)
      if (const auto inner = constant(f_.operand(a, 1)); inner && has_one_use(a))
        // x + c1 == c: x == c - c1;  x ^ c1 == c: x == c ^ c1
        return become_compare(v, p, x,
                              f_.constant(t, *fold(op(a) == Op::Add ? Op::Sub : Op::Xor, Pred::Eq, t, t, c, *inner)));
    // x - y == 0: x == y;  x ^ y == 0: x == y
    if (c == 0 && (op(a) == Op::Sub || op(a) == Op::Xor)) return become_compare(v, p, x, f_.operand(a, 1));
    // bswap x == c: x == bswap c
    if (op(a) == Op::Bswap && has_one_use(a))
      return become_compare(v, p, x, f_.constant(t, *fold(Op::Bswap, Pred::Eq, t, t, c, 0)));
    if (op(a) == Op::Zext) {
      const Type narrow = type(x);
      // zext x == c: x == c (compare_range has seen to a c that does not fit)
      if (narrow == Type::I1 || narrow == Type::I32) return become_compare(v, p, x, f_.constant(narrow, c));
      // zext(bswap x) == c: zext x == zext(bswap c)
      if (op(x) == Op::Bswap && has_one_use(x) && has_one_use(a)) {
        const int64_t swapped_c = *fold(Op::Bswap, Pred::Eq, narrow, narrow, normalized(narrow, c), 0);
        const ValueId wide = make(Op::Zext, t, {f_.operand(x, 0)}, v);
        return become_compare(v, p, wide, f_.constant(t, *fold(Op::Zext, Pred::Eq, t, narrow, swapped_c, 0)));
      }
    }
    return v;
  }

  ValueId select(ValueId v) {
    const ValueId condition = f_.operand(v, 0), a = f_.operand(v, 1), b = f_.operand(v, 2);
    const Type t = type(v);
    // c ? x : x = x
    if (a == b) return a;
    // 1 ? a : b = a, 0 ? a : b = b
    if (const auto c = constant(condition)) return *c != 0 ? a : b;
    if (is_constant(a, 1) && is_constant(b, 0) && is_integer(t)) {
      // c ? 1 : 0 = zext c
      if (t == Type::I1) return condition;
      return become(v, Op::Zext, condition);
    }
    if (is_constant(a, 0) && is_constant(b, 1) && is_integer(t)) {
      // c ? 0 : 1 = zext ~c
      const ValueId inverse = bit_not(condition, v);
      return t == Type::I1 ? inverse : become(v, Op::Zext, inverse);
    }
    return v;
  }

  // ---------------------------------------------------------------- casts

  ValueId cast(ValueId v) {
    const Op o = op(v);
    const Type to = type(v);
    const ValueId a = f_.operand(v, 0);
    if (const auto c = constant(a)) return folded(v, *c, 0);
    // trunc(core.i64 n) = core.i32 n: the loader writes either
    if (o == Op::Trunc && to == Type::I32 && op(a) == Op::CoreValue)
      return f_.core_value(to, static_cast<uint32_t>(f_[a].imm));
    // sext x = zext x where x is not negative
    if (o == Op::Sext && is_not_negative(a)) return become(v, Op::Zext, a);
    if (f_[a].operand_count == 0 || op(a) == Op::Phi) return v;
    const ValueId x = f_.operand(a, 0);
    const Type from = type(x);
    if (o == Op::Trunc) {
      // trunc(trunc x) = trunc x
      if (op(a) == Op::Trunc) return become(v, Op::Trunc, x);
      if (op(a) == Op::Zext || op(a) == Op::Sext) {
        // trunc(ext x): x, or a shorter cast of it
        if (to == from) return x;
        return become(v, bits_of(to) < bits_of(from) ? Op::Trunc : op(a), x);
      }
      // trunc(x & m) = trunc x where m has all the bits that stay
      if (op(a) == Op::And)
        if (const auto m = constant(f_.operand(a, 1)))
          if ((static_cast<uint64_t>(*m) & all_bits(to)) == all_bits(to)) return become(v, Op::Trunc, x);
      return to == Type::I32 ? narrowed(v, a) : v;
    }
    // zext(zext x) = zext x, sext(sext x) = sext x, sext(zext x) = zext x
    if (op(a) == Op::Zext || (op(a) == Op::Sext && o == Op::Sext)) return become(v, op(a), x);
    // zext(trunc x) = x & mask, where that is one instruction: masks of up to 31 bits are immediates
    if (o == Op::Zext && op(a) == Op::Trunc && bits_of(type(a)) < 32 && bits_of(from) >= bits_of(to)) {
      const ValueId narrow = from == to ? x : make(Op::Trunc, to, {x}, v);
      return become(v, Op::And, narrow, f_.constant(to, static_cast<int64_t>(all_bits(type(a)))));
    }
    // zext(trunc x) = x where x has no more bits
    if (o == Op::Zext && op(a) == Op::Trunc && from == to && bits_in(x).within(all_bits(type(a)))) return x;
    return v;
  }

  // trunc(x op y) = trunc x op trunc y, where that takes an extension away: the low bits come from low bits.
  ValueId narrowed(ValueId v, ValueId a) {
    const Op o = op(a);
    if (o != Op::Add && o != Op::Sub && o != Op::Mul && o != Op::And && o != Op::Or && o != Op::Xor) return v;
    const ValueId x = f_.operand(a, 0), y = f_.operand(a, 1);
    auto is_extension = [&](ValueId value) { return op(value) == Op::Sext || op(value) == Op::Zext; };
    if (!has_one_use(a) || (!is_extension(x) && !is_extension(y))) return v;
    const ValueId low_x = make(Op::Trunc, type(v), {x}, v), low_y = make(Op::Trunc, type(v), {y}, v);
    return become(v, o, low_x, low_y);
  }

  // ---------------------------------------------------------------- control

  // phi(x, x, itself) = x
  // call @through_pointer(@f, x) = call @f(x); call @through_pointer(12, x) = call_helper 12(x)
  ValueId call(ValueId v) {
    if (!module_[FunctionId(static_cast<size_t>(f_[v].imm))].is_indirect) return v;
    const std::vector<ValueId> args(f_.operands(v).begin() + 1, f_.operands(v).end());
    const ValueId p = f_.operand(v, 0);
    const auto helper = op(p) == Op::IntToPtr ? constant(f_.operand(p, 0)) : constant(p);
    const auto type_of = [&](ValueId arg) { return type(arg); };
    if (op(p) == Op::FuncAddr) {
      const Function &callee = module_[FunctionId(static_cast<size_t>(f_[p].imm))];
      if (callee.result != type(v) || !std::ranges::equal(args, callee.params, {}, type_of)) return v;
      f_[v].imm = f_[p].imm;
    } else if (helper && *helper > 0 && std::ranges::none_of(args, [&](ValueId arg) { return is_narrow(arg); })) {
      f_[v].op = Op::CallHelper;
      f_[v].imm = *helper;
    } else {
      return v;
    }
    f_.set_operands(v, args);
    changed_ = true;
    return v;
  }
  bool is_narrow(ValueId v) const { return is_integer(type(v)) && bits_of(type(v)) < 32; }

  ValueId phi(ValueId v) {
    ValueId same;
    for (const ValueId operand : f_.operands(v)) {
      if (operand == v || operand == same) continue;
      if (same) return v;
      same = operand;
    }
    return same ? same : v;
  }
  // phi(zext x, c) = zext phi(x, c): what was compared in 32 bits is then what is used, not a copy of it. Not where the
  // kernel knows nothing of x, not even that its upper half is 0, but knows it of the copy.
  ValueId phi_of_extended(ValueId v) {
    if (type(v) != Type::I64 || std::ranges::all_of(f_.operands(v), [&](ValueId x) { return op(x) == Op::Const; }))
      return v;
    std::vector<ValueId> narrow;
    for (const ValueId operand : std::vector(f_.operands(v).begin(), f_.operands(v).end())) {
      const auto c = constant(operand);
      if (op(operand) == Op::Zext && type(f_.operand(operand, 0)) == Type::I32 && !is_quotient(f_.operand(operand, 0)))
        narrow.push_back(f_.operand(operand, 0));
      else if (c && *c >= 0 && *c <= int64_t{UINT32_MAX})
        narrow.push_back(f_.constant(Type::I32, normalized(Type::I32, *c)));
      else
        return v;
    }
    const std::vector<BlockId> from(f_.targets(v).begin(), f_.targets(v).end());
    const ValueId phi = f_.make(Op::Phi, Type::I32, narrow, from, 0, f_[v].loc);
    f_[phi].block = block_;
    phis_.push_back(phi);
    is_same_ = false;
    f_.set_targets(v, {});
    return become(v, Op::Zext, phi);
  }

  bool is_quotient(ValueId v) const {
    return op(v) == Op::UDiv || op(v) == Op::SDiv || op(v) == Op::UMod || op(v) == Op::SMod;
  }

  // branch ~c, a, b = branch c, b, a
  ValueId branch(ValueId v) {
    const ValueId c = f_.operand(v, 0);
    if (op(c) != Op::Xor || !is_constant(f_.operand(c, 1), 1)) return v;
    f_.operands(v)[0] = f_.operand(c, 0);
    std::swap(f_.targets(v)[0], f_.targets(v)[1]);
    f_[v].weight = static_cast<int8_t>(-f_[v].weight);
    changed_ = true;
    return v;
  }

  Module &module_;
  Function &f_;
  Analyses &analyses_;
  Rewrite rewrite_;
  std::vector<uint32_t> uses_;
  // What is known of values in the round at hand, and by value where it stands.
  std::vector<KnownBits> bits_;
  std::vector<uint32_t> bits_at_;
  static constexpr uint32_t kUnknown = 0xffff'ffff;
  BlockId block_;
  std::vector<ValueId> before_, phis_, out_;  // what the block that is worked on held, and what it will
  bool is_same_ = true;                       // both are the same
  bool changed_ = false;
};

}  // namespace

bool simplify(const PassContext &context) { return Simplifier(context).run(); }

}  // namespace spile::ir::passes
