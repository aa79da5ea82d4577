// The preprocessor: a source file in, one contiguous vector of tokens out, ready for the parser.
//
//   SourceManager::File ── lexer ──► directives, macros, includes ──► Tokens
//
// Called by the session (for the parser) and by `spile build -E`. Reads header files through the SourceManager and the
// headers that ship with the language from the binary itself (headers.h). Reports rows of diagnostics/preprocess.def
// and goes on after each, so one run shows all of a file's faults.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "frontend/pp/token.h"
#include "support/arena.h"
#include "support/diagnostics.h"
#include "support/source.h"

namespace spile::pp {

struct MacroOption {
  std::string text;  // "NAME", "NAME=VALUE" or "NAME(x)=VALUE"; for an undefinition "NAME"
  bool undefine = false;
};

// Everything: those of the main file too, for tests.
enum class Postpone : uint8_t { Nothing, Headers, Everything };

struct Options {
  // Searched in this order, after the directory of the includer (for "x.h" only), as clang does.
  std::vector<std::string> quote_dirs;      // -iquote: only for #include "x.h"
  std::vector<std::string> include_dirs;    // -I
  std::vector<std::string> system_dirs;     // -isystem: searched after all -I
  std::vector<std::string> after_dirs;      // -idirafter: searched after the language's own headers
  std::vector<MacroOption> macros;          // -D and -U, in the order of the command line
  std::vector<std::string> includes;        // -include: read before the main file
  std::vector<std::string> macro_includes;  // -imacros: the same for their macros alone, before those
  unsigned mcpu = 3;                        // __BPF_CPU_VERSION__ and the __BPF_FEATURE_... of that version
  bool optimize = true;                     // __OPTIMIZE__, not __NO_INLINE__
  bool c23 = false;                         // -std=c23, gnu23, c2x, gnu2x: bool, true, static_assert, ... are keywords
  Postpone postpone = Postpone::Nothing;    // which declarations need not be among the tokens (postponed.h)
  bool shipped_headers = true;              // the language's own headers, searched last; off: -nobuiltininc
  bool missing_are_made = false;            // -MG: a header that is not found is empty, and among those read
};

// Tokens [begin, end) came from a header that the main file includes, and from what that one includes.
struct HeaderTokens {
  uint32_t begin = 0, end = 0;
};

class Postponed;

struct Tokens {
  std::vector<Token> list;            // the last one is EndOfFile
  std::vector<HeaderTokens> headers;  // in the order of the list
  bool has_import = false;            // a PragmaImport is among them
  uint32_t name_count = 0;            // Token::name of identifiers and keywords is in [1, name_count]
  std::vector<const SourceManager::File *>
      read;                              // what #include opened, in order of first use, without shipped headers
  std::shared_ptr<Postponed> postponed;  // declarations of headers whose tokens are not in the list; null: none
};

// The tokens of [main] and all that it includes. Texts of tokens lie in [sources] and [arena], which must outlive them.
// After errors (see [diagnostics]) the tokens are what could be made of the source.
Tokens preprocess(const SourceManager::File &main, const Options &options, SourceManager &sources, Arena &arena,
                  Diagnostics &diagnostics);

// Whether [fault], which preprocess() reported, is about one token or line alone, so that the tokens can be parsed.
bool is_contained(const Diagnostic &fault);

// The tokens as text that lexes to the same tokens again: `spile build -E`.
std::string print_tokens(const Tokens &tokens);

// Limits. Each ends preprocessing with the diagnostic named, so that no source can make us hang or fill the memory.
inline constexpr uint32_t kMaxIncludeDepth = 200;    // IncludeTooDeep; gcc and clang have the same limit
inline constexpr uint32_t kMaxIncludes = 20'000;     // TooManyIncludes: files that include themselves in a tree
inline constexpr uint32_t kMaxTokens = 16u << 20;    // TooManyTokens: 20 times the vmlinux.h of a whole kernel
inline constexpr uint32_t kMaxMacroWork = 4u << 20;  // TooMuchExpansion: macros that double at each level
inline constexpr uint32_t kMaxMacroDepth = 1'000;    // MacroTooDeep: nested calls of function-like macros
inline constexpr uint32_t kMaxConditionDepth = 256;  // ConditionTooDeep: parentheses and operators in one #if

}  // namespace spile::pp
