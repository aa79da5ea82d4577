// #define: reads a definition and prepares its body, so that substitution only copies. Also the predefined macros,
// which are read when they are first met, and those of the command line.
#include <algorithm>
#include <string>
#include <utility>

#include "frontend/pp/builtin_macros.h"
#include "frontend/pp/machine.h"
#include "frontend/pp/predefined.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/preprocess.def"
#include "support/diag_table.h"

namespace spile::pp {

static std::string quoted_token(const Token &token) {
  if (token.is(TokenKind::EndOfFile)) return "the end of the line";
  return "`" + std::string(token.spelling()) + "`";
}

// The macro that [name] stands for now; null when there is none.
Macro *Machine::macro_of(Name &name) {
  if (name.macro != Names::kLazy) {
    if (name.macro != nullptr && !name.macro->unread.empty()) read_unread(*name.macro);
    return name.macro;
  }
  name.macro = arena_.make<Macro>();
  name.macro->name = name.text;
  name.macro->is_predefined = true;
  name.macro->builtin = find_builtin_macro(name.text);
  const int64_t offset = predefined_offset(name.text);
  if (offset < 0 || predefined_file_ == nullptr) return name.macro;
  const std::string_view text = predefined_file_->text;
  const auto begin = static_cast<uint32_t>(offset);
  Lexer lexer(text.substr(begin), predefined_file_->begin + begin, names_, arena_, nullptr);
  lexer.begin_directive();
  Token token;
  lexer.lex(token);
  name.macro->name_range = token.range();
  read_definition(lexer, *name.macro);
  return name.macro;
}

void Machine::set_macro(Name &name, Macro *macro) {
  if (notes_macro_changes_) macro_changes_.push_back({&name, name.macro});
  name.macro = macro;
}

void Machine::read_unread(Macro &macro) {
  const std::string_view text = std::exchange(macro.unread, {});
  Lexer lexer(text, macro.name_range.end, names_, arena_, &diagnostics_);
  lexer.begin_directive();
  // With a fault in it it is defined all the same, as nothing; the fault has been reported.
  read_definition(lexer, macro);
}

std::optional<Token> Machine::read_macro_name(std::string_view after) {
  Token token;
  lexer().lex(token);
  if (token.name == 0) {
    diagnostics_.report<diag::ExpectedMacroName>(token.range(), after, quoted_token(token));
    return {};
  }
  if (token.spelling() == "defined" || token.spelling() == "__VA_OPT__") {
    diagnostics_.report<diag::ReservedMacroName>(token.range(), token.spelling());
    return {};
  }
  if (const Macro *macro = names_[token.name].macro; macro != nullptr && macro->is_poisoned) {
    diagnostics_.report<diag::PoisonedName>(token.range(), token.spelling());
    return {};
  }
  return token;
}

static bool same_definition(const Macro &a, const Macro &b) {
  if (a.is_function != b.is_function || a.is_variadic != b.is_variadic || a.builtin != b.builtin) return false;
  if (!std::ranges::equal(a.parameters, b.parameters)) return false;
  return std::ranges::equal(a.body, b.body, [&](const BodyToken &x, const BodyToken &y) {
    const bool is_first = &x == a.body.data();
    return x.token.spelling() == y.token.spelling() && x.stringify == y.stringify && x.paste_before == y.paste_before &&
           (is_first || x.token.has(kSpaceBefore) == y.token.has(kSpaceBefore));
  });
}

void Machine::define_directive() {
  const auto name = read_macro_name("#define");
  if (!name) return;
  Name &entry = names_[name->name];
  Macro macro{.name = entry.text, .name_range = name->range()};
  std::optional<std::string_view> unread;
  const bool may_wait = input().leaves_macros && entry.macro == nullptr && !name->has(kSynthetic);
  if (may_wait) unread = lexer().skip_directive();
  if (unread)
    macro.unread = *unread;
  else if (!read_definition(lexer(), macro))
    return;
  if (const Macro *old = macro_of(entry); old != nullptr && !same_definition(*old, macro)) {
    if (old->is_predefined) {
      diagnostics_.report<diag::BuiltinMacroRedefined>(name->range(), macro.name, "defined again");
    } else {
      auto builder = diagnostics_.report<diag::MacroRedefined>(name->range(), macro.name);
      report_definition(builder, *old);
    }
  }
  // A new Macro: the old one may be expanding right now (a directive among macro arguments).
  set_macro(entry, arena_.make<Macro>(macro));
  macro_filter_.add(entry.text);
}

// What follows the macro's name, to the end of the line.
bool Machine::read_definition(Lexer &lexer, Macro &macro) {
  Token token;
  lexer.lex(token);
  std::vector<uint32_t> parameters;
  if (token.is(TokenKind::LeftParen) && !token.has(kSpaceBefore)) {
    macro.is_function = true;
    if (!read_parameters(lexer, macro, parameters)) return false;
    lexer.lex(token);
  }
  macro.parameters = arena_.copy(parameters);
  return read_body(lexer, token, macro);
}

bool Machine::read_parameters(Lexer &lexer, Macro &macro, std::vector<uint32_t> &parameters) {
  Token token;
  const auto fail = [&](std::string_view expected) {
    diagnostics_.report<diag::BadMacroParameters>(token.range(), expected, macro.name, quoted_token(token));
    return false;
  };
  lexer.lex(token);
  if (token.is(TokenKind::RightParen)) return true;
  for (;;) {
    if (token.is(TokenKind::Ellipsis)) {
      macro.is_variadic = true;
      parameters.push_back(names_.intern("__VA_ARGS__").number);
    } else if (token.name != 0) {
      if (std::ranges::find(parameters, token.name) != parameters.end()) {
        diagnostics_.report<diag::DuplicateMacroParameter>(token.range(), macro.name, token.spelling());
        return false;
      }
      parameters.push_back(token.name);
    } else {
      return fail("a name, `...` or `)`");
    }
    lexer.lex(token);
    if (token.is(TokenKind::Ellipsis) && !macro.is_variadic) {  // GNU: `args...`
      macro.is_variadic = true;
      lexer.lex(token);
    }
    if (token.is(TokenKind::RightParen)) return true;
    if (!token.is(TokenKind::Comma) || macro.is_variadic) return fail(macro.is_variadic ? "`)`" : "`,` or `)`");
    lexer.lex(token);
  }
}

bool Machine::read_body(Lexer &lexer, Token token, Macro &macro) {
  std::vector<BodyToken> body;
  bool paste = false, stringify = false;
  Token hash;
  const bool has_rest_name = macro.is_variadic && names_[macro.parameters.back()].text == "__VA_ARGS__";
  constexpr size_t kNone = SIZE_MAX;
  size_t va_opt = kNone;  // where the __VA_OPT__ stands that is being read
  uint32_t depth = 0;     // of parentheses inside it
  for (; !token.is(TokenKind::EndOfFile); lexer.lex(token)) {
    if (va_opt != kNone && token.is(TokenKind::LeftParen)) depth++;
    if (va_opt != kNone && token.is(TokenKind::RightParen) && depth-- == 0) {
      if (!close_va_opt(body, va_opt, token, paste || stringify, macro)) return false;
      va_opt = kNone;
      continue;
    }
    if (token.is(TokenKind::HashHash)) {
      if (body.empty() || va_opt + 1 == body.size()) {
        diagnostics_.report<diag::PasteAtEdge>(token.range(), "beginning", macro.name);
        return false;
      }
      paste = true;
      hash = token;
      continue;
    }
    if (token.is(TokenKind::Hash) && macro.is_function && !stringify) {
      stringify = true;
      hash = token;
      continue;
    }
    BodyToken piece{token, -1, stringify, paste};
    if (token.name != 0) {
      const auto found = std::ranges::find(macro.parameters, token.name);
      if (found != macro.parameters.end()) piece.parameter = static_cast<int32_t>(found - macro.parameters.begin());
      if (piece.parameter < 0 && !has_rest_name && token.spelling() == "__VA_ARGS__")
        diagnostics_.report<diag::VaArgsOutsideVariadic>(token.range(), token.spelling());
      if (token.spelling() == "__VA_OPT__") {
        if (!macro.is_variadic) {
          diagnostics_.report<diag::VaArgsOutsideVariadic>(token.range(), token.spelling());
        } else {
          Token open;
          lexer.lex(open);
          if (va_opt != kNone || !open.is(TokenKind::LeftParen)) {
            diagnostics_.report<diag::BadVaOpt>(
                token.range(), va_opt != kNone ? "stands inside another one" : "is not followed by `(`");
            return false;
          }
          piece.is_va_opt = true;
          va_opt = body.size();
          depth = 0;
        }
      }
    }
    if (stringify && piece.parameter < 0 && !piece.is_va_opt) {
      diagnostics_.report<diag::HashWithoutParameter>(hash.range(), macro.name);
      return false;
    }
    if (stringify) piece.token.flags = hash.flags;
    if (body.empty()) piece.token.flags &= static_cast<uint8_t>(~kSpaceBefore);
    body.push_back(piece);
    paste = stringify = false;
  }
  if (paste || stringify) {
    if (paste) {
      diagnostics_.report<diag::PasteAtEdge>(hash.range(), "end", macro.name);
    } else {
      diagnostics_.report<diag::HashWithoutParameter>(hash.range(), macro.name);
    }
    return false;
  }
  if (va_opt != kNone) {
    diagnostics_.report<diag::BadVaOpt>(body[va_opt].token.range(), "has no closing `)`");
    return false;
  }
  macro.body = arena_.copy(body);
  return true;
}

// The `)` that ends the __VA_OPT__ at body[at].
bool Machine::close_va_opt(std::vector<BodyToken> &body, size_t at, const Token &paren, bool ends_with_paste,
                           Macro &macro) {
  if (ends_with_paste) {
    diagnostics_.report<diag::PasteAtEdge>(paren.range(), "end", "__VA_OPT__");
    return false;
  }
  body[at].va_opt_length = static_cast<uint32_t>(body.size() - at - 1);
  macro.has_va_opt = true;
  return true;
}

// What clang -mcpu=vN predefines.
struct CpuFeature {
  unsigned since;
  std::string_view name;
};
static constexpr CpuFeature kCpuFeatures[] = {
    {2, "JMP_EXT"}, {2, "MAY_GOTO"}, {3, "ALU32"}, {3, "JMP32"},     {4, "BSWAP"},
    {4, "GOTOL"},   {4, "LDSX"},     {4, "MOVSX"}, {4, "SDIV_SMOD"}, {4, "ST"},
};

// C23's keywords which older C has as macros or not at all.
struct NewKeyword {
  std::string_view spelling;
  TokenKind kind;
};
static constexpr NewKeyword kNewKeywords[] = {
    {"bool", TokenKind::Bool},
    {"static_assert", TokenKind::StaticAssert},
    {"alignas", TokenKind::Alignas},
    {"alignof", TokenKind::Alignof},
};

// What the version of the instruction set and of the language define, and -D and -U, as a file of directives that is
// read before the first line.
void Machine::define_command_line() {
  std::string text = "#define __BPF_CPU_VERSION__ " + std::to_string(options_.mcpu) + "\n";
  for (const CpuFeature &feature : kCpuFeatures)
    if (options_.mcpu >= feature.since) text += "#define __BPF_FEATURE_" + std::string(feature.name) + " 1\n";
  text += options_.optimize ? "#define __OPTIMIZE__ 1\n" : "#define __NO_INLINE__ 1\n";
  if (options_.c23) {
    for (const NewKeyword &keyword : kNewKeywords) names_.intern(keyword.spelling).kind = keyword.kind;
    text += "#define __STDC_VERSION__ 202311L\n#define true ((_Bool)1)\n#define false ((_Bool)0)\n";
  }
  for (const MacroOption &option : options_.macros) {
    std::string line = option.text;
    std::ranges::replace(line, '\n', ' ');
    const size_t equals = line.find('=');
    if (option.undefine) {
      text += "#undef " + line;
    } else if (equals == std::string::npos) {
      text += "#define " + line + " 1";
    } else {
      text += "#define " + line.substr(0, equals) + " " + line.substr(equals + 1);
    }
    text += '\n';
  }
  if (auto file = sources_.add("<command line>", std::move(text))) enter_file(**file, 0);
}

}  // namespace spile::pp
