// Machine: the state of one preprocessing run. Its member functions are spread over the files of this folder by what
// they do: preprocessor.cpp drives, directives.cpp and pragma.cpp execute `#` lines, define.cpp reads macro
// definitions, expand.cpp and substitute.cpp replace macros, builtin_expand.cpp computes built-in ones, condition.cpp
// evaluates #if, include.cpp finds and enters files.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frontend/pp/folder.h"
#include "frontend/pp/lexer.h"
#include "frontend/pp/macro.h"
#include "frontend/pp/names.h"
#include "frontend/pp/postponed.h"
#include "frontend/pp/predefined.h"
#include "frontend/pp/preprocessor.h"
#include "frontend/pp/word_filter.h"

namespace spile::pp {

class Machine final : public Postponed::Expander {
 public:
  Machine(const Options &options, SourceManager &sources, Arena &arena, Diagnostics &diagnostics);

  void run(const SourceManager::File &main);
  Tokens take();
  // Whether take() gave declarations that expand() is needed for.
  bool is_expander() const { return notes_macro_changes_; }
  std::vector<Token> expand(const Postponed::Declaration &declaration) override;

 private:
  // An #if whose #endif has not come yet.
  struct Conditional {
    Range range;               // of its directive, for "has no #endif"
    std::string_view keyword;  // "if", "ifdef", "ifndef"
    bool was_taken = false;    // one of its groups has been kept: all further ones are skipped
    bool has_else = false;
  };
  // Recognising `#ifndef GUARD ... #endif` around a whole file, so that it is not opened twice.
  enum class GuardState : uint8_t { Start, Inside, Closed, None };
  // A file being read.
  struct Input {
    const SourceManager::File *file;
    Lexer lexer;
    std::string_view path;
    size_t directory;          // place in the search order, for #include_next
    size_t first_token;        // tokens put out before the file began
    size_t first_conditional;  // conditionals open before the file began
    GuardState guard_state = GuardState::Start;
    const Name *guard = nullptr;
    size_t guard_end_token = 0;
    bool macros_only = false;       // -imacros: its tokens are dropped
    bool may_postpone = false;      // its declarations may be left unread (postponed.h)
    bool is_apart = false;          // its types are none of those that may have been imported
    bool leaves_macros = false;     // its macros are read when they are first used
    const char *scouted = nullptr;  // which was tried for what begins before this
  };
  // Tokens that are read before the file goes on: an expansion, or a macro argument being expanded on its own.
  struct Pending {
    const Token *at, *end;
    Macro *macro;     // enabled again when the tokens are used up; null for an argument
    bool is_barrier;  // an argument: reading ends here with EndOfFile
  };
  // The argument of a macro call, as ranges of token_stack_.
  struct Argument {
    size_t begin = 0, end = 0;                    // as written
    size_t expanded_begin = 0, expanded_end = 0;  // fully expanded, when the body needs that
    bool is_omitted = false;                      // the variable arguments, in a call that has none
  };
  struct KnownFile {
    const Name *guard = nullptr;
    bool is_once = false;
  };
  // A name that a scout has found.
  struct ScoutedName {
    std::string_view name;
    uint32_t hash;  // Names::hash
    Postponed::Kind kind;
  };
  // What a name was before its macro was changed; or after it, while the change is undone.
  struct MacroChange {
    Name *name;
    Macro *other;
  };
  // The tokens put out before out_[at], as is_between_declarations() sees them.
  struct Boundary {
    size_t at = 0;
    int64_t depth = 0;     // of braces and parentheses
    bool is_body = false;  // the last braces of depth 0 followed a parenthesis: the body of a function
    TokenKind last = TokenKind::EndOfFile;
  };
  // Where a header is.
  struct Place {
    std::string path;
    size_t directory = 0;
    std::string_view shipped_text;
    bool is_shipped = false;
  };
  struct Found : Place {
    OpenSource open = {};  // when it was looked for just now
  };

  // preprocessor.cpp
  void lex_inputs();
  void drain_pending();
  bool over_limits();
  void stop() { is_stopped_ = true; }
  Input &input() { return *inputs_.back(); }
  Lexer &lexer() { return inputs_.back()->lexer; }
  void push_token(const Token &token) { out_.push_back(token); }
  Token make_token(TokenKind kind, std::string_view text, const Token &like);
  Range range_of_call(const Token &name) const { return {name.loc, call_end_}; }
  std::string_view keep(std::string_view text) { return arena_.copy(text); }

  // postpone.cpp
  class Scout;
  bool may_be_macro(std::string_view word) const;
  bool may_make_enumerators(std::string_view word) const;
  static constexpr size_t kMostMemberTokens = 64;  // of a macro in a record, and of those in it
  bool may_be_in_members(std::string_view word);
  bool may_be_in_members(Name &name, size_t &budget);
  bool is_between_declarations();
  void postpone_declarations();
  const char *postpone_one(const char *begin, const char *text_end);

  // include.cpp
  void enter_file(const SourceManager::File &file, size_t directory, bool may_postpone = false);
  void leave_file();
  void include_directive(const Token &keyword, bool is_next);
  void include_command_line();
  std::optional<Token> read_header_name(std::string_view after);
  std::optional<Found> find_header(std::string_view name, bool is_quoted, bool is_next);
  std::optional<Found> search_header(std::string_view name, bool is_quoted, size_t first);
  Result<const SourceManager::File *> load(const Found &header, Loc included_from);
  static std::optional<Found> shipped_header(const std::string &path, size_t directory);
  void expect_made(std::string_view name, Loc included_from);
  void report_missing_header(const Token &header, std::string_view name, bool is_quoted);

  // directives.cpp
  void directive(const Token &hash);
  void execute_directive(const Token &hash, const Token &keyword);
  void expect_end(std::string_view keyword);
  void if_directive(const Token &hash, const Token &keyword);
  bool alternative_directive(const Token &keyword, bool is_skipping);
  void endif_directive(const Token &keyword);
  bool is_group_wanted(const Token &keyword);
  void skip_group();
  void line_directive(const Token &first, bool is_marker);
  void undef_directive();
  void unknown_directive(const Token &keyword);

  // define.cpp
  void define_directive();
  void read_unread(Macro &macro);
  bool read_definition(Lexer &lexer, Macro &macro);
  bool read_parameters(Lexer &lexer, Macro &macro, std::vector<uint32_t> &parameters);
  bool read_body(Lexer &lexer, Token token, Macro &macro);
  std::optional<Token> read_macro_name(std::string_view after);
  Macro *macro_of(Name &name);
  void set_macro(Name &name, Macro *macro);
  bool close_va_opt(std::vector<BodyToken> &body, size_t at, const Token &paren, bool ends_with_paste, Macro &macro);
  void define_command_line();

  // pragma.cpp
  void pragma_directive(const Token &hash);
  bool execute_pragma(std::span<const Token> words, Range at, std::string_view text, Token &result);
  bool unroll_pragma(std::span<const Token> count, Range at, Token &result);
  bool loop_pragma(std::span<const Token> words, Range at, Token &result);
  void diagnostic_pragma(std::span<const Token> words, Range at);
  bool spile_pragma(std::string_view text, Token &result);
  void poison_pragma(std::span<const Token> names);
  bool macro_stack_pragma(std::span<const Token> words, Range at, bool is_push);
  void message_pragma(std::span<const Token> words, Range at, std::string_view kind);
  bool pack_pragma(std::span<const Token> words, Range at, Token &result);
  bool attribute_pragma(std::span<const Token> words, Range at, Token &result);

  // expand.cpp
  bool next_token(Token &token);
  bool next_expanded(Token &token);
  bool next_is_left_paren();
  bool expand(Token &name);
  bool read_arguments(const Token &name, const Macro &macro, size_t first_argument);
  bool check_argument_count(const Token &name, const Macro &macro, size_t first_argument);
  void expand_argument(size_t index);
  void push_pending(std::span<const Token> tokens, Macro *macro);
  void pop_pending();
  void report_definition(Diagnostics::Builder &builder, const Macro &macro);

  // substitute.cpp
  struct Substitution;
  std::span<const Token> substitute(const Token &name, const Macro &macro, size_t first_argument);
  void substitute_pieces(const Substitution &call, std::span<const BodyToken> pieces);
  Token stringify(std::span<const Token> tokens, const Token &like);
  bool paste(Token &left, const Token &right);

  // builtin_expand.cpp
  bool expand_builtin(Token &name, const Macro &macro);
  bool expand_pragma_operator(Token &name);
  bool expand_feature_test(Token &name, BuiltinMacro test);
  bool expand_has_warning(Token &name);
  bool expand_has_include(Token &name, bool is_next);

  // condition.cpp
  bool evaluate_condition(const Token &keyword);
  void read_condition_tokens(std::string_view keyword, std::vector<Token> &tokens);

  const Options options_;  // its own: expand() may be asked for when the caller's are gone
  SourceManager &sources_;
  Arena &arena_;
  Diagnostics &diagnostics_;
  std::shared_ptr<Postponed> postponed_;
  Names &names_;  // of [postponed_], which outlives this
  std::vector<Token> out_;
  std::vector<std::unique_ptr<Input>> inputs_;
  std::vector<Conditional> conditionals_;
  std::vector<Pending> pending_;
  std::vector<Token> token_stack_;  // arguments of the calls that are being expanded
  std::vector<Argument> argument_stack_;
  std::vector<Token> result_;  // what substitute() is building
  std::unordered_map<std::string, KnownFile> known_files_;
  std::unordered_map<std::string, std::optional<Place>> found_angled_, found_quoted_;  // by name
  // The order of the search: those of -iquote, -I, -isystem, and from [first_after_] on, which the shipped headers
  // precede, of -idirafter.
  std::vector<Folder> folders_;
  size_t first_after_ = 0;
  std::vector<const SourceManager::File *> read_;
  std::vector<HeaderTokens> headers_;
  std::vector<uint32_t> pack_stack_;
  std::unordered_map<uint32_t, std::vector<Macro *>> pushed_macros_;  // #pragma push_macro, by name
  std::vector<bool> attribute_stack_;  // #pragma clang attribute: whether records preserved the access index before it
  Arena scratch_;                      // tokens of expansions; freed with the machine
  Loc call_end_;                       // the end of the macro call read last
  const SourceManager::File *predefined_file_ = nullptr;
  std::string_view main_path_;
  WordFilter macro_filter_ = predefined_words();  // that may be macros: it has each that is one, or was
  bool notes_macro_changes_ = false;
  Boundary boundary_;
  std::vector<ScoutedName> scouted_names_;  // of the declaration that is tried
  std::vector<MacroChange> macro_changes_;  // since the first postponed declaration that has macros
  uint64_t macro_work_ = 0;                 // macro calls, and tokens of arguments and expansions
  uint32_t includes_ = 0;
  uint32_t macro_depth_ = 0;
  uint32_t counter_ = 0;
  uint32_t pack_ = 0;
  bool preserve_access_index_ = false;  // of records, by #pragma clang attribute
  bool in_directive_ = false;           // macros read no further than the line
  bool has_import_ = false;
  bool is_stopped_ = false;  // a limit was reached: only EndOfFile follows
};

}  // namespace spile::pp
