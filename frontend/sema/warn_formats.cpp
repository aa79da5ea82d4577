// The formats of bpf_printk and its kin against their arguments. The rules are those of the kernel's
// bpf_bprintf_prepare(): what it does not know makes the call fail, silently, when the program runs.
#include <algorithm>
#include <array>

#include "frontend/sema/analyzer.h"
#include "lang-spec/tables/tables.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::CastKind;
using ast::without_casts;

namespace {

// The text of a format argument: a literal, or an array that is initialized with one and never changed.
const Expr *format_literal(const Expr *e) {
  e = without_casts(e);
  if (e->kind == Expr::StringLit) return e;
  if (e->kind != Expr::Identifier || e->symbol == nullptr || e->symbol->initializer == nullptr ||
      e->symbol->initializer->entries.size() != 1)
    return nullptr;
  const Expr *text = e->symbol->initializer->entries[0].value;
  return text->kind == Expr::StringLit ? text : nullptr;
}

// Where a conversion's text, format and argument stand in the calls of each helper; data: an array of 64-bit numbers.
struct Place {
  std::string_view helper;
  size_t format, first;
  bool is_data;
};
constexpr auto kPlaces = std::to_array<Place>({
    {"trace_printk", 0, 2, false},
    {"trace_vprintk", 0, 2, true},
    {"seq_printf", 1, 3, true},
    {"snprintf", 2, 3, true},
    {"spile_printf", 0, 2, true},
});

// The kernel's grammar: % [0 +-]* digits* then p[...], s, c, or l* and one of d i u x X.
Conversion read_conversion(std::string_view text, size_t at) {
  Conversion c;
  c.begin = at++;
  while (at < text.size() && std::string_view("0 +-").find(text[at]) != std::string_view::npos) at++;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') at++;
  while (at < text.size() && text[at] == 'l') at++, c.longs++;
  c.letter = at < text.size() ? text[at] : '\0';
  c.end = std::min(at + 1, text.size());
  if (c.letter == '%') return c;
  const bool is_number = c.letter != 0 && std::string_view("diuxX").find(c.letter) != std::string_view::npos;
  const bool is_other = c.longs == 0 && (c.letter == 's' || c.letter == 'p' || c.letter == 'c');
  c.is_known = (is_number && c.longs <= 2) || is_other;
  return c;
}

constexpr FormatRules kRules{read_conversion, true,
                             "the kernel knows `%d %i %u %x %X`, with `l` or `ll`, `%s`, `%c` and `%p…`"};

}  // namespace

// What goes into the array that the format's macro fills: the types are lost in it, so they are kept here.
void Analyzer::note_filled_parameter(const Expr *target, const Expr *value) {
  if (target->kind != Expr::Index || !target->b->is_constant) return;
  const Expr *array = without_casts(target->a);
  if (array->kind != Expr::Identifier || array->symbol == nullptr || array->symbol->name != "___param") return;
  auto &values = filled_parameters_[array->symbol];
  const auto index = static_cast<size_t>(target->b->value);
  constexpr size_t kMostParameters = 12;  // MAX_BPRINTF_VARARGS
  if (index >= kMostParameters) return;
  if (values.size() <= index) values.resize(index + 1);
  // The macro casts to a 64-bit number, but the argument is what stands inside.
  while ((value->kind == Expr::Cast || value->kind == Expr::ImplicitCast) && value->cast != CastKind::LvalueToRvalue &&
         value->cast != CastKind::ArrayToPointer && is_from_macro(value))
    value = value->a;
  values[index] = value;
}

void Analyzer::check_format(const Expr *e, const tables::Helper &helper) {
  const auto place = std::ranges::find(kPlaces, helper.name, &Place::helper);
  if (place == kPlaces.end() || e->args.size() < place->first) return;
  const Expr *literal = format_literal(e->args[place->format]);
  if (literal == nullptr) return;
  std::vector<const Expr *> values;
  if (!place->is_data) {
    for (size_t i = place->first; i < e->args.size(); i++) values.push_back(e->args[i]);
  } else if (e->args.size() > place->first) {
    const Expr *data = without_casts(e->args[place->first]);
    const auto filled =
        data->kind == Expr::Identifier ? filled_parameters_.find(data->symbol) : filled_parameters_.end();
    if (filled == filled_parameters_.end()) return;
    values = filled->second;
  }
  check_conversions(literal, values, kRules);
}

// [values]: what stands behind the format [literal], in its order; null where nobody knows it.
void Analyzer::check_conversions(const Expr *literal, std::span<const Expr *const> values, const FormatRules &rules) {
  const std::string_view text = literal->bytes.substr(0, literal->bytes.find('\0'));
  size_t next = 0;
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at)) {
    const Conversion c = rules.read(text, at);
    at = c.end;
    if (c.letter == '%') continue;
    const std::string_view spelled = text.substr(c.begin, c.end - c.begin);
    if (!c.is_known) {
      auto message = rules.is_kernels ? report<diag::FormatUnknown>(literal->range, spelled)
                                      : report<diag::PrintfUnknown>(literal->range, spelled);
      const bool is_floating = c.letter != 0 && std::string_view("fFgGeEaA").contains(c.letter);
      message.hint("{}", is_floating ? "there are no floating-point numbers: print the parts" : rules.known);
      return;
    }
    if (next >= values.size()) {
      report<diag::FormatArguments>(literal->range, spelled, values.size())
          .hint("give it a value behind the others, or leave `{}` out", spelled);
      return;
    }
    const Expr *value = values[next++];
    if (value == nullptr || types::is_error(value->type)) continue;
    if (rules.is_kernels)
      check_conversion(c, spelled, value);
    else
      check_printed(c, spelled, value);
  }
  if (next < values.size() && values[next] != nullptr)
    report<diag::FormatExtraArguments>(values[next]->range, next)
        .hint("add a `%` for it to the format, or leave the argument out");
}

void Analyzer::check_conversion(const Conversion &c, std::string_view spelled, const Expr *value) {
  const Type *t = value->type;
  // What was promoted for the call is judged as it was written.
  if (value->kind == Expr::ImplicitCast && value->cast == CastKind::IntegerToInteger) t = value->a->type;
  const std::string name = types::to_string(t);
  // The parentheses of a macro are no place to point at: its use is.
  const Range at = diags_.sources().expansion(value->range);
  if (c.letter == 's') {
    const bool is_text =
        types::is_pointer(t) && (types::size_of(types::base_of(t)) == 1 || types::is_void(types::base_of(t)));
    if (!is_text) {
      auto message = report<diag::Format>(at, spelled, "the address of characters", name);
      if (types::is_integer(t))
        message.hint("`%d` prints an integer{}", types::size_of(t) == 8 ? ", `%lld` one of 8 bytes" : "");
    }
    return;
  }
  if (c.letter == 'p') {
    if (types::is_integer(t) && types::size_of(t) < 8) report<diag::Format>(at, spelled, "a pointer", name);
    return;
  }
  if (types::is_pointer(t) && c.longs == 0) {
    const Type *pointee = types::base_of(t);
    const bool is_text = types::is_integer(pointee) && types::size_of(pointee) == 1;
    report<diag::Format>(at, spelled, "an integer", name)
        .hint("{}`%px` prints an address", is_text ? "`%s` prints characters, " : "");
  } else if (types::is_integer(t) && !types::is_int128(t) && types::size_of(t) == 8 && c.longs == 0 &&
             c.letter != 'c' && !value->is_constant) {
    report<diag::Format>(at, spelled, "4 bytes", name).hint("`%ll{}` prints 8 bytes", c.letter);
  }
}

}  // namespace spile::sema
