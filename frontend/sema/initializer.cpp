// Initializers: braces, designators and elided braces (C11 6.7.9), flattened into a list of what goes where. Lowering
// only sees that list: it stores the entries and clears what they leave.
#include <algorithm>

#include "frontend/sema/analyzer.h"
#include "frontend/sema/constant.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

ast::FieldRef field_reference(const types::Record &record, const types::Field &field);  // expression.cpp

// Walks one initializer. A "place" is a subobject: its type and its offset from the start of the whole.
class InitializerBuilder {
 public:
  InitializerBuilder(Analyzer &sema, const Type *type, Loc where) : sema_(sema), type_(type), where_(where) {}

  const Initializer *build(Expr *init) {
    place(type_, 0, {}, init);
    if (failed_) return nullptr;
    const Type *type = type_;
    if (types::is_array(type) && !type->plain->has_length)
      type = sema_.types_.array_of(type->kind == Kind::Array ? type->base : types::base_of(type), open_length_);
    auto *made = sema_.nodes_->make<Initializer>();
    made->type = type;
    made->size = std::max<uint64_t>(types::is_complete(type) ? types::size_of(type) : 0, end_);
    made->entries = sema_.nodes_->copy(entries_);
    return made;
  }

 private:
  using Items = ast::List<ast::InitItem>;

  void add(const Type *type, uint64_t offset, const ast::FieldRef &bits, Expr *value) {
    InitEntry entry{offset, bits, type, value};
    if (bits.bit_width != 0) {
      entry.bits.offset += offset;
      entry.offset = entry.bits.offset;
    }
    entries_.push_back(entry);
    if (bits.bit_width == 0 && (value->kind != Expr::StringLit || types::is_complete(type)))
      end_ = std::max(end_, offset + types::size_of(type));
    if (entries_.size() > kMaxRangeElements) fail_range(value->range);
  }
  void fail_range(Range at) {
    if (!failed_) sema_.report<diag::RangeTooLarge>(at, kMaxRangeElements);
    failed_ = true;
  }

  // Earlier entries inside [offset, offset + size) give way to a braced list for the same subobject.
  void clear(uint64_t offset, uint64_t size) {
    if (!has_designators_) return;
    std::erase_if(entries_, [&](const InitEntry &e) {
      // The storage unit of a bitfield may begin at another member: what counts is where its first bit is.
      const uint64_t begin = e.offset + e.bits.bit_offset / 8;
      return begin >= offset && begin < offset + size;
    });
  }

  static bool is_string_for(const Type *type, const Expr *e) {
    if (!types::is_array(type) || e->kind != Expr::StringLit) return false;
    const Type *element = types::base_of(type)->plain;
    const Type *have = e->type != nullptr ? types::base_of(e->type)->plain : nullptr;
    if (!types::is_integer(element)) return false;
    return have == nullptr || types::size_of(element) == types::size_of(have);
  }

  // The whole subobject from one initializer, braced or not.
  void place(const Type *type, uint64_t offset, const ast::FieldRef &bits, Expr *init) {
    if (failed_) return;
    if (init->kind == Expr::InitList) {
      if (init->items.size() == 1 && init->items[0]->designators.empty() && types::is_array(type) &&
          init->items[0]->value->kind == Expr::StringLit && is_string_for(type, init->items[0]->value)) {
        string(type, offset, init->items[0]->value);  // char s[] = {"text"}
        return;
      }
      if (types::is_aggregate(type)) {
        if (types::is_complete(type)) clear(offset, types::size_of(type));
        size_t i = 0;
        fill(type, offset, init->items, i, true, 0);
        return;
      }
      scalar_list(type, offset, bits, init);
      return;
    }
    if (is_string_for(type, init)) {
      string(type, offset, init);
      return;
    }
    init = sema_.expr(init);
    if (types::is_error(init->type)) {
      failed_ = true;
      return;
    }
    if (types::is_array(type)) {
      // GNU: an array from a compound literal of its type.
      if (init->kind == Expr::CompoundLit && types::is_array(init->type) && init->initializer != nullptr &&
          types::compatible(types_unqualified(type), types_unqualified(init->type))) {
        for (const InitEntry &entry : init->initializer->entries) {
          entries_.push_back(entry);
          entries_.back().offset += offset;
          entries_.back().bits.offset += offset;
        }
        if (!type->plain->has_length) open_length_ = init->type->plain->length;
        end_ = std::max(end_, offset + types::size_of(init->type));
        return;
      }
      sema_.report<diag::ArrayInitializer>(init->range, types::to_string(type))
          .hint("an array is initialized by braces, or by a string if it holds characters");
      failed_ = true;
      return;
    }
    Expr *value = sema_.assign_to(sema_.types_.unqualified(type), init, {Into::Initializer, {}, 0, nullptr, where_});
    if (types::is_error(value->type))
      failed_ = true;
    else
      add(sema_.types_.unqualified(type), offset, bits, value);
  }

  const Type *types_unqualified(const Type *t) { return sema_.types_.unqualified(t)->plain; }

  void scalar_list(const Type *type, uint64_t offset, const ast::FieldRef &bits, Expr *list) {
    if (list->items.empty()) {  // C23: int x = {};
      Expr *zero = sema_.nodes_->make<Expr>();
      zero->kind = Expr::IntegerLit;
      zero->range = list->range;
      zero->type = sema_.types_.int_type();
      sema_.set_constant(zero, 0);
      place(type, offset, bits, zero);
      return;
    }
    if (list->items.size() > 1) sema_.report<diag::ExcessInitializer>(list->items[1]->value->range, "a scalar");
    if (!list->items[0]->designators.empty()) {
      sema_.report<diag::DesignatorInScalar>(list->items[0]->designators[0]->range, types::to_string(type));
      failed_ = true;
      return;
    }
    place(type, offset, bits, list->items[0]->value);
  }

  void string(const Type *type, uint64_t offset, Expr *literal) {
    if (literal->type == nullptr) sema_.string_literal(literal);
    if (!is_string_for(type, literal)) {
      sema_.report<diag::ArrayInitializer>(literal->range, types::to_string(type));
      failed_ = true;
      return;
    }
    const uint64_t length = literal->type->plain->length;
    const Type *array = type;
    if (!type->plain->has_length) {
      open_length_ = std::max(open_length_, length);
      array = sema_.types_.array_of(types::base_of(type), length);
    } else if (length - 1 > type->plain->length) {
      sema_.report<diag::StringTooLong>(literal->range, length - 1, types::to_string(type));
    }
    clear(offset, types::size_of(array));
    add(array, offset, {}, literal);
    end_ = std::max(end_, offset + types::size_of(array));
  }

  struct Place {
    const Type *type = nullptr;
    uint64_t offset = 0;
    ast::FieldRef bits;
  };

  // How many subobjects an aggregate has; an array without length has as many as it is given.
  static uint64_t count(const Type *type) {
    const Type *t = type->plain;
    if (t->kind == Kind::Array) return t->has_length ? t->length : UINT64_MAX;
    return t->record->fields.size();
  }
  Place element(const Type *type, uint64_t offset, uint64_t position) {
    const Type *t = type->plain;
    if (t->kind == Kind::Array) {
      const Type *e = type->kind == Kind::Array ? type->base : t->base;
      return {e, offset + position * types::size_of(e), {}};
    }
    const types::Field &field = t->record->fields[position];
    const ast::FieldRef ref = field_reference(*t->record, field);
    if (field.is_bitfield) return {field.type, offset, ref};
    return {field.type, offset + field.offset(), {}};
  }
  static bool is_skipped(const Type *type, uint64_t position) {  // unnamed bitfields are not members
    const Type *t = type->plain;
    return t->kind == Kind::Record && t->record->fields[position].is_bitfield &&
           t->record->fields[position].name.empty();
  }

  // Fills the subobjects of an aggregate from items[i] on. Without braces of its own it takes what it needs and leaves
  // the rest. [depth]: designators of items[i] that the levels above have used; more remain only on entry.
  void fill(const Type *type, uint64_t offset, const Items &items, size_t &i, bool braced, size_t depth) {
    uint64_t position = 0;
    bool pending = depth != 0;  // items[i]'s remaining designators begin here
    const bool is_union = types::is_record(type) && type->plain->record->is_union;
    if (types::is_record(type) && !types::is_complete(type)) {
      failed_ = true;
      return;
    }
    while (i < items.size() && !failed_) {
      ast::InitItem &item = *items[i];
      if (pending || !item.designators.empty()) {
        if (!pending && !braced) return;
        const size_t level = pending ? depth : 0;
        pending = false;
        has_designators_ = true;
        if (!designated(type, offset, items, i, level, position)) return;
      } else {
        while (position < count(type) && is_skipped(type, position)) position++;
        if (position >= count(type) || (is_union && position > 0)) {
          if (!braced) return;
          sema_.report<diag::ExcessInitializer>(item.value->range, fmt::format("`{}`", types::to_string(type)));
          i++;
          continue;
        }
        subobject(element(type, offset, position), items, i);
      }
      note_position(type, offset, position);
      position = is_union ? count(type) : position + 1;
      if (!braced && (position >= count(type))) return;
    }
  }

  void note_position(const Type *type, uint64_t offset, uint64_t position) {
    if (type == type_ && offset == 0 && types::is_array(type) && !type->plain->has_length)
      open_length_ = std::max(open_length_, position + 1);
  }

  // The subobject from items[i], which has no designators: whole, or by elided braces.
  void subobject(const Place &to, const Items &items, size_t &i) {
    Expr *&value = items[i]->value;
    if (value->kind == Expr::InitList || !types::is_aggregate(to.type) || is_string_for(to.type, value)) {
      place(to.type, to.offset, to.bits, value);
      i++;
      return;
    }
    value = sema_.expr(value);
    if (types::is_error(value->type)) {
      failed_ = true;
      return;
    }
    const bool is_whole = types::is_record(to.type) && types::is_record(value->type) &&
                          types::same(sema_.types_.unqualified(to.type), sema_.types_.unqualified(value->type));
    if (is_whole || (types::is_array(to.type) && value->kind == Expr::CompoundLit && types::is_array(value->type))) {
      place(to.type, to.offset, to.bits, value);
      i++;
      return;
    }
    const size_t before = i;
    fill(to.type, to.offset, items, i, false, 0);
    if (i == before) i++;  // an aggregate with nothing to fill: an empty record
  }

  // items[i] has a designator at [level] that names a subobject of this aggregate; [position] becomes its index.
  bool designated(const Type *type, uint64_t offset, const Items &items, size_t &i, size_t level, uint64_t &position) {
    ast::InitItem &item = *items[i];
    ast::Designator &designator = *item.designators[level];
    uint64_t last = 0;
    if (designator.index != nullptr) {
      if (!types::is_array(type)) return refuse(designator.range, "[…]", type);
      const std::optional<int64_t> from = sema_.integer_constant(designator.index, "an array designator");
      const std::optional<int64_t> to =
          designator.index_end != nullptr ? sema_.integer_constant(designator.index_end, "an array designator") : from;
      if (!from || !to) return failed_ = true, false;
      if (*from < 0 || *to < *from || static_cast<uint64_t>(*to) >= count(type)) {
        sema_.report<diag::DesignatorOutOfBounds>(designator.range, *to, types::to_string(type));
        return failed_ = true, false;
      }
      position = static_cast<uint64_t>(*from);
      last = static_cast<uint64_t>(*to);
      if (last - position >= kMaxRangeElements) return fail_range(designator.range), false;
    } else {
      if (!types::is_record(type)) return refuse(designator.range, fmt::format(".{}", designator.field), type);
      const types::Record &record = *type->plain->record;
      position = record.fields.size();
      for (uint64_t k = 0; k < record.fields.size(); k++) {
        const types::Field &field = record.fields[k];
        if (field.name == designator.field) {
          position = last = k;
          break;
        }
        if (field.name.empty() && !field.is_bitfield && types::is_record(field.type) &&
            types::find_field(*field.type->plain->record, designator.field).field != nullptr) {
          // In an anonymous member: the same designator names it there.
          position = k;
          const Place inner = element(type, offset, k);
          fill_from(inner, items, i, level);
          return !failed_;
        }
      }
      if (position == record.fields.size()) {
        const Loc end = designator.range.end;
        sema_.report_no_member(designator.range, designator.field,
                               {Loc{end.raw - static_cast<uint32_t>(designator.field.size())}, end}, type);
        return failed_ = true, false;
      }
      if (record.is_union) clear(offset, record.size);
    }
    const size_t here = i;
    for (; position <= last && !failed_; position++) {
      i = here;
      const Place to = element(type, offset, position);
      note_position(type, offset, position);
      if (level + 1 < item.designators.size()) {
        if (!types::is_aggregate(to.type)) return refuse(item.designators[level + 1]->range, "…", to.type);
        fill_from(to, items, i, level + 1);
      } else {
        if (to.bits.bit_width == 0 && types::is_complete(to.type)) clear(to.offset, types::size_of(to.type));
        designated_value(to, items, i);
      }
    }
    position = last;
    return !failed_;
  }

  // The value behind the last designator may also begin the elements of an aggregate without braces: .array = 1, 2, 3.
  void designated_value(const Place &to, const Items &items, size_t &i) {
    Expr *&value = items[i]->value;
    if (value->kind != Expr::InitList && types::is_aggregate(to.type) && !is_string_for(to.type, value)) {
      value = sema_.expr(value);
      const bool is_whole =
          types::is_error(value->type) || types::is_record(value->type) || types::is_array(value->type);
      if (!is_whole || (types::is_record(value->type) &&
                        !types::same(sema_.types_.unqualified(to.type), sema_.types_.unqualified(value->type)))) {
        // Its own designators are used up: read it as if it had none.
        ast::InitItem bare{{}, value};
        ast::InitItem *first[] = {&bare};
        size_t taken = 0;
        fill(to.type, to.offset, Items(first), taken, false, 0);
        i++;
        return;
      }
    }
    place(to.type, to.offset, to.bits, value);
    i++;
  }

  // The place from items[i] whose designators from [level] on name something inside it.
  void fill_from(const Place &to, const Items &items, size_t &i, size_t level) {
    if (level != 0) {
      fill(to.type, to.offset, items, i, false, level);
      return;
    }
    // Level 0 within an anonymous member: one designated item, then what follows belongs to the record around it.
    uint64_t position = 0;
    designated(to.type, to.offset, items, i, 0, position);
  }

  bool refuse(Range at, std::string_view designator, const Type *type) {
    sema_.report<diag::WrongDesignator>(at, designator, types::to_string(type));
    failed_ = true;
    return false;
  }

  Analyzer &sema_;
  const Type *type_;
  Loc where_;
  std::vector<InitEntry> entries_;
  uint64_t open_length_ = 0;  // of an array that takes its length from here
  uint64_t end_ = 0;          // past the last byte that is given a value
  bool has_designators_ = false;
  bool failed_ = false;
};

const Initializer *Analyzer::initializer(const Type *type, Expr *init, bool is_static, Loc named_at) {
  if (types::is_error(type)) {
    if (init->kind != Expr::InitList) value(init);
    return nullptr;
  }
  const bool is_open_array =
      types::is_array(type) && !type->plain->has_length && types::is_complete(types::base_of(type));
  if (!is_open_array && !require_complete(type, init->range, "the initialized object")) return nullptr;
  const Initializer *made =
      InitializerBuilder(*this, type, named_at.valid() ? named_at : init->range.begin).build(init);
  if (made != nullptr && made->size > types::kMaxSize) {
    report<diag::ObjectTooLarge>(init->range, types::kMaxSize);
    return nullptr;
  }
  if (made != nullptr && is_static) check_static(*made);
  return made;
}

void Analyzer::check_static(const Initializer &init) {
  for (const InitEntry &entry : init.entries) {
    if (entry.value->kind == Expr::StringLit && types::is_array(entry.type)) continue;
    if (types::is_record(entry.type)) {
      const Expr *e = ast::without_casts(entry.value);
      if (e->kind == Expr::CompoundLit && e->initializer != nullptr) {
        check_static(*e->initializer);
        continue;
      }
    } else if (evaluate_static(entry.value)) {
      continue;
    }
    report<diag::InitializerNotConstant>(entry.value->range)
        .hint("a variable with static storage gets its value before the program runs");
  }
}

}  // namespace spile::sema
