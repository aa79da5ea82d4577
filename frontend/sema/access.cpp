#include "frontend/sema/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "frontend/sema/symbol.h"

namespace spile::sema {

using ast::CastKind;
using ast::Expr;
using ast::UnaryOp;
using types::Field;
using types::Kind;
using types::Record;
using types::Type;

namespace {

// One `.`, `->` or `[]` of the source.
struct Step {
  enum class Kind : uint8_t { Member, Element, PointerElement } kind = Kind::Member;
  const Type *container = nullptr;  // the record or array; of a PointerElement: what is pointed to
  std::string_view member;
  uint64_t index = 0;
};

// What a pointer points to, with the typedef it was written by.
const Type *pointee_as_written(const Type *pointer) {
  while (pointer->kind == Kind::Typedef || pointer->kind == Kind::Qualified || pointer->kind == Kind::Tagged)
    pointer = pointer->base;
  return pointer->kind == Kind::Pointer ? pointer->base : types::base_of(pointer);
}

const Expr *without_pointer_casts(const Expr *e) {
  while ((e->kind == Expr::ImplicitCast || e->kind == Expr::Cast) &&
         (e->cast == CastKind::PointerToPointer || e->cast == CastKind::NoOp) && types::is_pointer(e->a->type))
    e = e->a;
  return e;
}

// A subscript is a part of the path when what stands before the bracket is a member of a record with the attribute, or
// a variable that points to one (clang: isPreserveAIArrayBase).
bool preserves_elements(const Expr *array) {
  array = ast::without_implicit_casts(array);
  if (array->is_paren) return false;
  if (array->kind == Expr::Member) {
    const Type *record = array->is_arrow ? types::base_of(array->a->type) : array->a->type;
    return record->plain->record->preserve_access_index;
  }
  if (array->kind != Expr::Identifier || array->symbol == nullptr) return false;
  const bool is_variable = array->symbol->kind == SymbolKind::Variable || array->symbol->kind == SymbolKind::Parameter;
  if (!is_variable || !types::is_pointer(array->symbol->type)) return false;
  const Type *pointee = types::base_of(array->symbol->type);
  return types::is_record(pointee) && pointee->plain->record->preserve_access_index;
}

uint64_t elements_below(const Type *array) {
  uint64_t count = 1;
  for (const Type *t = array->plain->base->plain; t->kind == Kind::Array; t = t->base->plain) count *= t->length;
  return count;
}
// Of a pointer to an array: all its elements.
uint64_t all_elements(const Type *array) { return array->plain->length * elements_below(array); }

// The members that lead to [name], through anonymous records; the last is [name] itself.
bool find_path(const Record &record, std::string_view name, std::vector<uint32_t> &indices,
               std::vector<const Field *> &fields) {
  uint32_t index = 0;
  for (const Field &field : types::complete(record).fields) {
    const bool is_unnamed_bitfield = field.is_bitfield && field.name.empty();
    const bool is_anonymous = field.name.empty() && !field.is_bitfield && types::is_record(field.type);
    indices.push_back(index);
    fields.push_back(&field);
    if (field.name == name || (is_anonymous && find_path(*field.type->plain->record, name, indices, fields)))
      return true;
    indices.pop_back();
    fields.pop_back();
    if (!is_unnamed_bitfield) index++;  // BTF does not have them
  }
  return false;
}

class AccessFinder {
 public:
  explicit AccessFinder(bool everywhere) : everywhere_(everywhere) {}

  std::optional<CoreAccess> run(const Expr *e) {
    collect(e);
    if (steps_.empty() || out_.base == nullptr) return std::nullopt;
    std::ranges::reverse(steps_);
    const std::optional<size_t> first_member = first_index();
    if (!first_member) return std::nullopt;
    out_.reached = out_.root;
    for (size_t i = *first_member; i < steps_.size(); i++) follow(steps_[i]);
    return std::move(out_);
  }

 private:
  // From the end of the path to its beginning.
  void collect(const Expr *e) {
    for (;;) {
      if (e->kind == Expr::Unary && e->op.unary == UnaryOp::Extension) {
        e = e->a;
      } else if ((e->kind == Expr::Generic || e->kind == Expr::ChooseExpr) && e->chosen != nullptr) {
        e = e->chosen;
      } else if (e->kind == Expr::Unary && e->op.unary == UnaryOp::Deref && !steps_.empty()) {
        if (!enter_pointer(e->a, e->type, e)) return;
      } else if (e->kind == Expr::Member) {
        const Type *record = e->is_arrow ? pointee_as_written(e->a->type) : e->a->type;
        if (!everywhere_ && !record->plain->record->preserve_access_index) break;
        steps_.push_back({Step::Kind::Member, record, e->text, 0});
        if (!e->is_arrow)
          e = e->a;
        else if (!enter_pointer(e->a, record, e))
          return;
      } else if (e->kind == Expr::Index && e->b->is_constant && e->b->value >= 0 &&
                 (everywhere_ || preserves_elements(e->a))) {
        const bool is_array = e->a->kind == Expr::ImplicitCast && e->a->cast == CastKind::ArrayToPointer;
        const auto index = static_cast<uint64_t>(e->b->value);
        if (!is_array) {
          steps_.push_back({Step::Kind::PointerElement, pointee_as_written(e->a->type), {}, index});
          out_.base = e->a;
          out_.base_is_pointer = true;
          return;
        }
        steps_.push_back({Step::Kind::Element, e->a->a->type, {}, index});
        e = e->a->a;
      } else {
        break;
      }
      // The path goes on only where the types agree: a cast begins a new one.
    }
    out_.base = e;
  }

  // Behind `&` the path goes on, when the type is that of the object; true then, and [e] is the object. Else the
  // pointer is the base.
  bool enter_pointer(const Expr *pointer, const Type *wanted, const Expr *&e) {
    const Expr *inner = without_pointer_casts(pointer);
    if (inner->kind == Expr::Unary && inner->op.unary == UnaryOp::AddressOf && inner->a->type->plain == wanted->plain) {
      e = inner->a;
      return true;
    }
    out_.base = pointer;
    out_.base_is_pointer = true;
    return false;
  }

  // Subscripts at the beginning are added up to the first index. The step behind them; nothing when no record begins.
  std::optional<size_t> first_index() {
    uint64_t first = 0;
    size_t at = 0;
    for (; at < steps_.size() && out_.root == nullptr; at++) {
      const Step &step = steps_[at];
      const Type *element = step.container;
      if (step.kind == Step::Kind::Member) {
        out_.root = core_type(step.container);
        break;
      }
      if (step.kind == Step::Kind::Element) {
        first += step.index * elements_below(step.container);
        element = step.container->plain->base;
      } else {
        first += step.index * (types::is_array(element) ? all_elements(element) : 1);
      }
      if (types::is_record(element))
        out_.root = element->plain;
      else if (!types::is_array(element))
        return std::nullopt;
      out_.ends_in_element = true;
    }
    const bool has_root = out_.root != nullptr && !core_type_name(out_.root).empty() && types::is_complete(out_.root);
    if (!has_root || first > UINT32_MAX) return std::nullopt;
    out_.indices.push_back(static_cast<uint32_t>(first));
    out_.bit_position = first * types::size_of(out_.root) * 8;
    return at;
  }

  void follow(const Step &step) {
    if (step.kind != Step::Kind::Member) {
      out_.reached = step.container->plain->base;
      out_.indices.push_back(static_cast<uint32_t>(step.index));
      out_.bit_position += step.index * types::size_of(out_.reached) * 8;
      out_.bitfield = nullptr;
      out_.ends_in_element = true;
      return;
    }
    std::vector<const Field *> fields;
    find_path(*step.container->plain->record, step.member, out_.indices, fields);
    for (const Field *field : fields) out_.bit_position += field->bit_position;
    out_.reached = fields.back()->type;
    out_.bitfield = fields.back()->is_bitfield ? fields.back() : nullptr;
    out_.ends_in_element = false;
  }

  bool everywhere_;
  std::vector<Step> steps_;
  CoreAccess out_;
};

}  // namespace

std::optional<CoreAccess> find_core_access(const Expr *e, bool everywhere) { return AccessFinder(everywhere).run(e); }

std::string CoreAccess::text() const { return fmt::format("{}", fmt::join(indices, ":")); }

const Type *core_type(const Type *t) {
  while (t->kind == Kind::Qualified || t->kind == Kind::Tagged) t = t->base;
  return t;
}

std::string_view core_type_name(const Type *t) {
  switch (t->kind) {
    case Kind::Typedef:
      return t->name;
    case Kind::Record:
      return t->record->tag;
    case Kind::Enum:
      return t->enumeration->tag;
    default:
      return {};
  }
}

std::optional<CoreLoad> core_load(const CoreAccess &access) {
  constexpr uint64_t kLargestLoad = 8;
  CoreLoad load;
  if (access.bitfield == nullptr) {
    if (!types::is_complete(access.reached)) {
      load.offset = access.bit_position / 8;
      return load;  // a flexible array: it has a place
    }
    load.offset = access.bit_position / 8;
    load.bytes = types::size_of(access.reached);
    load.left = load.right = load.bytes <= kLargestLoad ? static_cast<uint32_t>(64 - load.bytes * 8) : 0;
    return load;
  }
  const uint64_t first = access.bit_position, width = access.bitfield->bit_width;
  load.bytes = types::size_of(access.bitfield->type);
  load.offset = first / 8 / load.bytes * load.bytes;
  while (first + width - load.offset * 8 > load.bytes * 8) {
    if (load.bytes >= kLargestLoad) return std::nullopt;
    load.bytes *= 2;
    load.offset = first / 8 / load.bytes * load.bytes;
  }
  load.left = static_cast<uint32_t>(64 - (first + width - load.offset * 8));
  load.right = static_cast<uint32_t>(64 - width);
  return load;
}

std::optional<int64_t> core_field_value(const CoreAccess &access, tables::CoreKind kind) {
  const std::optional<CoreLoad> load = core_load(access);
  if (!load) return std::nullopt;
  const bool is_whole_value = !access.ends_in_element && load->bytes <= 8;
  switch (kind) {
    case tables::CoreKind::FieldByteOffset:
      return static_cast<int64_t>(load->offset);
    case tables::CoreKind::FieldByteSize:
      return static_cast<int64_t>(load->bytes);
    case tables::CoreKind::FieldExists:
      return 1;
    case tables::CoreKind::FieldSigned:
      if (access.ends_in_element) return std::nullopt;
      return types::is_integer(access.reached) && types::is_signed(access.reached) ? 1 : 0;
    case tables::CoreKind::FieldLshiftU64:
      return is_whole_value ? std::optional<int64_t>(load->left) : std::nullopt;
    case tables::CoreKind::FieldRshiftU64:
      return is_whole_value ? std::optional<int64_t>(load->right) : std::nullopt;
    case tables::CoreKind::TypeIdLocal:
    case tables::CoreKind::TypeIdTarget:
    case tables::CoreKind::TypeExists:
    case tables::CoreKind::TypeSize:
    case tables::CoreKind::EnumvalExists:
    case tables::CoreKind::EnumvalValue:
    case tables::CoreKind::TypeMatches:
      return std::nullopt;  // not about fields
  }
  return std::nullopt;
}

}  // namespace spile::sema
