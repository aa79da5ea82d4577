// The formats of printf() in spile.h against their arguments. What a conversion cannot print stays in the text as it is
// written (runtime/session/format_text.h), which nobody wants.
#include <algorithm>
#include <vector>

#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::CastKind;
using ast::without_casts;

namespace {

// What an argument is for printf(): its macros tell them apart the same way.
enum class Printed { Number, Text, Bytes, Address };

// A struct of up to 8 bytes travels as a number.
constexpr uint64_t kMostOfNumber = 8;

Printed printed_as(const Type *t) {
  const auto is_plain_char = [](const Type *of) { return of->plain->kind == Kind::Char; };
  if (types::is_array(t))
    return is_plain_char(types::base_of(t))         ? Printed::Text
           : types::size_of(types::base_of(t)) == 1 ? Printed::Bytes
                                                    : Printed::Address;
  if (types::is_pointer(t)) return is_plain_char(types::base_of(t)) ? Printed::Text : Printed::Address;
  if (types::is_record(t) && types::is_complete(t) && types::size_of(t) > kMostOfNumber) return Printed::Bytes;
  return Printed::Number;
}

// As it was written: before arrays became pointers and small integers `int`.
const Type *type_as_written(const Expr *value) {
  while (value->kind == Expr::ImplicitCast &&
         (value->cast == CastKind::ArrayToPointer || value->cast == CastKind::IntegerToInteger))
    value = value->a;
  return value->type;
}

// Whether it is a field of a system call's record: what that points to lies in the task.
bool is_address_of_task(const Expr *value) {
  value = without_casts(value);
  if (value->kind != Expr::Member || !value->is_arrow || !types::is_pointer(value->type)) return false;
  const Type *pointer = value->a->type;
  return types::is_pointer(pointer) && types::is_record(types::base_of(pointer)) &&
         types::base_of(pointer)->plain->record->tag.starts_with("sys_enter_");
}

// % [-+ #0]* digits* [. digits*] [lhzjt]* letter, and what stands behind a %p.
Conversion read_conversion(std::string_view text, size_t at) {
  Conversion c;
  c.begin = at++;
  const auto skip = [&](std::string_view set) {
    while (at < text.size() && set.find(text[at]) != std::string_view::npos) at++;
  };
  skip("-+ #0");
  skip("0123456789");
  if (at < text.size() && text[at] == '.') at++, skip("0123456789");
  skip("lhzjt");
  c.letter = at < text.size() ? text[at++] : '\0';
  if (c.letter == 'p')
    for (const std::string_view known : {"I4", "I6", "M", "h", "e", "t", "T"})
      if (text.substr(at).starts_with(known)) {
        c.extension = known;
        at += known.size();
        break;
      }
  c.end = at;
  constexpr std::string_view kLetters = "%diuxXocsp";
  c.is_known = c.letter != 0 && kLetters.contains(c.letter);
  return c;
}

constexpr FormatRules kRules{
    read_conversion, false,
    "there are `%d %i %u %x %X %o %c %s %p`, `%pI4 %pI6 %pM %ph %pe %pt %pT`; `%%` prints a `%`"};

struct Wanted {
  std::string_view what;
  size_t bytes;  // at least; 0: any number
};
// What %pI4 and its kin print of the bytes that they are given.
Wanted wanted_bytes(std::string_view extension) {
  if (extension == "I4") return {"an address of 4 bytes", 4};
  if (extension == "I6") return {"an address of 16 bytes", 16};
  if (extension == "M") return {"an address of 6 bytes", 6};
  return {"bytes", 0};
}

}  // namespace

void Analyzer::check_printf(const Expr *call) {
  const Expr *literal = without_casts(call->args[0]);
  if (literal->kind != Expr::StringLit) {
    report<diag::PrintfFormat>(diags_.sources().expansion(literal->range))
        .hint("`printf(\"%s\\n\", text)` prints a text, `printf(\"%d\\n\", x)` a number");
    return;
  }
  const std::vector<const Expr *> values(call->args.begin() + 1, call->args.end());
  check_conversions(literal, values, kRules);
}

void Analyzer::check_printed(const Conversion &c, std::string_view spelled, const Expr *value) {
  const Type *t = type_as_written(value);
  if (types::is_error(t)) return;
  if (c.extension == "T") {
    if (types::is_pointer(t) && types::is_record(types::base_of(t)))
      report<diag::Format>(diags_.sources().expansion(value->range), spelled, "a value by its type",
                           types::to_string(t))
          .hint("what it points to is printed when it is given `*p`");
    return;
  }
  const Printed printed = printed_as(t);
  const std::string name = types::to_string(t);
  const Range where = diags_.sources().expansion(value->range);
  if (c.letter == 's' && is_address_of_task(value)) {
    report<diag::PrintfOfTask>(where, spelled, diags_.sources().text(where))
        .hint("`str({})` is the string there", diags_.sources().text(where));
  } else if (c.letter == 's') {
    if (printed == Printed::Text || (printed == Printed::Bytes && types::is_record(t))) return;
    auto message = report<diag::Format>(where, spelled, "characters", name);
    if (printed == Printed::Number)
      message.hint(
          "`%d` prints a number, `str(x)` is the string at an address of the task, `kstr(x)` at one of the kernel");
    else
      message.hint("`str(x)` is the string at an address of the task, `kstr(x)` at one of the kernel");
  } else if (c.extension.empty() || c.extension == "e" || c.extension == "t") {
    if (printed == Printed::Number || (printed == Printed::Address && types::is_pointer(t))) return;
    const bool is_text = printed == Printed::Text;
    report<diag::Format>(where, spelled, "a number", name)
        .hint("{}", is_text ? "`%s` prints characters" : "`%pT` prints a struct by its type, `%ph` bytes");
  } else {
    const Wanted wanted = wanted_bytes(c.extension);
    const bool is_pointer = types::is_pointer(t);
    const bool is_too_small = types::is_complete(t) && types::size_of(t) < wanted.bytes;
    if (!is_pointer && !is_too_small) return;
    auto message = report<diag::Format>(where, spelled, wanted.what, name);
    if (is_pointer) message.hint("what it points to is printed: give it `*p`, or an array");
  }
}

}  // namespace spile::sema
