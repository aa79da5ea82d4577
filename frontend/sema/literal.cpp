// Literals: integers with their types (C11 6.4.4.1), characters and strings with their escapes.
#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string &out, uint32_t c) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

void append_unit(std::string &out, uint32_t c, unsigned unit) {
  for (unsigned i = 0; i < unit; i++) out.push_back(static_cast<char>(c >> (8 * i)));
}

// One character of UTF-8 from text[i] on; a byte that is none stands for itself.
uint32_t take_utf8(std::string_view text, size_t &i) {
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  const uint32_t first = byte(i);
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  uint32_t c = more == 3 ? first & 7 : more == 2 ? first & 15 : more == 1 ? first & 31 : first;
  for (int k = 1; k <= more; k++) {
    if ((byte(i + static_cast<size_t>(k)) & 0xc0) != 0x80) {
      i++;
      return first;
    }
    c = c << 6 | (byte(i + static_cast<size_t>(k)) & 0x3f);
  }
  i += static_cast<size_t>(more) + 1;
  return c;
}

}  // namespace

void Analyzer::integer_literal(Expr *e) {
  std::string text;
  for (const char c : e->text)
    if (c != '\'') text.push_back(c);  // C23: digit separators
  unsigned base = 10;
  size_t i = 0;
  if (text.size() > 1 && text[0] == '0') {
    if (text[1] == 'x' || text[1] == 'X')
      base = 16, i = 2;
    else if (text[1] == 'b' || text[1] == 'B')
      base = 2, i = 2;
    else
      base = 8, i = 1;
  }
  const size_t first_digit = i;
  uint64_t v = 0;
  bool overflow = false;
  for (; i < text.size(); i++) {
    const int digit = digit_of(text[i]);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) break;
    overflow |= v > (~uint64_t{0} - static_cast<uint64_t>(digit)) / base;
    v = v * base + static_cast<uint64_t>(digit);
  }
  bool is_unsigned = false;
  int longs = 0;
  bool bad = base != 8 && base != 10 && i == first_digit;
  for (size_t at = i; at < text.size() && !bad; at++) {
    const char c = text[at];
    if ((c == 'u' || c == 'U') && !is_unsigned)
      is_unsigned = true;
    else if ((c == 'l' || c == 'L') && longs == 0) {
      longs = 1;
      if (at + 1 < text.size() && text[at + 1] == c) longs = 2, at++;
    } else
      bad = true;
  }
  e->type = types_.int_type();
  if (bad) {
    report<diag::BadInteger>(e->range, e->text);
    poison(e);
    return;
  }
  if (overflow) {
    report<diag::IntegerTooLarge>(e->range, e->text);
    poison(e);
    return;
  }
  // The first type that holds it; a decimal without u stays signed while it can.
  const bool may_be_unsigned = is_unsigned || base != 10;
  if (longs == 0 && !is_unsigned && v <= INT32_MAX)
    e->type = types_.int_type();
  else if (longs == 0 && may_be_unsigned && v <= UINT32_MAX)
    e->type = types_.basic(Kind::UInt);
  else if (!is_unsigned && v <= INT64_MAX)
    e->type = types_.basic(longs == 2 ? Kind::LongLong : Kind::Long);
  else
    e->type = types_.basic(longs == 2 ? Kind::ULongLong : Kind::ULong);
  set_constant(e, v);
}

// The text between the quotes as bytes, [unit] bytes for each character.
std::string Analyzer::decode(std::string_view body, unsigned unit, Range at) {
  std::string out;
  for (size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      if (unit == 1)
        out.push_back(body[i++]);
      else
        append_unit(out, take_utf8(body, i), unit);
      continue;
    }
    i++;
    if (i >= body.size()) break;
    const char c = body[i++];
    uint32_t v = 0;
    switch (c) {
      case 'n':
        v = '\n';
        break;
      case 't':
        v = '\t';
        break;
      case 'r':
        v = '\r';
        break;
      case 'a':
        v = '\a';
        break;
      case 'b':
        v = '\b';
        break;
      case 'f':
        v = '\f';
        break;
      case 'v':
        v = '\v';
        break;
      case 'e':
        v = 27;
        break;  // GNU
      case '\\':
      case '\'':
      case '"':
      case '?':
        v = static_cast<unsigned char>(c);
        break;
      case 'x': {
        const size_t start = i;
        uint64_t wide = 0;
        while (i < body.size() && digit_of(body[i]) >= 0)
          wide = (wide << 4 | static_cast<uint64_t>(digit_of(body[i++]))) & 0xffff'ffff'ffffu;
        if (i == start || wide >> (8 * unit) != 0) report<diag::BadEscape>(at, body.substr(start - 2, i - start + 2));
        v = static_cast<uint32_t>(wide);
        break;
      }
      case 'u':
      case 'U': {
        const size_t digits = c == 'u' ? 4 : 8;
        size_t n = 0;
        while (n < digits && i < body.size() && digit_of(body[i]) >= 0)
          v = v << 4 | static_cast<uint32_t>(digit_of(body[i++])), n++;
        if (n != digits || v > 0x10ffff) report<diag::BadEscape>(at, body.substr(i - n - 2, n + 2));
        if (unit == 1) {
          append_utf8(out, v);
          continue;
        }
        break;
      }
      default:
        if (c >= '0' && c <= '7') {
          v = static_cast<uint32_t>(c - '0');
          for (int n = 1; n < 3 && i < body.size() && body[i] >= '0' && body[i] <= '7'; n++)
            v = v << 3 | static_cast<uint32_t>(body[i++] - '0');
          if (unit == 1 && v > 255) report<diag::BadEscape>(at, "octal");
        } else {
          report<diag::BadEscape>(at, body.substr(i - 2, 2));
          v = static_cast<unsigned char>(c);
        }
    }
    append_unit(out, v, unit);
  }
  return out;
}

// The prefix of a literal: bytes for each character.
static unsigned unit_of(std::string_view spelled) {
  if (spelled.starts_with('L') || spelled.starts_with('U')) return 4;
  if (spelled.starts_with('u') && !spelled.starts_with("u8")) return 2;
  return 1;
}

static std::string_view between_quotes(std::string_view spelled, char quote) {
  const size_t begin = spelled.find(quote), end = spelled.rfind(quote);
  return begin == std::string_view::npos || end <= begin ? std::string_view{}
                                                         : spelled.substr(begin + 1, end - begin - 1);
}

void Analyzer::char_literal(Expr *e) {
  const unsigned unit = unit_of(e->text);
  e->type = unit == 1 ? types_.int_type()
                      : types_.basic(unit == 4 ? (e->text[0] == 'L' ? Kind::Int : Kind::UInt) : Kind::UShort);
  const std::string bytes = decode(between_quotes(e->text, '\''), unit, e->range);
  if (bytes.empty()) {  // the preprocessor has reported it
    poison(e);
    return;
  }
  uint64_t v = 0;
  if (unit == 1) {
    if (bytes.size() > 4) report<diag::LongCharacter>(e->range);
    for (const char c : bytes) v = v << 8 | static_cast<unsigned char>(c);
    if (bytes.size() == 1) v = static_cast<uint64_t>(static_cast<int64_t>(static_cast<signed char>(bytes[0])));
  } else {
    for (unsigned i = 0; i < unit; i++) v |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  set_constant(e, v);
}

std::string Analyzer::decode_piece(std::string_view spelled, Range at) {
  return decode(between_quotes(spelled, '"'), unit_of(spelled), at);
}

void Analyzer::string_literal(Expr *e) {
  if (e->type != nullptr) return;
  std::string_view single[] = {e->text};
  const std::span<std::string_view> pieces = e->pieces.empty() ? std::span<std::string_view>(single) : e->pieces;
  unsigned unit = 1;
  bool is_wide = false;
  for (const std::string_view piece : pieces) {
    unit = std::max(unit, unit_of(piece));
    is_wide |= piece.starts_with('L');
  }
  std::string bytes;
  for (const std::string_view piece : pieces) bytes += decode(between_quotes(piece, '"'), unit, e->range);
  e->bytes = arena_.copy(std::string_view(bytes));
  const Kind element = unit == 1 ? Kind::Char : unit == 2 ? Kind::UShort : is_wide ? Kind::Int : Kind::UInt;
  e->type = types_.array_of(types_.basic(element), bytes.size() / unit + 1);
  e->is_lvalue = true;
}

}  // namespace spile::sema
