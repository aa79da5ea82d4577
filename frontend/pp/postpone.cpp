// Which declarations of a header are postponed (postponed.h), and where they end.
//
// A scout runs over the characters of one declaration. It gives up, and the declaration is read as any other, at the
// first thing that it does not know for certain: a directive or a splice inside, a word that is a macro (but for a list
// of enumerators that is one, and those in a record that can only be parts of members), a name that has been met
// before, a body of a function, several declarators, something that puts bytes into the object.
#include <algorithm>
#include <array>
#include <cstring>
#include <ranges>
#include <string>
#include <utility>

#include "frontend/pp/characters.h"
#include "frontend/pp/machine.h"
#include "frontend/pp/postponed.h"
#include "frontend/pp/predefined.h"

namespace spile::pp {

namespace {

// Words whose meaning decides what is declared, or that are followed by parentheses of their own.
enum class Word : uint8_t { Plain, Typedef, Storage, Struct, Union, Enum, Attribute, Label, Unknown };

Word word_of(std::string_view word) {
  switch (word.size()) {
    case 3:
      return word == "asm" ? Word::Label : Word::Plain;
    case 4:
      return word == "enum" ? Word::Enum : word == "auto" ? Word::Unknown : Word::Plain;
    case 5:
      return word == "union" ? Word::Union : word == "__asm" ? Word::Label : Word::Plain;
    case 6:
      if (word == "struct") return Word::Struct;
      return word == "static" || word == "extern" ? Word::Storage : word == "typeof" ? Word::Unknown : Word::Plain;
    case 7:
      if (word == "typedef") return Word::Typedef;
      return word == "__asm__" ? Word::Label : word == "_Atomic" ? Word::Unknown : Word::Plain;
    case 8:
      return word == "__typeof" || word == "_Alignas" || word == "register" ? Word::Unknown : Word::Plain;
    default:
      if (word == "__attribute__" || word == "__attribute") return Word::Attribute;
      return word.starts_with("__typeof") || word == "typeof_unqual" || word == "_Thread_local" || word == "__thread" ||
                     word == "_Static_assert" || word == "__auto_type"
                 ? Word::Unknown
                 : Word::Plain;
  }
}

}  // namespace

// Reads one declaration from its first character on.
class Machine::Scout {
 public:
  Scout(Machine &machine, const char *begin, const char *end) : machine_(machine), at_(begin), end_(end) {}

  // Whether it may be postponed; then its names (scouted_names_) and its end are known.
  bool declaration();

  std::string_view record_tag;     // of `struct TAG { ... } attributes;`
  bool is_type = false;            // it declares types or enumerators, and not a function or a variable
  bool has_macros = false;         // in the body
  bool has_unknown_names = false;  // enumerators that macros make
  bool is_unterminated = false;    // the text ended before the declaration did
  const char *end() const { return at_; }

 private:
  // What comes next: a character of punctuation, 'w' for a word (in word_), '0' for a number, '"' for a string, where
  // they are taken 'm' for a word that is a macro; 0 when the scout gives up.
  char next();
  char peek();
  bool skip_group();
  bool members();
  bool enumerators();
  bool enumerators_of_macro();
  bool specifier_with_tag(Word kind);
  bool declarator_in_parentheses();
  bool declare(std::string_view name, Postponed::Kind kind);
  bool fail() { return false; }

  Machine &machine_;
  const char *at_, *end_;
  std::string_view word_;
  std::string_view tag_;  // of the last body
  bool has_body_ = false, is_record_ = false;
  bool takes_macros_ = false;
};

char Machine::Scout::next() {
  // A pointer of its own: the characters may be any bytes, at_ too, which would be stored and loaded at each of them.
  const char *p = at_;
  const auto stop_at = [&](const char *place, char result) {
    at_ = place;
    return result;
  };
  for (;;) {
    const char c = *p;
    const uint8_t c_class = class_of(c);
    if ((c_class & kLetter) != 0) {
      const char *begin = p;
      do p++;
      while (is_word(*p));
      at_ = p;
      word_ = {begin, static_cast<size_t>(p - begin)};
      if (*p == '"' || *p == '\'' || *p == '\\') return 0;  // L"..."
      if (!machine_.may_be_macro(word_)) return 'w';
      return takes_macros_ ? 'm' : 0;
    }
    if (c_class == kBlank) {
      p++;
      continue;
    }
    if (c_class == kDigit) {
      // Signs may be parts of a number too (1e+5), which makes no difference here.
      do p++;
      while (is_word(*p) || *p == '.');
      return stop_at(p, *p == '\\' || *p == '\'' ? 0 : '0');
    }
    switch (c) {
      case '\n':
        p++;
        continue;
      case '/':
        if (p[1] == '/') {
          p = static_cast<const char *>(std::memchr(p, '\n', static_cast<size_t>(end_ - p)));
          if (p == nullptr || p[-1] == '\\' || p[-1] == '\r') return is_unterminated = true, stop_at(end_, 0);
          continue;
        }
        if (p[1] == '*') {
          for (p += 2;; p++) {
            p = static_cast<const char *>(std::memchr(p, '*', static_cast<size_t>(end_ - p)));
            if (p == nullptr || p[1] == '\\') return is_unterminated = true, stop_at(end_, 0);
            if (p[1] == '/') break;
          }
          p += 2;
          continue;
        }
        return stop_at(p + 1, c);
      case '<':
      case ':':
      case '%':
        p++;
        return stop_at(p, *p == ':' || *p == '%' || *p == '>' ? 0 : c);  // 0: a digraph
      case '(':
      case ')':
      case '[':
      case ']':
      case '{':
      case '}':
      case ';':
      case ',':
      case '*':
      case '=':
      case '+':
      case '-':
      case '|':
      case '&':
      case '~':
      case '^':
      case '!':
      case '>':
      case '.':
      case '?':
        return stop_at(p + 1, c);
      case '"':
        for (p++; *p != '"'; p++)
          if (*p == '\\' || *p == '\n' || p >= end_) return stop_at(p, 0);
        return stop_at(p + 1, c);
      default:
        is_unterminated = p >= end_;
        return stop_at(p, 0);
    }
  }
}

char Machine::Scout::peek() {
  const char *at = at_;
  const std::string_view word = word_;
  const char c = next();
  at_ = at;
  word_ = word;
  return c;
}

bool Machine::Scout::declare(std::string_view name, Postponed::Kind kind) {
  // A keyword is a name that has been met, too.
  const uint32_t hash = Names::hash(name);
  if (name.empty() || machine_.names_.find(name, hash) != nullptr) return fail();
  machine_.scouted_names_.push_back({name, hash, kind});
  return true;
}

// To the partner of a parenthesis or bracket that was read.
bool Machine::Scout::skip_group() {
  for (uint32_t depth = 1; depth != 0;) {
    switch (next()) {
      case 0:
      case '{':
      case '}':
      case ';':
        return fail();
      case '(':
      case '[':
        depth++;
        break;
      case ')':
      case ']':
        depth--;
        break;
      default:
        break;
    }
  }
  return true;
}

// The members of a record, behind its `{`. A tag that is defined among them belongs to the file: such a record declares
// more than its own tag, and is read.
bool Machine::Scout::members() {
  uint32_t depth = 1;
  for (;;) {
    takes_macros_ = true;
    switch (next()) {
      case 0:
        return fail();
      case '{':
        depth++;
        break;
      case '}':
        if (--depth != 0) break;
        takes_macros_ = false;
        return true;
      case 'm':
        if (!machine_.may_be_in_members(word_)) return fail();
        has_macros = true;
        break;
      case 'w': {
        const Word kind = word_of(word_);
        if (kind == Word::Unknown) return fail();
        if (kind != Word::Struct && kind != Word::Union && kind != Word::Enum) break;
        const char *at = at_;
        char c = next();
        if (c == 'w') {
          if (word_of(word_) == Word::Attribute) return fail();
          at = at_;
          c = next();
          if (c == '{' || (c == ':' && kind == Word::Enum)) return fail();
        } else if (c != '{' || kind == Word::Enum) {
          return fail();
        }
        if (c == 0) return fail();
        at_ = at;
        break;
      }
      default:
        break;
    }
  }
}

// Behind the name of a macro: `(F)` with macros for its arguments, so that it is a list that others use, too.
bool Machine::Scout::enumerators_of_macro() {
  if (!machine_.may_make_enumerators(word_) || next() != '(') return fail();
  for (;;) {
    if (next() != 'm' || !machine_.may_make_enumerators(word_)) return fail();
    const char c = next();
    if (c == ')') return true;
    if (c != ',') return fail();
  }
}

// The enumerators behind `{`: each name that follows the brace or a comma between them, and those that macros make.
bool Machine::Scout::enumerators() {
  uint32_t depth = 0;
  for (bool wants_name = true;;) {
    takes_macros_ = wants_name;
    const char c = next();
    if (c == 0 || c == '{' || c == ';') return fail();
    if (c == '}') {
      takes_macros_ = false;
      return depth == 0;
    }
    if (wants_name) {
      if (c == 'm') {
        if (!enumerators_of_macro()) return fail();
        has_macros = has_unknown_names = true;
        continue;
      }
      if (c == ',' && has_unknown_names) continue;  // behind the list
      if (c != 'w' || !declare(word_, Postponed::Kind::Other)) return fail();
      wants_name = false;
    } else if (c == '(') {
      depth++;
    } else if (c == ')') {
      depth--;
    } else if (c == ',' && depth == 0) {
      wants_name = true;
    }
  }
}

// Behind `struct`, `union` or `enum`.
bool Machine::Scout::specifier_with_tag(Word kind) {
  std::string_view tag;
  char c = next();
  if (c == 'w') {
    tag = word_;
    if (word_of(tag) != Word::Plain) return fail();
    const char *at = at_;
    c = next();
    if (c != '{') {
      at_ = at;
      tag_ = tag;
      return c != 0 && !(c == ':' && kind == Word::Enum);
    }
  }
  if (c != '{' || has_body_) return fail();
  has_body_ = true;
  is_record_ = kind != Word::Enum;
  tag_ = tag;
  if (!tag.empty() && !declare(tag, Postponed::Kind::Tag)) return fail();
  return is_record_ ? members() : enumerators();
}

// (*name), (*const name), (*name[2]): behind the parenthesis.
bool Machine::Scout::declarator_in_parentheses() {
  if (next() != '*') return fail();
  std::string_view name;
  for (;;) {
    const char c = next();
    if (c == 'w') {
      const bool is_qualifier = word_ == "const" || word_ == "volatile" || word_ == "restrict" || word_ == "__restrict";
      if (is_qualifier && name.empty()) continue;
      if (!name.empty() || word_of(word_) != Word::Plain) return fail();
      name = word_;
    } else if (c == '[' && !name.empty()) {
      if (!skip_group()) return fail();
    } else if (c == ')') {
      word_ = name;
      return !name.empty();
    } else {
      return fail();
    }
  }
}

// `const`, `inline`: keywords that leave it to the next word to be a type.
static bool is_keyword_beside_types(std::string_view word) {
  constexpr std::string_view kWords[] = {"const",    "volatile",   "restrict",     "inline",       "_Noreturn",
                                         "__const",  "__const__",  "__volatile",   "__volatile__", "__restrict",
                                         "__inline", "__inline__", "__extension__"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

bool Machine::Scout::declaration() {
  bool is_typedef = false, is_static = false, has_storage = false, has_tag = false, has_attribute = false;
  bool has_type = false;      // before [last]
  std::string_view last;      // the last word: the name, unless it is a part of the type
  std::string_view declared;  // the name, once it is certain
  for (bool is_first = true;; is_first = false) {
    const char c = next();
    if (c == 'w') {
      const Word kind = word_of(word_);
      switch (kind) {
        case Word::Typedef:
          if (!is_first) return fail();
          is_typedef = true;
          break;
        case Word::Storage:
          if (!is_first) return fail();
          has_storage = true;
          is_static = word_ == "static";
          break;
        case Word::Struct:
        case Word::Union:
        case Word::Enum:
          if (has_tag || !declared.empty() || !specifier_with_tag(kind)) return fail();
          has_tag = has_type = true;
          last = {};
          break;
        case Word::Attribute:
        case Word::Label:
          has_attribute = true;
          if (next() != '(' || !skip_group()) return fail();
          break;
        case Word::Plain:
          if (!declared.empty()) return fail();
          has_type |= !last.empty() && !is_keyword_beside_types(last);
          last = word_;
          break;
        case Word::Unknown:
          return fail();
      }
    } else if (c == '*') {
      if (!declared.empty()) return fail();
      has_type = true;
      last = {};
    } else if (c == '(' || c == '[') {
      if (declared.empty() && c == '(' && peek() == '*') {
        if (!declarator_in_parentheses()) return fail();
        declared = word_;
        continue;
      }
      // In `T (name)(int)` the last word is a type.
      if (declared.empty() && has_type) declared = last;
      if (declared.empty() || !skip_group()) return fail();
    } else if (c == '=' && has_storage) {
      if (declared.empty()) declared = last;
      for (uint32_t depth = 0;;) {
        const char inner = next();
        if (inner == 0 || (depth == 0 && inner == ',')) return fail();
        if (inner == ';' && depth == 0) break;
        depth += inner == '(' || inner == '{' || inner == '[';
        depth -= inner == ')' || inner == '}' || inner == ']';
      }
      break;
    } else if (c == ';') {
      break;
    } else {
      return fail();
    }
  }
  if (declared.empty()) declared = last;
  if (is_typedef) {
    is_type = true;
    return declare(declared, Postponed::Kind::Typedef);
  }
  if (has_storage) {
    // A static variable with attributes may be one that is kept; a body declares more.
    if (has_body_ || (is_static && has_attribute)) return fail();
    return declare(declared, Postponed::Kind::Other);
  }
  // `struct s;`, `struct s { ... };`, `enum { ... };`
  if (!declared.empty() || !has_tag) return fail();
  is_type = true;
  if (!has_body_) return declare(tag_, Postponed::Kind::Tag);
  if (is_record_) record_tag = tag_;
  return !is_record_ || !tag_.empty();
}

// A word that is a macro here, or that shares the place of one in the filter.
bool Machine::may_be_macro(std::string_view word) const {
  if (!macro_filter_.contains(word)) return false;
  const Name *name = names_.find(word);
  return name != nullptr ? name->macro != nullptr : is_predefined(word);
}

// Whether [word], a macro, can stand for enumerators: it closes no brace, and computes nothing that depends on when it
// is expanded.
bool Machine::may_make_enumerators(std::string_view word) const {
  const Name *name = names_.find(word);
  if (name == nullptr || name->macro == nullptr || name->macro == Names::kLazy) return false;
  const Macro &macro = *name->macro;
  if (macro.builtin != BuiltinMacro::None || macro.is_poisoned) return false;
  return std::ranges::none_of(std::string_view("{};"), [&](char c) { return macro.unread.contains(c); }) &&
         std::ranges::none_of(macro.body, [](const BodyToken &piece) {
           const TokenKind kind = piece.token.kind;
           return kind == TokenKind::LeftBrace || kind == TokenKind::RightBrace || kind == TokenKind::Semi;
         });
}

// Whether [word], a macro, can only stand for parts of members: it closes what it opens, names no record that it could
// declare, and computes nothing that depends on when it is expanded.
bool Machine::may_be_in_members(std::string_view word) {
  size_t budget = kMostMemberTokens;
  const Name *name = names_.find(word);
  return name != nullptr && may_be_in_members(names_[name->number], budget);
}

bool Machine::may_be_in_members(Name &name, size_t &budget) {
  using enum TokenKind;
  const Macro *macro = macro_of(name);
  if (macro == nullptr || macro->builtin != BuiltinMacro::None || macro->is_poisoned) return false;
  int64_t depth = 0;
  for (const BodyToken &piece : macro->body) {
    if (budget-- == 0 || piece.paste_before) return false;
    const TokenKind kind = piece.token.kind;
    if (kind == Struct || kind == Enum || kind == Hash) return false;
    if (kind == LeftBrace || kind == LeftParen || kind == LeftBracket) depth++;
    if ((kind == RightBrace || kind == RightParen || kind == RightBracket) && --depth < 0) return false;
    if (piece.token.name == 0 || piece.parameter >= 0) continue;
    Name &inner = names_[piece.token.name];
    // Its own name stays as it is.
    if (inner.macro != nullptr && &inner != &name && !may_be_in_members(inner, budget)) return false;
  }
  return depth == 0;
}

// Whether the tokens put out so far end behind a declaration of the file's scope.
bool Machine::is_between_declarations() {
  using enum TokenKind;
  if (boundary_.at > out_.size()) boundary_ = {};
  for (; boundary_.at < out_.size(); boundary_.at++) {
    const Token &token = out_[boundary_.at];
    if (token.kind == LeftBrace || token.kind == LeftParen) {
      if (boundary_.depth == 0) boundary_.is_body = token.kind == LeftBrace && boundary_.last == RightParen;
      boundary_.depth++;
    } else if (token.kind == RightBrace || token.kind == RightParen) {
      boundary_.depth--;
    }
    if (!token.is_pragma()) boundary_.last = token.kind;
  }
  if (boundary_.depth != 0) return false;
  return boundary_.last == EndOfFile || boundary_.last == Semi || (boundary_.last == RightBrace && boundary_.is_body);
}

// The last token begins a line of a header, and may begin a declaration that can be postponed. So may those behind it.
void Machine::postpone_declarations() {
  Input &file = input();
  const Token first = out_.back();
  if (first.text < file.scouted) return;
  if (first.kind != TokenKind::Typedef && first.kind != TokenKind::Extern && first.kind != TokenKind::Static &&
      first.kind != TokenKind::Struct && first.kind != TokenKind::Union && first.kind != TokenKind::Enum)
    return;
  out_.pop_back();
  const char *text_end = file.file->text.data() + file.file->text.size();
  const char *at = first.text;
  if (is_between_declarations()) {
    while (const char *end = postpone_one(at, text_end)) {
      at = end;
      while (class_of(*end) == kBlank || *end == '\n') end++;
      // The rest of the way is the lexer's: comments, directives, what stands on the same line.
      if (*end != 's' && *end != 't' && *end != 'u' && *end != 'e') break;
      if (std::memchr(at, '\n', static_cast<size_t>(end - at)) == nullptr) break;
      at = end;
    }
  }
  if (at == first.text) {
    out_.push_back(first);
    return;
  }
  lexer().move_to(at);
  // No token tells of them: what is around them is no guard of the file.
  if (file.guard_state != GuardState::Inside) file.guard_state = GuardState::None;
}

// The end of the declaration at [begin], which is postponed now; null when it must be read.
const char *Machine::postpone_one(const char *begin, const char *text_end) {
  Input &file = input();
  scouted_names_.clear();
  Scout scout(*this, begin, text_end);
  if (!scout.declaration() || (has_import_ && scout.is_type && !file.is_apart)) {
    file.scouted = begin + 1;
    if (scout.is_unterminated) file.may_postpone = false;
    return nullptr;
  }
  postponed_->add({.text = {begin, static_cast<size_t>(scout.end() - begin)},
                   .file_end = text_end,
                   .loc = file.file->begin + static_cast<uint32_t>(begin - file.file->text.data()),
                   .pack = pack_,
                   .preserves_access_index = preserve_access_index_,
                   .is_record = !scout.record_tag.empty(),
                   .tag = scout.record_tag,
                   .has_macros = scout.has_macros,
                   .has_unknown_names = scout.has_unknown_names,
                   .macro_changes = static_cast<uint32_t>(macro_changes_.size())});
  notes_macro_changes_ |= scout.has_macros;
  for (const ScoutedName &named : scouted_names_) postponed_->add_name(named.name, named.hash, named.kind);
  return scout.end();
}

// As the preprocessor would have read it in its place: with the macros of that place.
std::vector<Token> Machine::expand(const Postponed::Declaration &declaration) {
  const std::span later = std::span(macro_changes_).subspan(declaration.macro_changes);
  const auto exchange = [](MacroChange &change) { std::swap(change.name->macro, change.other); };
  notes_macro_changes_ = false;  // the file's end has been reached
  std::ranges::for_each(later | std::views::reverse, exchange);
  // The lexer needs a text that ends where the declaration does.
  const std::string_view text = keep(std::string(declaration.text) + '\0').substr(0, declaration.text.size());
  const SourceManager::File *file = sources_.file_of(declaration.loc);
  inputs_.push_back(std::make_unique<Input>(Input{
      .file = file,
      .lexer = Lexer(text, declaration.loc, names_, arena_, &diagnostics_),
      .path = file->path,
      .directory = 0,
      .first_token = 0,
      .first_conditional = 0,
      .guard_state = GuardState::None,
  }));
  lex_inputs();
  std::ranges::for_each(later, exchange);
  Token &end = out_.emplace_back();
  end.text = declaration.text.data() + declaration.text.size();
  end.loc = declaration.loc + static_cast<uint32_t>(declaration.text.size());
  return std::exchange(out_, {});
}

}  // namespace spile::pp
