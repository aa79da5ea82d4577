// Local variables and what initializes them: the bytes that no entry covers are cleared by words, the rest is stored.
#include <algorithm>

#include "frontend/lower/function_lowerer.h"
#include "frontend/lower/lower.h"

namespace spile::lower {

void FunctionLowerer::variable(const ast::InitDeclarator &d) {
  define_variable(d);
  if (d.symbol != nullptr && d.symbol->cleanup_call != nullptr) cleanups_.push_back(d.symbol);
}

static bool is_variable(const Expr *e, const sema::Symbol &symbol) {
  e = ast::without_implicit_casts(e);
  return e->kind == Expr::Identifier && e->symbol == &symbol;
}

void FunctionLowerer::define_variable(const ast::InitDeclarator &d) {
  const sema::Symbol *symbol = d.symbol;
  if (symbol == nullptr || symbol->kind != sema::SymbolKind::Variable || symbol->is_static_storage) return;
  auto it = locals_.find(symbol);
  if (it == locals_.end()) {
    const uint32_t align = std::max(types::align_of(symbol->type), symbol->attributes.align);
    it = locals_
             .emplace(symbol, slot(types::size_of(symbol->type), align, symbol->type, std::string(symbol->name),
                                   symbol->range.begin))
             .first;
  }
  if (symbol->initializer == nullptr) return;
  const Place at = it->second;
  loc_ = symbol->range.begin;
  if (type_of(symbol->type) != ir::Type::Void && symbol->initializer->entries.size() == 1) {
    if (is_variable(symbol->initializer->entries[0].value, *symbol)) {  // int x = x: the old way to silence a compiler
      store(at, f_.undef(type_of(symbol->type)));
      return;
    }
    const ValueId v = scalar(symbol->initializer->entries[0].value);
    loc_ = symbol->range.begin;
    store(at, v);
    return;
  }
  initialize(at, *symbol->initializer);
}

static bool is_zero(const sema::InitEntry &entry) {
  const Expr *e = entry.value;
  while ((e->kind == Expr::ImplicitCast || e->kind == Expr::Cast) && !e->is_constant &&
         e->cast == ast::CastKind::IntegerToPointer)
    e = e->a;
  return e->is_constant && e->value == 0;
}

// Everything that the initializer does not mention is zero, padding too: a map's key is compared byte by byte.
void FunctionLowerer::initialize(const Place &at, const sema::Initializer &init) {
  const uint64_t size = init.size;
  // Objects too large for any stack are cleared whole.
  constexpr uint64_t kTracked = 64 * 1024;
  std::vector<bool> covered(size <= kTracked ? size : 0);
  for (const sema::InitEntry &entry : init.entries) {
    if (entry.bits.bit_width != 0 || is_zero(entry) ||
        (entry.value->kind == Expr::StringLit && types::is_array(entry.type)))
      continue;
    for (uint64_t i = entry.offset, end = entry.offset + types::size_of(entry.type); i < end && i < covered.size(); i++)
      covered[i] = true;
  }
  if (covered.empty() && size > 0) clear(at, size, constant(ir::Type::I8, 0));
  const uint64_t word = std::min<uint64_t>(at.align, 8);
  for (uint64_t begin = 0; begin < covered.size();) {
    const auto has_gap = [&](uint64_t w) {
      return w < covered.size() &&
             std::find(covered.begin() + static_cast<ptrdiff_t>(w),
                       covered.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(w + word, covered.size())),
                       false) != covered.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(w + word, covered.size()));
    };
    if (!has_gap(begin)) {
      begin += word;
      continue;
    }
    uint64_t end = begin;
    while (has_gap(end)) end += word;
    end = std::min<uint64_t>(end, covered.size());
    clear(moved(at, static_cast<int64_t>(begin)), end - begin, constant(ir::Type::I8, 0));
    begin = end;
  }
  for (size_t i = 0; i < init.entries.size(); i++) {
    const sema::InitEntry &entry = init.entries[i];
    Place to = moved(at, static_cast<int64_t>(entry.offset));
    to.type = entry.type;
    to.bits = entry.bits;
    if (entry.value->kind == Expr::StringLit && types::is_array(entry.type)) {
      store_string(to, *entry.value, std::min(types::size_of(entry.type), size - std::min(size, entry.offset)));
    } else if (type_of(entry.type) == ir::Type::Void) {
      into(entry.value, to);
    } else if (!is_zero(entry) || std::any_of(init.entries.begin(), init.entries.begin() + static_cast<ptrdiff_t>(i),
                                              [&](const sema::InitEntry &e) {
                                                return e.offset <= entry.offset &&
                                                       entry.offset < e.offset + types::size_of(e.type);
                                              })) {
      // A zero is there already, unless an earlier entry put something in its place.
      const ValueId v = scalar(entry.value);
      store(to, v);
    }
  }
}

// The object is clear when this is called, so the zeros at the end need no store.
void FunctionLowerer::store_string(const Place &at, const Expr &literal, uint64_t size) {
  const uint64_t length = std::min<uint64_t>(literal.bytes.size(), size);
  if (length > kMaxStoredString) {
    const Place source{f_.global_addr(string_of(literal)), 0, 1, false, {}, literal.type};
    copy(at, source, length);
    return;
  }
  for (uint64_t i = 0; i < length;) {
    uint64_t chunk = 8;
    while (chunk > length - i && chunk > 1 && (i + chunk > size || at.align < chunk)) chunk /= 2;
    const Place here = moved(at, static_cast<int64_t>(i));
    while (chunk > here.align) chunk /= 2;
    while (i + chunk > size) chunk /= 2;
    uint64_t value = 0;
    for (uint64_t k = 0; k < chunk && i + k < length; k++)
      value |= uint64_t{static_cast<unsigned char>(literal.bytes[i + k])} << (8 * k);
    if (value != 0) {
      const ir::Type type = ir::integer_type(static_cast<unsigned>(chunk * 8));
      store_memory(here, constant(type, static_cast<int64_t>(value)));
    }
    i += chunk;
  }
}

}  // namespace spile::lower
