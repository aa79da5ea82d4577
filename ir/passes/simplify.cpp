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

#include "ir/analysis_address.h"
#include "ir/analysis_cfg.h"
#include "ir/passes/simplify_rules.h"

namespace spile::ir::passes {

namespace {

// Each round only has work when a phi changed an operand of an earlier one; the limit guards against a pair of rules
// that undo each other.
constexpr int kMaxRounds = 8;
constexpr int kMaxRulesPerInst = 16;

bool is_commutative(Op op) { return op == Op::Add || op == Op::Mul || op == Op::And || op == Op::Or || op == Op::Xor; }
bool is_shift(Op op) { return op == Op::Shl || op == Op::LShr || op == Op::AShr; }

class Simplifier : Rules {
 public:
  explicit Simplifier(const PassContext &context) : Rules(context) {}

  bool run() {
    const Cfg &cfg = analyses_.cfg();
    cfg_ = &cfg;
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
        if (const ValueId same = equal_phi(v); same != v) return same;
        if (type(v) == Type::Ptr) return phi_of_moved(v);
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

  ValueId load(ValueId v) {
    const ValueId result = fold_offset(v, 0);
    const ValueId p = f_.operand(v, 0), base = address_of(f_, p).base;
    if (op(base) != Op::GlobalAddr || f_[v].is_volatile) return result;
    const Global &g = module_[GlobalId(static_cast<size_t>(f_[base].imm))];
    if (!g.has_known_bytes()) return result;
    const uint64_t size = bytes_of(type(v));
    const int64_t at = f_[v].imm;
    // load const_global[i] = 0, where all of it is 0
    if (p != base || at < 0 || static_cast<uint64_t>(at) > g.size || size > g.size - static_cast<uint64_t>(at)) {
      const auto is_zero = [](std::byte b) { return b == std::byte{0}; };
      return g.relocs.empty() && std::ranges::all_of(g.bytes, is_zero) ? f_.constant(type(v), 0) : result;
    }
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

  // ---------------------------------------------------------------- choices

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
      return narrowed(v, a);
    }
    // sext.i64(sext x op c) = sext.i64 x op c: what is narrower than 32 bits stays so
    if (o == Op::Sext && to == Type::I64 && (op(a) == Op::SDiv || op(a) == Op::SMod || op(a) == Op::AShr) &&
        op(x) == Op::Sext && has_one_use(a))
      if (const auto c = constant(f_.operand(a, 1))) {
        // A shift counts by the width that it had.
        const int64_t by = op(a) == Op::AShr ? *c & (bits_of(from) - 1) : *c;
        return become(v, op(a), make(Op::Sext, to, {f_.operand(x, 0)}, v), f_.constant(to, by));
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

  // trunc(x op y) = trunc x op trunc y, where that takes an extension away: the low bits come from low bits. To less
  // than 32 bits where both are extended from that, or constants.
  ValueId narrowed(ValueId v, ValueId a) {
    const Op o = op(a);
    const bool is_shift = o == Op::Shl;
    if (!is_shift && o != Op::Add && o != Op::Sub && o != Op::Mul && o != Op::And && o != Op::Or && o != Op::Xor)
      return v;
    const ValueId x = f_.operand(a, 0), y = f_.operand(a, 1);
    const auto is_extension = [&](ValueId value) { return op(value) == Op::Sext || op(value) == Op::Zext; };
    if (!has_one_use(a) || (!is_extension(x) && !is_extension(y))) return v;
    const auto by = constant(y);
    if (is_shift && (!by || *by < 0 || *by >= static_cast<int64_t>(bits_of(type(v))))) return v;
    const auto is_narrow = [&](ValueId value) {
      return op(value) == Op::Const || (is_extension(value) && type(f_.operand(value, 0)) == type(v));
    };
    if (type(v) != Type::I32 && (!is_narrow(x) || !is_narrow(y))) return v;
    const ValueId low_x = make(Op::Trunc, type(v), {x}, v), low_y = make(Op::Trunc, type(v), {y}, v);
    return become(v, o, low_x, low_y);
  }

  // ---------------------------------------------------------------- control

  ValueId call(ValueId v) {
    switch (module_[FunctionId(static_cast<size_t>(f_[v].imm))].stands_for) {
      case Placeholder::None:
        return v;
      case Placeholder::PointerCall:
        return pointer_call(v);
      case Placeholder::StringLength:
        return string_length(v);
    }
    return v;
  }

  // call @strlen("abc") = 3
  ValueId string_length(ValueId v) const {
    const Address at = address_of(f_, f_.operand(v, 0));
    if (op(at.base) != Op::GlobalAddr || !at.offset) return v;
    const Global &g = module_[GlobalId(static_cast<size_t>(f_[at.base].imm))];
    if (!g.has_known_bytes() || !g.relocs.empty() || *at.offset < 0 || static_cast<uint64_t>(*at.offset) >= g.size)
      return v;
    // What follows the initial bytes is zero.
    const auto begin = static_cast<size_t>(*at.offset);
    size_t end = begin;
    while (end < g.bytes.size() && g.bytes[end] != std::byte{0}) end++;
    return end < g.size ? f_.constant(type(v), static_cast<int64_t>(end - begin)) : v;
  }

  // call @through_pointer(@f, x) = call @f(x); call @through_pointer(12, x) = call_helper 12(x)
  ValueId pointer_call(ValueId v) {
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

  // phi(x, x, itself) = x
  ValueId phi(ValueId v) {
    ValueId same;
    for (const ValueId operand : f_.operands(v)) {
      if (operand == v || operand == same) continue;
      if (same) return v;
      same = operand;
    }
    return same ? same : v;
  }
  // Two phis of the same are one: threading jumps makes one for each edge that it turns.
  ValueId equal_phi(ValueId v) const {
    for (const ValueId other : phis_)
      if (type(other) == type(v) && std::ranges::equal(f_.operands(other), f_.operands(v)) &&
          std::ranges::equal(f_.targets(other), f_.targets(v)))
        return other;
    return v;
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
};

}  // namespace

bool simplify(const PassContext &context) { return Simplifier(context).run(); }

}  // namespace spile::ir::passes
