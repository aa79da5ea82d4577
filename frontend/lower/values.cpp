// Values: expressions as IR values of their type's width, and records as bytes in memory.
#include <bit>

#include "frontend/lower/function_lowerer.h"
#include "support/check.h"

namespace spile::lower {

using ast::AssignOp;
using ast::BinaryOp;
using ast::CastKind;
using ast::UnaryOp;

ValueId FunctionLowerer::widen(ValueId v, ir::Type to, bool is_signed) {
  const unsigned from = ir::bits_of(f_[v].type), want = ir::bits_of(to);
  if (from == want) return v;
  if (f_[v].op == Op::Const) {  // kept sign-extended
    const int64_t value = f_[v].imm;
    const bool extends_sign = (is_signed && from != 1) || from >= 64;
    return constant(
        to, extends_sign ? value : static_cast<int64_t>(static_cast<uint64_t>(value) & ((uint64_t{1} << from) - 1)));
  }
  return emit(from > want ? Op::Trunc : is_signed && from != 1 ? Op::Sext : Op::Zext, to, {v});
}

// Between scalars of the language.
ValueId FunctionLowerer::convert(ValueId v, const Type *from, const Type *to) {
  const bool from_pointer = types::is_pointer(from), to_pointer = types::is_pointer(to);
  if (types::is_bool(to) && !types::is_bool(from)) {
    const ValueId is_set = compare(Pred::Ne, v, constant(f_[v].type, 0));
    return emit(Op::Zext, ir::Type::I8, {is_set});
  }
  if (from_pointer && to_pointer) {
    // Between address spaces; null is null in both. imm: to << 16 | from.
    const bool from_arena = types::is_arena(types::base_of(from)), to_arena = types::is_arena(types::base_of(to));
    if (from_arena == to_arena || f_[v].op == Op::Const) return v;
    return emit(Op::AddrSpaceCast, ir::Type::Ptr, {v}, from_arena ? 1 : 1 << 16);
  }
  if (from_pointer) return widen(emit(Op::PtrToInt, ir::Type::I64, {v}), type_of(to), false);
  if (to_pointer) {
    if (f_[v].op == Op::Const && f_[v].imm == 0) return constant(ir::Type::Ptr, 0);
    return emit(Op::IntToPtr, ir::Type::Ptr, {widen(v, ir::Type::I64, types::is_signed(from))});
  }
  return widen(v, type_of(to), types::is_signed(from));
}

ValueId FunctionLowerer::cast(const Expr *e, ValueId v) { return convert(v, e->a->type, e->type); }

static bool is_conversion(const Expr *e) {
  if (e->kind != Expr::ImplicitCast && e->kind != Expr::Cast) return false;
  if (types::is_int128(e->type) || types::is_int128(e->a->type)) return false;
  switch (e->cast) {
    case CastKind::IntegerToInteger:
    case CastKind::PointerToInteger:
    case CastKind::IntegerToPointer:
    case CastKind::PointerToPointer:
      return true;
    case CastKind::NoOp:
    case CastKind::LvalueToRvalue:
    case CastKind::ArrayToPointer:
    case CastKind::FunctionToPointer:
    case CastKind::IntegerToBool:
    case CastKind::PointerToBool:
    case CastKind::ToVoid:
    case CastKind::ToUnion:
      return false;
  }
  return false;
}

ValueId FunctionLowerer::scalar(const Expr *e) {
  if (e->range.begin.valid()) loc_ = e->op_loc.valid() ? e->op_loc : e->range.begin;
  if (e->is_constant && type_of(e->type) != ir::Type::Void && !types::is_pointer(e->type))
    return constant(type_of(e->type), e->value);
  switch (e->kind) {
    case Expr::ImplicitCast:
    case Expr::Cast:
      switch (e->cast) {
        case CastKind::LvalueToRvalue:
          return load(place(e->a));
        case CastKind::ArrayToPointer:
        case CastKind::FunctionToPointer:
          return address(place(e->a));
        case CastKind::IntegerToBool:
        case CastKind::PointerToBool:
          return emit(Op::Zext, ir::Type::I8, {truth(e)});
        case CastKind::NoOp:
          return scalar(e->a);
        case CastKind::ToVoid:
          effect(e);
          return {};
        case CastKind::IntegerToInteger:
        case CastKind::PointerToInteger:
        case CastKind::IntegerToPointer:
        case CastKind::PointerToPointer: {
          if (types::is_int128(e->a->type)) return low_half(wide(e->a), e->type);
          if (e->a->kind == Expr::Binary) return binary(e);
          const ValueId v = scalar(e->a);
          return cast(e, v);
        }
        case CastKind::ToUnion:
          break;
      }
      SPILE_UNREACHABLE("a cast to a union is no scalar");
    case Expr::Unary:
      return unary(e);
    case Expr::Binary:
      return binary(e);
    case Expr::Assign:
      return assign(e, true);
    case Expr::Conditional:
      return conditional(e);
    case Expr::Call:
      return call(e, nullptr, true);
    case Expr::StmtExpr:
      return statement_value(e);
    case Expr::Generic:
    case Expr::ChooseExpr:
      return scalar(e->chosen);
    case Expr::Member:
      return load(place(e));  // of a record rvalue
    case Expr::Identifier:
    case Expr::IntegerLit:
    case Expr::CharLit:
    case Expr::StringLit:
    case Expr::FloatLit:
    case Expr::CompoundLit:
    case Expr::SizeofExpr:
    case Expr::SizeofType:
    case Expr::AlignofType:
    case Expr::AlignofExpr:
    case Expr::Index:
    case Expr::Offsetof:
    case Expr::InitList:
    case Expr::LabelAddress:
    case Expr::VaArg:
    case Expr::TypesCompatible:
      return load(place(e));
  }
  SPILE_UNREACHABLE("every expression is named");
}

// ---------------------------------------------------------------- effects and records

void FunctionLowerer::effect(const Expr *e) {
  if (e->range.begin.valid()) loc_ = e->op_loc.valid() ? e->op_loc : e->range.begin;
  if (e->is_constant && e->kind != Expr::StmtExpr) return;
  // `*(volatile int *)p;` reads.
  if (e->is_lvalue && types::is_shared(e->type) && type_of(e->type) != ir::Type::Void) {
    load(place(e));
    return;
  }
  switch (e->kind) {
    case Expr::ImplicitCast:
    case Expr::Cast:
      if (e->cast == CastKind::LvalueToRvalue) {
        // Reading has an effect only when it is volatile; finding the place may have one.
        const bool is_scalar = type_of(e->type) != ir::Type::Void;
        const Place p = place(e->a);
        if (p.is_volatile && is_scalar) load(p);
        return;
      }
      return effect(e->a);
    case Expr::Unary:
      if (e->op.unary == UnaryOp::PreInc || e->op.unary == UnaryOp::PreDec || e->op.unary == UnaryOp::PostInc ||
          e->op.unary == UnaryOp::PostDec) {
        increment(e, false);
        return;
      }
      return effect(e->a);
    case Expr::Binary: {
      if (e->op.binary == BinaryOp::LogAnd || e->op.binary == BinaryOp::LogOr) {
        const BlockId right = f_.add_block(), end = f_.add_block();
        if (e->op.binary == BinaryOp::LogAnd)
          condition(e->a, right, end);
        else
          condition(e->a, end, right);
        enter(right);
        effect(e->b);
        jump(end);
        enter(end);
        return;
      }
      std::vector<const Expr *> right;
      const Expr *left = e;
      for (; left->kind == Expr::Binary && left->op.binary != BinaryOp::LogAnd && left->op.binary != BinaryOp::LogOr;
           left = left->a)
        right.push_back(left->b);
      effect(left);
      while (!right.empty()) {
        effect(right.back());
        right.pop_back();
      }
      return;
    }
    case Expr::Assign:
      assign(e, false);
      return;
    case Expr::Conditional: {
      const BlockId yes = f_.add_block(), no = f_.add_block(), end = f_.add_block();
      if (e->b == nullptr) {  // a ?: c: only c remains when a is zero
        condition(e->a, end, no);
      } else {
        condition(e->a, yes, no);
        enter(yes);
        effect(e->b);
        jump(end);
      }
      enter(no);
      effect(e->c);
      jump(end);
      enter(end);
      return;
    }
    case Expr::Call:
      if (ModuleLowerer::by_pointer(e->type)) {
        const Place at = temporary(e->type);
        call(e, &at, false);
      } else {
        call(e, nullptr, false);
      }
      return;
    case Expr::StmtExpr:
      statement(e->body);
      return;
    case Expr::Generic:
    case Expr::ChooseExpr:
      return effect(e->chosen);
    case Expr::Member:
      if (e->is_arrow) return effect(e->a);
      return effect(e->a);
    case Expr::Index:
      effect(e->a);
      return effect(e->b);
    case Expr::CompoundLit:
      place(e);
      return;
    case Expr::Identifier:
    case Expr::IntegerLit:
    case Expr::CharLit:
    case Expr::StringLit:
    case Expr::FloatLit:
    case Expr::SizeofExpr:
    case Expr::SizeofType:
    case Expr::AlignofType:
    case Expr::AlignofExpr:
    case Expr::Offsetof:
    case Expr::InitList:
    case Expr::LabelAddress:
    case Expr::VaArg:
    case Expr::TypesCompatible:
      return;
  }
}

// Whether a 16-byte integer is made by an operation, and not found in memory or returned by a call.
static bool is_computed(const Expr *e) {
  if (e->kind == Expr::ImplicitCast || e->kind == Expr::Cast)
    return e->cast == CastKind::IntegerToInteger || e->cast == CastKind::PointerToInteger;
  if (e->kind == Expr::Binary) return e->op.binary != BinaryOp::Comma;
  return e->kind == Expr::Assign || (e->kind == Expr::Unary && e->op.unary != UnaryOp::Deref);
}

void FunctionLowerer::into(const Expr *e, const Place &to) {
  if (e->range.begin.valid()) loc_ = e->op_loc.valid() ? e->op_loc : e->range.begin;
  if (types::is_int128(e->type) && is_computed(e)) return store_wide(to, wide(e));
  switch (e->kind) {
    case Expr::Call:
      call(e, &to, true);
      return;
    case Expr::CompoundLit:
      initialize(to, *e->initializer);
      return;
    case Expr::Conditional: {
      if (e->b == nullptr) break;
      const BlockId yes = f_.add_block(), no = f_.add_block(), end = f_.add_block();
      condition(e->a, yes, no);
      enter(yes);
      into(e->b, to);
      jump(end);
      enter(no);
      into(e->c, to);
      jump(end);
      enter(end);
      return;
    }
    case Expr::StmtExpr:
      statement_into(e, to);
      return;
    case Expr::Assign:
      assign(e, false);
      copy(to, place(e->a), types::size_of(e->type));
      return;
    case Expr::Generic:
    case Expr::ChooseExpr:
      into(e->chosen, to);
      return;
    case Expr::Binary:
      if (e->op.binary == BinaryOp::Comma) {
        effect(e->a);
        into(e->b, to);
        return;
      }
      break;
    case Expr::ImplicitCast:
    case Expr::Cast:
      if (e->cast == CastKind::ToUnion) {
        const uint64_t size = types::size_of(e->type), given = types::size_of(e->a->type);
        if (given < size) clear(to, size, constant(ir::Type::I8, 0));
        Place member = to;
        member.type = e->a->type;
        member.bits = {};
        if (types::is_record(e->a->type))
          into(e->a, member);
        else
          store(member, scalar(e->a));
        return;
      }
      if (e->a->is_lvalue && e->a->kind == Expr::CompoundLit) return into(e->a, to);
      if (!e->a->is_lvalue) return into(e->a, to);
      copy(to, place(e->a), types::size_of(e->type));
      return;
    default:
      break;
  }
  copy(to, place(e), types::size_of(e->type));
}

// ---------------------------------------------------------------- operators

ValueId FunctionLowerer::unary(const Expr *e) {
  switch (e->op.unary) {
    case UnaryOp::Plus:
    case UnaryOp::Extension:
      return scalar(e->a);
    case UnaryOp::Minus: {
      const ValueId v = scalar(e->a);
      return emit(Op::Sub, f_[v].type, {constant(f_[v].type, 0), v});
    }
    case UnaryOp::BitNot: {
      const ValueId v = scalar(e->a);
      return emit(Op::Xor, f_[v].type, {v, constant(f_[v].type, -1)});
    }
    case UnaryOp::Not:
      return emit(Op::Zext, ir::Type::I32, {truth(e)});
    case UnaryOp::Deref:
      return load(place(e));
    case UnaryOp::AddressOf:
      return address(place(e->a));
    case UnaryOp::PreInc:
    case UnaryOp::PreDec:
    case UnaryOp::PostInc:
    case UnaryOp::PostDec:
      return increment(e, true);
    case UnaryOp::Real:
    case UnaryOp::Imag:
      break;
  }
  SPILE_UNREACHABLE("sema lets no complex numbers through");
}

ValueId FunctionLowerer::increment(const Expr *e, bool wants_value) {
  const bool is_back = e->op.unary == UnaryOp::PreDec || e->op.unary == UnaryOp::PostDec;
  const bool is_post = e->op.unary == UnaryOp::PostInc || e->op.unary == UnaryOp::PostDec;
  if (types::is_int128(e->a->type)) return wide(e).low;
  const Place p = place(e->a);
  const Type *t = e->a->type;
  loc_ = e->op_loc.valid() ? e->op_loc : e->range.begin;
  const ValueId old = load(p);
  ValueId next;
  if (types::is_pointer(t)) {
    next = pointer_step(old, types::base_of(t), constant(ir::Type::I64, 1), nullptr, is_back);
  } else if (types::is_bool(t)) {
    // One more than false or true is true; one less turns it round.
    next = is_back ? emit(Op::Xor, ir::Type::I8, {old, constant(ir::Type::I8, 1)}) : constant(ir::Type::I8, 1);
  } else {
    const ir::Type own = f_[old].type;
    const ir::Type work = ir::bits_of(own) < 32 ? ir::Type::I32 : own;
    const ValueId wide = widen(old, work, types::is_signed(t));
    const ValueId sum = emit(is_back ? Op::Sub : Op::Add, work, {wide, constant(work, 1)});
    next = widen(sum, own, false);
  }
  store(p, next);
  if (!wants_value) return {};
  if (is_post) return old;
  return p.bits.bit_width != 0 ? load(p) : next;
}

// pointer ± index * the size of what it points to. [index_type]: null for an i64.
ValueId FunctionLowerer::pointer_step(ValueId pointer, const Type *type, ValueId index, const Type *index_type,
                                      bool is_back) {
  const uint64_t size = type != nullptr && types::is_complete(type) ? types::size_of(type) : 1;
  if (f_[index].op == Op::Const) {
    const uint64_t count = static_cast<uint64_t>(index_type != nullptr && !types::is_signed(index_type) &&
                                                         ir::bits_of(f_[index].type) == 32
                                                     ? static_cast<int64_t>(static_cast<uint32_t>(f_[index].imm))
                                                     : f_[index].imm);
    const uint64_t bytes = is_back ? uint64_t{0} - count * size : count * size;
    if (bytes == 0) return pointer;
    return emit(Op::PtrAdd, ir::Type::Ptr, {pointer, constant(ir::Type::I64, static_cast<int64_t>(bytes))});
  }
  ValueId bytes = widen(index, ir::Type::I64, index_type == nullptr || types::is_signed(index_type));
  if (size != 1) {
    bytes = std::has_single_bit(size)
                ? emit(Op::Shl, ir::Type::I64, {bytes, constant(ir::Type::I64, std::countr_zero(size))})
                : emit(Op::Mul, ir::Type::I64, {bytes, constant(ir::Type::I64, static_cast<int64_t>(size))});
  }
  if (is_back) bytes = emit(Op::Sub, ir::Type::I64, {constant(ir::Type::I64, 0), bytes});
  return emit(Op::PtrAdd, ir::Type::Ptr, {pointer, bytes});
}

ValueId FunctionLowerer::arithmetic(BinaryOp op, ValueId a, ValueId b, bool is_signed) {
  const ir::Type type = f_[a].type;
  Op code = Op::Add;
  switch (op) {
    case BinaryOp::Mul:
      code = Op::Mul;
      break;
    case BinaryOp::Div:
      code = is_signed ? Op::SDiv : Op::UDiv;
      break;
    case BinaryOp::Mod:
      code = is_signed ? Op::SMod : Op::UMod;
      break;
    case BinaryOp::Add:
      code = Op::Add;
      break;
    case BinaryOp::Sub:
      code = Op::Sub;
      break;
    case BinaryOp::Shl:
      code = Op::Shl;
      break;
    case BinaryOp::Shr:
      code = is_signed ? Op::AShr : Op::LShr;
      break;
    case BinaryOp::BitAnd:
      code = Op::And;
      break;
    case BinaryOp::BitXor:
      code = Op::Xor;
      break;
    case BinaryOp::BitOr:
      code = Op::Or;
      break;
    case BinaryOp::Lt:
    case BinaryOp::Gt:
    case BinaryOp::Le:
    case BinaryOp::Ge:
    case BinaryOp::Eq:
    case BinaryOp::Ne:
    case BinaryOp::LogAnd:
    case BinaryOp::LogOr:
    case BinaryOp::Comma:
      SPILE_UNREACHABLE("no arithmetic");
  }
  if (code == Op::Shl || code == Op::LShr || code == Op::AShr) b = widen(b, type, false);
  return emit(code, type, {a, b});
}

// A chain of operators leans left and may be long: its spine, conversions between the operators included, is walked by
// a loop.
ValueId FunctionLowerer::binary(const Expr *e) {
  std::vector<const Expr *> spine;
  const Expr *left = e;
  for (;;) {
    const bool is_plain = left->kind == Expr::Binary && !left->is_constant && left->op.binary != BinaryOp::LogAnd &&
                          left->op.binary != BinaryOp::LogOr &&
                          !(left->op.binary >= BinaryOp::Lt && left->op.binary <= BinaryOp::Ne) &&
                          !types::is_int128(left->type) && !types::is_int128(left->a->type);
    if (!is_plain && !(is_conversion(left) && !left->is_constant)) break;
    spine.push_back(left);
    left = left->a;
  }
  if (spine.empty()) {  // a comparison or a logical operator
    if (e->kind == Expr::Binary) return emit(Op::Zext, ir::Type::I32, {truth(e)});
    return scalar(e);
  }
  ValueId v;
  if (spine.back()->kind == Expr::Binary && spine.back()->op.binary == BinaryOp::Comma)
    effect(left);
  else
    v = left->kind == Expr::Binary && !left->is_constant ? emit(Op::Zext, ir::Type::I32, {truth(left)}) : scalar(left);
  while (!spine.empty()) {
    const Expr *node = spine.back();
    spine.pop_back();
    if (node->kind == Expr::Binary)
      v = binary_step(node, v);
    else
      v = cast(node, v);
  }
  return v;
}

// One operator whose left side is [left]; none for a comma.
ValueId FunctionLowerer::binary_step(const Expr *e, ValueId left) {
  if (e->op.binary == BinaryOp::Comma) {
    if (types::is_void(e->type)) {
      effect(e->b);
      return {};
    }
    return scalar(e->b);
  }
  const ValueId right = scalar(e->b);
  loc_ = e->op_loc.valid() ? e->op_loc : e->range.begin;
  const bool a_pointer = types::is_pointer(e->a->type), b_pointer = types::is_pointer(e->b->type);
  if (a_pointer && b_pointer) {
    const Type *pointee = types::base_of(e->a->type);
    const uint64_t size = types::is_complete(pointee) ? types::size_of(pointee) : 1;
    const ValueId x = emit(Op::PtrToInt, ir::Type::I64, {left}), y = emit(Op::PtrToInt, ir::Type::I64, {right});
    const ValueId bytes = emit(Op::Sub, ir::Type::I64, {x, y});
    if (size <= 1) return bytes;
    if (std::has_single_bit(size))
      return emit(Op::AShr, ir::Type::I64, {bytes, constant(ir::Type::I64, std::countr_zero(size))});
    return emit(Op::SDiv, ir::Type::I64, {bytes, constant(ir::Type::I64, static_cast<int64_t>(size))});
  }
  if (a_pointer)
    return pointer_step(left, types::base_of(e->a->type), right, e->b->type, e->op.binary == BinaryOp::Sub);
  if (b_pointer) return pointer_step(right, types::base_of(e->b->type), left, e->a->type, false);
  return arithmetic(e->op.binary, left, right, types::is_signed(e->type));
}

BinaryOp FunctionLowerer::binary_of(AssignOp op) {
  switch (op) {
    case AssignOp::Mul:
      return BinaryOp::Mul;
    case AssignOp::Div:
      return BinaryOp::Div;
    case AssignOp::Mod:
      return BinaryOp::Mod;
    case AssignOp::Add:
      return BinaryOp::Add;
    case AssignOp::Sub:
      return BinaryOp::Sub;
    case AssignOp::Shl:
      return BinaryOp::Shl;
    case AssignOp::Shr:
      return BinaryOp::Shr;
    case AssignOp::BitAnd:
      return BinaryOp::BitAnd;
    case AssignOp::BitXor:
      return BinaryOp::BitXor;
    case AssignOp::BitOr:
      return BinaryOp::BitOr;
    case AssignOp::Assign:
      break;
  }
  SPILE_UNREACHABLE("a plain assignment has no operator");
}

ValueId FunctionLowerer::assign(const Expr *e, bool wants_value) {
  const Loc at = e->op_loc.valid() ? e->op_loc : e->range.begin;
  const Type *t = e->a->type;
  if (types::is_int128(t) || types::is_int128(e->b->type)) {
    const Wide v = wide_assign(e);
    return types::is_int128(t) || !wants_value ? ValueId{} : low_half(v, t);
  }
  if (type_of(t) == ir::Type::Void) {  // a record
    const Place to = place(e->a);
    const Expr *from = e->b;
    const bool is_plain_copy = from->kind == Expr::ImplicitCast && from->cast == CastKind::LvalueToRvalue &&
                               from->a->kind != Expr::CompoundLit;
    if (is_plain_copy) {
      const Place source = place(from->a);
      loc_ = at;
      copy(to, source, types::size_of(t));
    } else {
      // What is assigned may still be read while the new value is made.
      const Place made = temporary(types::is_record(from->type) ? from->type : t);
      into(from, made);
      loc_ = at;
      copy(to, made, types::size_of(t));
    }
    return {};
  }
  const Place to = place(e->a);
  ValueId v;
  if (e->op.assign == AssignOp::Assign) {
    v = scalar(e->b);
    loc_ = at;
  } else {
    const BinaryOp op = binary_of(e->op.assign);
    const ValueId right = scalar(e->b);
    loc_ = at;
    const ValueId old = load(to);
    if (types::is_pointer(t)) {
      v = pointer_step(old, types::base_of(t), right, e->b->type, op == BinaryOp::Sub);
    } else {
      // In the common type, which the right side has; a shift in the promoted type of the left.
      const bool is_shift = op == BinaryOp::Shl || op == BinaryOp::Shr;
      const bool narrow = types::size_of(t) < 4;
      const ir::Type work = is_shift ? (narrow ? ir::Type::I32 : f_[old].type) : f_[right].type;
      const ValueId left = widen(old, work, types::is_signed(t));
      const bool is_signed = is_shift ? narrow || types::is_signed(t) : types::is_signed(e->b->type);
      const ValueId result = arithmetic(op, left, right, is_signed);
      if (types::is_bool(t))
        v = emit(Op::Zext, ir::Type::I8, {compare(Pred::Ne, result, constant(work, 0))});
      else
        v = widen(result, f_[old].type, is_signed);
    }
  }
  store(to, v);
  if (!wants_value) return {};
  return to.bits.bit_width != 0 ? load(to) : v;
}

ValueId FunctionLowerer::conditional(const Expr *e) {
  const bool is_void = type_of(e->type) == ir::Type::Void;
  if (is_void) {
    effect(e);
    return {};
  }
  if (e->a->is_constant) {
    if (e->a->value != 0) return e->b != nullptr ? scalar(e->b) : convert(scalar(e->a), e->a->type, e->type);
    return scalar(e->c);
  }
  const Place result = temporary(e->type);
  const BlockId yes = f_.add_block(), no = f_.add_block(), end = f_.add_block();
  if (e->b == nullptr) {
    const ValueId tested = scalar(e->a);
    branch(types::is_bool(e->a->type) ? compare(Pred::Ne, tested, constant(ir::Type::I8, 0))
                                      : compare(Pred::Ne, tested, constant(f_[tested].type, 0)),
           yes, no);
    enter(yes);
    store_memory(result, convert(tested, e->a->type, e->type));
  } else {
    condition(e->a, yes, no);
    enter(yes);
    store_memory(result, scalar(e->b));
  }
  jump(end);
  enter(no);
  store_memory(result, scalar(e->c));
  jump(end);
  enter(end);
  return load_memory(result, type_of(e->type));
}

// The value of ({ ... }): that of its last statement.
ValueId FunctionLowerer::statement_value(const Expr *e) {
  const auto items = e->body->items;
  if (types::is_void(e->type) || items.empty()) {
    effect(e);
    return {};
  }
  const size_t outer = cleanups_.size();
  for (size_t i = 0; i + 1 < items.size(); i++) statement(items[i]);
  const Stmt *last = items.back();
  while (last->kind == Stmt::Label) {
    const BlockId block = label_block(last->target);
    jump(block);
    enter(block);
    last = last->body;
  }
  const ValueId v = scalar(last->expr);
  end_scope(outer);
  return v;
}

void FunctionLowerer::statement_into(const Expr *e, const Place &to) {
  const auto items = e->body->items;
  const size_t outer = cleanups_.size();
  for (size_t i = 0; i + 1 < items.size(); i++) statement(items[i]);
  into(items.back()->expr, to);
  end_scope(outer);
}

}  // namespace spile::lower
