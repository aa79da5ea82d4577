// Builtin functions as IR: memory, bits, atomics, packet loads.
#include <bit>

#include "frontend/lower/function_lowerer.h"
#include "frontend/lower/lower.h"
#include "support/check.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::lower {

using sema::Builtin;

ValueId FunctionLowerer::builtin(const Expr *e, Builtin which, bool wants_value) {
  const Loc at = e->a->range.begin.valid() ? e->a->range.begin : e->range.begin;
  switch (which) {
    case Builtin::Expect:
    case Builtin::ExpectProbability:
      return scalar(e->args[0]);
    case Builtin::PreserveAccessIndex:
      return preserve_access_index(e);
    case Builtin::PreserveFieldInfo:
    case Builtin::PreserveTypeInfo:
    case Builtin::PreserveEnumValue:
    case Builtin::BtfTypeId:
      return core_question(e, which);
    case Builtin::ConstantP:
      return emit(Op::Zext, type_of(e->type), {emit(Op::IsConstant, ir::Type::I1, {scalar(e->args[0])})});
    case Builtin::AtomicIsLockFree:
    case Builtin::ObjectSize:
    case Builtin::DynamicObjectSize:
      return constant(type_of(e->type), e->value);
    case Builtin::Memcpy:
    case Builtin::MemcpyInline:
    case Builtin::Memmove:
    case Builtin::Memset:
    case Builtin::MemsetInline:
      return memory_builtin(e, which);
    case Builtin::Memcmp:
    case Builtin::Bcmp:
      return compare_memory(e);
    case Builtin::Strcmp:
    case Builtin::Strncmp:
      return compare_strings(e, which);
    case Builtin::AssumeAligned:
      return scalar(e->args[0]);
    case Builtin::Parity:
    case Builtin::Parityl:
    case Builtin::Parityll: {
      const ValueId v = scalar(e->args[0]);
      loc_ = at;
      const ValueId count = popcount(v);
      return widen(emit(Op::And, f_[count].type, {count, constant(f_[count].type, 1)}), ir::Type::I32, false);
    }
    case Builtin::RotateLeft8:
    case Builtin::RotateLeft16:
    case Builtin::RotateLeft32:
    case Builtin::RotateLeft64:
      return rotate(e, true);
    case Builtin::RotateRight8:
    case Builtin::RotateRight16:
    case Builtin::RotateRight32:
    case Builtin::RotateRight64:
      return rotate(e, false);
    case Builtin::Strlen: {
      const ValueId string = scalar(e->args[0]);
      loc_ = at;
      return emit_list(Op::Call, ir::Type::I64, std::vector{string},
                       mention(PlaceholderMention{ir::Placeholder::StringLength, ir::Type::I64, {ir::Type::Ptr}, at}));
    }
    case Builtin::Bswap16:
    case Builtin::Bswap32:
    case Builtin::Bswap64: {
      const ValueId v = scalar(e->args[0]);
      loc_ = at;
      return emit(Op::Bswap, f_[v].type, {v});
    }
    case Builtin::Unreachable:
    case Builtin::Trap:
      emit(Op::Unreachable, ir::Type::Void, {});
      current_ = {};
      return {};
    case Builtin::Abs:
    case Builtin::Labs:
    case Builtin::Llabs: {
      const ValueId v = scalar(e->args[0]);
      loc_ = at;
      const ir::Type type = f_[v].type;
      const ValueId negated = emit(Op::Sub, type, {constant(type, 0), v});
      return emit(Op::Select, type, {compare(Pred::Slt, v, constant(type, 0)), negated, v});
    }
    case Builtin::Ctz:
    case Builtin::Ctzl:
    case Builtin::Ctzll:
    case Builtin::Clz:
    case Builtin::Clzl:
    case Builtin::Clzll:
    case Builtin::Ffs:
    case Builtin::Ffsl:
    case Builtin::Ffsll:
    case Builtin::Popcount:
    case Builtin::Popcountl:
    case Builtin::Popcountll:
      return bit_builtin(e, which);
    case Builtin::Prefetch:
    case Builtin::Assume:
      for (const Expr *arg : e->args) effect(arg);
      return {};
    case Builtin::AddOverflow:
    case Builtin::SubOverflow:
    case Builtin::MulOverflow:
      return overflow(e, which);
    case Builtin::SyncFetchAdd:
    case Builtin::SyncFetchSub:
    case Builtin::SyncFetchOr:
    case Builtin::SyncFetchAnd:
    case Builtin::SyncFetchXor:
    case Builtin::SyncAddFetch:
    case Builtin::SyncSubFetch:
    case Builtin::SyncOrFetch:
    case Builtin::SyncAndFetch:
    case Builtin::SyncXorFetch:
    case Builtin::SyncExchange:
    case Builtin::SyncValCas:
    case Builtin::SyncBoolCas:
    case Builtin::SyncRelease:
    case Builtin::AtomicLoadN:
    case Builtin::AtomicStoreN:
    case Builtin::AtomicExchangeN:
    case Builtin::AtomicCasN:
    case Builtin::AtomicFetchAdd:
    case Builtin::AtomicFetchSub:
    case Builtin::AtomicFetchOr:
    case Builtin::AtomicFetchAnd:
    case Builtin::AtomicFetchXor:
    case Builtin::AtomicAddFetch:
    case Builtin::AtomicSubFetch:
    case Builtin::AtomicOrFetch:
    case Builtin::AtomicAndFetch:
    case Builtin::AtomicXorFetch:
      return atomic(e, which, wants_value);
    case Builtin::SyncSynchronize:
    case Builtin::AtomicFence:
    case Builtin::AtomicSignalFence:
      for (const Expr *arg : e->args) effect(arg);
      loc_ = at;
      emit(Op::Barrier, ir::Type::Void, {});
      return {};
    case Builtin::LoadByte:
      return packet_load(e, ir::Type::I8);
    case Builtin::LoadHalf:
      return packet_load(e, ir::Type::I16);
    case Builtin::LoadWord:
      return packet_load(e, ir::Type::I32);
    case Builtin::None:
      break;
  }
  SPILE_UNREACHABLE("every builtin is named");
}

ValueId FunctionLowerer::packet_load(const Expr *e, ir::Type type) {
  const ValueId context = scalar(e->args[0]);
  ValueId v;
  if (e->args[1]->is_constant && e->args[1]->value == static_cast<int32_t>(e->args[1]->value)) {
    v = emit(Op::LoadAbs, type, {context}, e->args[1]->value);
  } else {
    const ValueId offset = widen(scalar(e->args[1]), ir::Type::I32, false);
    v = emit(Op::LoadInd, type, {context, offset}, 0);
  }
  return widen(v, ir::Type::I64, false);
}

// ---------------------------------------------------------------- memory

// for (i = 0; i < count; i++) body(i). The size may become a constant once the function is inlined.
void FunctionLowerer::byte_loop(ValueId count, const std::function<void(ValueId)> &body) {
  const Place at = scratch(8, 8);
  const BlockId test = f_.add_block(), inside = f_.add_block("bytes"), end = f_.add_block();
  store_memory(at, constant(ir::Type::I64, 0));
  jump(test);
  enter(test);
  const ValueId i = load_memory(at, ir::Type::I64);
  branch(compare(Pred::Ult, i, count), inside, end);
  enter(inside);
  body(i);
  store_memory(at, emit(Op::Add, ir::Type::I64, {i, constant(ir::Type::I64, 1)}));
  jump(test);
  enter(end);
}

ValueId FunctionLowerer::memory_builtin(const Expr *e, Builtin which) {
  const bool is_set = which == Builtin::Memset || which == Builtin::MemsetInline;
  const Place to = memory(e->args[0]);
  const Place from = is_set ? Place{} : memory(e->args[1]);
  const ValueId byte = is_set ? widen(scalar(e->args[1]), ir::Type::I8, false) : ValueId{};
  const Loc at = e->a->range.begin.valid() ? e->a->range.begin : e->range.begin;
  const ValueId target = address(to);
  if (!e->args[2]->is_constant) {
    const ValueId accessed = access_address(to);
    const ValueId count = scalar(e->args[2]);
    loc_ = at;
    const ValueId source = is_set ? ValueId{} : access_address(from);
    byte_loop(count, [&](ValueId i) {
      const Place there{emit(Op::PtrAdd, ir::Type::Ptr, {accessed, i}), 0, 1, to.is_volatile, {}, nullptr};
      ValueId v = byte;
      if (!is_set)
        v = load_memory({emit(Op::PtrAdd, ir::Type::Ptr, {source, i}), 0, 1, from.is_volatile, {}, nullptr},
                        ir::Type::I8);
      store_memory(there, v);
    });
    return target;
  }
  const uint64_t size = static_cast<uint64_t>(e->args[2]->value);
  loc_ = at;
  if (size > kMaxInlineBytes) {
    diags_.report<diag::MemorySizeTooLarge>(e->range, is_set ? "memset" : "memcpy", size, kMaxInlineBytes)
        .hint("copy in a loop");
    return target;
  }
  Place whole = to;
  if (is_set) {
    clear(whole, size, byte);
  } else if (which == Builtin::Memmove) {
    // The regions may overlap: by way of a copy.
    const Place between = scratch(size, 8);
    copy(between, from, size);
    copy(to, between, size);
  } else {
    copy(to, from, size);
  }
  return target;
}

// memcmp: the first difference decides. Chunks are compared as numbers whose first byte is the most significant.
ValueId FunctionLowerer::compare_memory(const Expr *e) {
  const Place a = memory(e->args[0]), b = memory(e->args[1]);
  const Place result = slot(4, 4, e->type, {}, loc_);
  const BlockId end = f_.add_block();
  const auto decide = [&](ValueId x, ValueId y) {
    const ValueId is_less = compare(Pred::Ult, x, y);
    store_memory(result,
                 emit(Op::Select, ir::Type::I32, {is_less, constant(ir::Type::I32, -1), constant(ir::Type::I32, 1)}));
    jump(end);
  };
  if (!e->args[2]->is_constant || static_cast<uint64_t>(e->args[2]->value) > kMaxStoredString) {
    const ValueId count = scalar(e->args[2]), x = access_address(a), y = access_address(b);
    store_memory(result, constant(ir::Type::I32, 0));
    byte_loop(count, [&](ValueId i) {
      const ValueId p = load_memory({emit(Op::PtrAdd, ir::Type::Ptr, {x, i}), 0, 1, false, {}, nullptr}, ir::Type::I8);
      const ValueId q = load_memory({emit(Op::PtrAdd, ir::Type::Ptr, {y, i}), 0, 1, false, {}, nullptr}, ir::Type::I8);
      const BlockId differs = f_.add_block(), next = f_.add_block();
      branch(compare(Pred::Ne, p, q), differs, next);
      enter(differs);
      decide(p, q);
      enter(next);
    });
  } else {
    const uint64_t size = static_cast<uint64_t>(e->args[2]->value);
    for (uint64_t i = 0; i < size;) {
      uint64_t chunk = std::min<uint64_t>({8, std::bit_floor(size - i), a.align, b.align});
      chunk = std::bit_floor(std::max<uint64_t>(chunk, 1));
      const ir::Type type = ir::integer_type(static_cast<unsigned>(chunk * 8));
      const ValueId x = load_memory(a, type, static_cast<int64_t>(i)),
                    y = load_memory(b, type, static_cast<int64_t>(i));
      const BlockId differs = f_.add_block(), next = f_.add_block();
      branch(compare(Pred::Ne, x, y), differs, next);
      enter(differs);
      if (chunk == 1)
        decide(x, y);
      else
        decide(emit(Op::Bswap, type, {x}), emit(Op::Bswap, type, {y}));
      enter(next);
      i += chunk;
    }
    store_memory(result, constant(ir::Type::I32, 0));
  }
  jump(end);
  enter(end);
  return load_memory(result, ir::Type::I32);
}

// ---------------------------------------------------------------- bits

// Hacker's Delight 5-1: sums of bits in ever wider fields, all in one word.
ValueId FunctionLowerer::popcount(ValueId v) {
  const ir::Type type = f_[v].type;
  const auto mask = [&](uint64_t m) { return constant(type, static_cast<int64_t>(m)); };
  const auto shifted = [&](ValueId x, int by) { return emit(Op::LShr, type, {x, constant(type, by)}); };
  v = emit(Op::Sub, type, {v, emit(Op::And, type, {shifted(v, 1), mask(0x5555555555555555u)})});
  const ValueId low = emit(Op::And, type, {v, mask(0x3333333333333333u)});
  v = emit(Op::Add, type, {low, emit(Op::And, type, {shifted(v, 2), mask(0x3333333333333333u)})});
  v = emit(Op::And, type, {emit(Op::Add, type, {v, shifted(v, 4)}), mask(0x0f0f0f0f0f0f0f0fu)});
  v = emit(Op::Mul, type, {v, mask(0x0101010101010101u)});
  return shifted(v, static_cast<int>(ir::bits_of(type)) - 8);
}

// The bits that leave on one side come back on the other.
ValueId FunctionLowerer::rotate(const Expr *e, bool is_left) {
  const ValueId given = scalar(e->args[0]);
  const ir::Type own = f_[given].type, type = ir::bits_of(own) < 32 ? ir::Type::I32 : own;
  const ValueId v = widen(given, type, false), by = widen(scalar(e->args[1]), type, false);
  loc_ = e->range.begin;
  const ValueId mask = constant(type, ir::bits_of(own) - 1);
  const ValueId count = emit(Op::And, type, {by, mask});
  const ValueId rest = emit(Op::And, type, {emit(Op::Sub, type, {constant(type, 0), by}), mask});
  const ValueId left = emit(Op::Shl, type, {v, is_left ? count : rest});
  return widen(emit(Op::Or, type, {left, emit(Op::LShr, type, {v, is_left ? rest : count})}), own, false);
}

ValueId FunctionLowerer::bit_builtin(const Expr *e, Builtin which) {
  const ValueId v = scalar(e->args[0]);
  loc_ = e->range.begin;
  const ir::Type type = f_[v].type;
  const ValueId ones = constant(type, -1);
  const auto trailing = [&] {  // ~v & (v - 1): as many ones as v has zeros at its end
    const ValueId below = emit(Op::Add, type, {v, ones});
    return popcount(emit(Op::And, type, {emit(Op::Xor, type, {v, ones}), below}));
  };
  ValueId r;
  switch (which) {
    case Builtin::Popcount:
    case Builtin::Popcountl:
    case Builtin::Popcountll:
      r = popcount(v);
      break;
    case Builtin::Ctz:
    case Builtin::Ctzl:
    case Builtin::Ctzll:
      r = trailing();
      break;
    case Builtin::Ffs:
    case Builtin::Ffsl:
    case Builtin::Ffsll: {
      const ValueId position = emit(Op::Add, type, {trailing(), constant(type, 1)});
      r = emit(Op::Select, type, {compare(Pred::Eq, v, constant(type, 0)), constant(type, 0), position});
      break;
    }
    default: {  // clz: every bit below the first one set, then count what is left
      ValueId smeared = v;
      for (unsigned by = 1; by < ir::bits_of(type); by *= 2)
        smeared = emit(Op::Or, type, {smeared, emit(Op::LShr, type, {smeared, constant(type, by)})});
      r = popcount(emit(Op::Xor, type, {smeared, ones}));
    }
  }
  return widen(r, ir::Type::I32, false);
}

// ---------------------------------------------------------------- atomics

ValueId FunctionLowerer::atomic(const Expr *e, Builtin which, bool wants_value) {
  enum class Do { Add, Sub, Or, And, Xor };
  struct Rmw {
    Do what;
    bool wants_new;
  };
  std::optional<Rmw> rmw;
  switch (which) {
    case Builtin::SyncFetchAdd:
    case Builtin::AtomicFetchAdd:
      rmw = {Do::Add, false};
      break;
    case Builtin::SyncFetchSub:
    case Builtin::AtomicFetchSub:
      rmw = {Do::Sub, false};
      break;
    case Builtin::SyncFetchOr:
    case Builtin::AtomicFetchOr:
      rmw = {Do::Or, false};
      break;
    case Builtin::SyncFetchAnd:
    case Builtin::AtomicFetchAnd:
      rmw = {Do::And, false};
      break;
    case Builtin::SyncFetchXor:
    case Builtin::AtomicFetchXor:
      rmw = {Do::Xor, false};
      break;
    case Builtin::SyncAddFetch:
    case Builtin::AtomicAddFetch:
      rmw = {Do::Add, true};
      break;
    case Builtin::SyncSubFetch:
    case Builtin::AtomicSubFetch:
      rmw = {Do::Sub, true};
      break;
    case Builtin::SyncOrFetch:
    case Builtin::AtomicOrFetch:
      rmw = {Do::Or, true};
      break;
    case Builtin::SyncAndFetch:
    case Builtin::AtomicAndFetch:
      rmw = {Do::And, true};
      break;
    case Builtin::SyncXorFetch:
    case Builtin::AtomicXorFetch:
      rmw = {Do::Xor, true};
      break;
    default:
      break;
  }
  const Place object = pointee(e->args[0]);
  const Type *type = types::base_of(e->args[0]->type);
  const ir::Type own = type_of(type);
  const ir::Type word = own == ir::Type::Ptr ? ir::Type::I64 : own;  // atomics work on integers
  const auto operand = [&](size_t i) {
    const ValueId v = scalar(e->args[i]);
    return f_[v].type == ir::Type::Ptr ? emit(Op::PtrToInt, ir::Type::I64, {v}) : v;
  };
  const auto back = [&](ValueId v) { return own == ir::Type::Ptr ? emit(Op::IntToPtr, ir::Type::Ptr, {v}) : v; };
  const Loc at = e->a->range.begin.valid() ? e->a->range.begin : e->range.begin;
  if (rmw) {
    ValueId v = operand(1);
    const ValueId target = access_address(object);
    loc_ = at;
    if (rmw->what == Do::Sub) v = emit(Op::Sub, word, {constant(word, 0), v});
    const Op op = rmw->what == Do::Or    ? Op::AtomicOr
                  : rmw->what == Do::And ? Op::AtomicAnd
                  : rmw->what == Do::Xor ? Op::AtomicXor
                                         : Op::AtomicAdd;
    const ValueId old = emit(op, wants_value ? word : ir::Type::Void, {v, target});
    if (!wants_value) return {};
    if (!rmw->wants_new) return back(old);
    const Op plain = rmw->what == Do::Or    ? Op::Or
                     : rmw->what == Do::And ? Op::And
                     : rmw->what == Do::Xor ? Op::Xor
                                            : Op::Add;
    return back(emit(plain, word, {old, v}));
  }
  switch (which) {
    case Builtin::SyncExchange:
    case Builtin::AtomicExchangeN: {
      const ValueId v = operand(1);
      return back(emit(Op::AtomicXchg, word, {v, access_address(object)}));
    }
    case Builtin::SyncValCas:
    case Builtin::SyncBoolCas: {
      const ValueId expected = operand(1), fresh = operand(2);
      const ValueId old = emit(Op::CmpXchg, word, {expected, fresh, access_address(object)});
      if (which == Builtin::SyncValCas) return back(old);
      return emit(Op::Zext, ir::Type::I8, {compare(Pred::Eq, old, expected)});
    }
    case Builtin::AtomicCasN: {
      // On failure the value that was found replaces the expected one.
      const Place memo = pointee(e->args[1]);
      const ValueId expected = load_memory(memo, word), fresh = operand(2);
      const ValueId old = emit(Op::CmpXchg, word, {expected, fresh, access_address(object)});
      const ValueId same = compare(Pred::Eq, old, expected);
      const BlockId failed = f_.add_block(), end = f_.add_block();
      branch(same, end, failed, 1);
      enter(failed);
      store_memory(memo, old);
      jump(end);
      enter(end);
      return emit(Op::Zext, ir::Type::I8, {same});
    }
    case Builtin::AtomicLoadN: {
      Place p = object;
      p.is_volatile = true;
      return load_memory(p, own);
    }
    case Builtin::AtomicStoreN:
    case Builtin::SyncRelease: {
      Place p = object;
      p.is_volatile = true;
      store_memory(p, which == Builtin::SyncRelease ? constant(own, 0) : scalar(e->args[1]));
      return {};
    }
    default:
      SPILE_UNREACHABLE("an atomic builtin");
  }
}

}  // namespace spile::lower
