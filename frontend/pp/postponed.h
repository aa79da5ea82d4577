// Postponed: declarations of headers that were found, but not read.
//
//   typedef unsigned int __u32;                 names __u32
//   struct task_struct { ...400 lines... };     names the tag task_struct      a few bytes each; no token is made
//   enum { BPF_ANY, BPF_NOEXIST };              names both
//
// A real vmlinux.h declares some 40,000 names, and a program uses some hundred of them. What the preprocessor can tell
// the end and the names of without reading (postpone.cpp says which declarations these are) it leaves where it stands.
// Sema asks for a name that it does not know; then the tokens are made, parsed and analysed (parse/postponed_reader.h).
//
// Sound because: no word of such a declaration is a macro, so that its tokens are the same whenever they are made, or
// its macros are expanded as they were defined in its place; its names have not been met before, so that nothing before
// it can depend on its place; and the scopes of C make what stands behind it independent of when it is read: it belongs
// to the scope of the file.
//
// Enumerators may come from a macro that takes one:
//
//   enum bpf_func_id { ___BPF_FUNC_MAPPER(__BPF_ENUM_FN) __BPF_FUNC_MAX_ID, };      two hundred, hardly ever used
//
// Their names are known when the macros are expanded: when somebody asks for the tag, or for a name that nothing else
// declares. What such macros make is taken to be enumerators, and nothing more.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/pp/names.h"
#include "frontend/pp/preprocessor.h"
#include "support/diagnostics.h"

namespace spile::pp {

class Postponed {
 public:
  struct Declaration {
    std::string_view text;  // to its `;`
    const char *file_end;   // of the file's text, where a NUL stands
    Loc loc;
    uint32_t pack = 0;                    // the #pragma pack in force
    bool preserves_access_index = false;  // and the #pragma clang attribute
    bool is_record = false;               // struct TAG { ... } and attributes; nothing more
    std::string_view tag;                 // of the record
    bool has_macros = false;              // in the body
    bool has_unknown_names = false;       // enumerators that macros make
    uint32_t macro_changes = 0;           // then: definitions that an expander had noted before
  };
  // Makes the tokens of a declaration that has macros.
  class Expander {
   public:
    Expander() = default;
    Expander(const Expander &) = delete;
    virtual ~Expander() = default;
    virtual std::vector<Token> expand(const Declaration &declaration) = 0;
  };
  enum class Kind : uint8_t { Tag, Typedef, Other };  // Other: functions, variables, enumerators
  struct Entry {
    std::string_view name;
    uint32_t declaration = 0;
    uint32_t before = 0;  // 1 + the entry before this one of the same name; 0: none
    Kind kind = Kind::Other;
  };

  explicit Postponed(Arena &arena) : names(arena), slots_(256) {}
  Postponed(const Postponed &) = delete;

  void add(const Declaration &declaration) { declarations_.push_back(declaration); }
  // Of the declaration that was added last.
  void add_name(std::string_view name, uint32_t hash, Kind kind);
  // Needed when a declaration has macros.
  void set_expander(std::shared_ptr<Expander> expander) { expander_ = std::move(expander); }

  const std::vector<Declaration> &declarations() const { return declarations_; }
  const std::vector<Entry> &entries() const { return entries_; }
  // The last entry of a name; null for a name that no postponed declaration has. before() leads to those before it.
  const Entry *find(std::string_view name) const;
  const Entry *before(const Entry &entry) const { return entry.before == 0 ? nullptr : &entries_[entry.before - 1]; }
  bool is_typedef(std::string_view name) const { return has(name, Kind::Typedef); }
  bool is_ordinary(std::string_view name) const { return has(name, Kind::Other); }
  // Whether `struct tag`, `union tag` or `enum tag` stands in a declaration. Reads them all: for the rare question.
  bool mentions_tag(std::string_view tag) const;

  // The tokens of a declaration, with EndOfFile behind them.
  std::vector<Token> tokens(const Declaration &declaration, Arena &arena, Diagnostics &diagnostics);

  Names names;  // of the whole translation unit

 private:
  struct Slot {
    uint32_t hash = 0, entry = 0;  // 1 + the last entry of the name; 0: free
  };
  bool has(std::string_view name, Kind kind) const;
  size_t slot_of(std::string_view name, uint32_t hash) const;
  void grow();

  std::vector<Declaration> declarations_;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // open addressing; the size is a power of two
  size_t used_ = 0;
  std::shared_ptr<Expander> expander_;
};

}  // namespace spile::pp
