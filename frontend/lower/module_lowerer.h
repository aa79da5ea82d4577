// The module in the making: which globals and functions exist already, and which functions still wait for their body.
//
// A body is made on its own: what it names outside of itself (Mention) becomes a part of the module when the body does.
// So it can be made before anybody knows whether it will be needed, and its tree can go. Private to frontend/lower.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "frontend/sema/sema.h"
#include "frontend/types/debug.h"
#include "ir/ir.h"
#include "support/diagnostics.h"

namespace spile::lower {

// Who is called: a function, or a helper by its number; nobody when that is not known.
struct Callee {
  const sema::Symbol *function = nullptr;
  std::optional<int64_t> helper;
  bool is_known() const { return function != nullptr || helper.has_value(); }
  auto operator<=>(const Callee &) const = default;
};
// Of a copy of a function that is made for calls which pass known functions: what its parameters call, in their order.
using KnownParameters = std::vector<Callee>;

// What a body names outside of itself.
struct FunctionMention {
  const sema::Symbol *symbol = nullptr;
  KnownParameters known;
};
struct GlobalMention {
  const sema::Symbol *symbol = nullptr;
};
struct StringMention {
  const types::Type *type = nullptr;
  std::string bytes;  // with the zero at the end
  Loc loc;
};
// The relocation of that kind, by the path [access] from [root].
struct CoreMention {
  const types::Type *root = nullptr;
  std::string access;
  tables::CoreKind kind{};
  int64_t value = 0;
};
// A call of what is made known when all is inlined; a pointer that is called comes first among the parameters.
struct PlaceholderMention {
  ir::Placeholder stands_for{};
  ir::Type result = ir::Type::Void;
  std::vector<ir::Type> params;
  Loc loc;
};
using Mention = std::variant<FunctionMention, GlobalMention, StringMention, CoreMention, PlaceholderMention>;

// A function that was lowered, apart from the module.
struct LoweredBody {
  ir::Function function;          // packed; the ids of what it names are indices into [mentions]
  std::vector<Mention> mentions;  // in the order of the source
  // Variables taken for constants because nothing had assigned to them yet, and where that mattered.
  std::vector<std::pair<const sema::Symbol *, Range>> assumed;
  // What it calls may turn out to be something else when more of the source is read.
  bool is_undecided = false;
  std::vector<Diagnostic> faults;
};

class ModuleLowerer {
 public:
  ModuleLowerer(const SourceManager &sources, Diagnostics &diags);
  bool lower_early(const sema::Symbol &function);
  ir::Module run(const sema::Unit &unit);

  // What a compound literal holds, when all of it is integers known now.
  std::optional<std::vector<std::byte>> bytes_of(const ast::Expr &literal);
  // What a body needs to know of a function: its parameters, its result, its places.
  static ir::Function frame_of(const sema::Symbol &symbol);
  static StringMention string_in(const ast::Expr &literal);
  // The IR type of a scalar; of anything else, void.
  static ir::Type type_of(const types::Type *type);
  // Whether parameters and results of the type travel by hidden pointers: records and 16-byte integers.
  static bool by_pointer(const types::Type *type) { return types::is_record(type) || types::is_int128(type); }

 private:
  // What a symbol is in the module, made on first use. A function that is defined gets its body later.
  ir::GlobalId global_of(const sema::Symbol &symbol);
  ir::FunctionId function_of(const sema::Symbol &symbol, const KnownParameters &known = {});
  ir::FunctionId placeholder_of(const PlaceholderMention &call);
  ir::GlobalId string_of(const StringMention &literal);        // merged by content
  ir::GlobalId compound_literal_of(const ast::Expr &literal);  // with static storage
  uint32_t core_reloc(const CoreMention &mention);
  void add_body(ir::FunctionId id, LoweredBody body);
  void fill(ir::Global &global, const sema::Initializer &init, uint64_t offset);
  void fill_entry(ir::Global &global, const sema::InitEntry &entry, uint64_t offset);
  std::string_view data_section(const types::Type *type, const ir::Global &global) const;
  static ir::Linkage linkage_of(const sema::Symbol &symbol);

  const SourceManager &sources_;
  Diagnostics &diags_;
  ir::Module module_;
  types::DebugTypeBuilder debug_;
  std::unordered_map<const sema::Symbol *, ir::GlobalId> globals_;
  std::unordered_map<const sema::Symbol *, ir::FunctionId> functions_;
  std::map<std::pair<const sema::Symbol *, KnownParameters>, ir::FunctionId> copies_;  // that know their parameters
  std::unordered_map<std::string, uint32_t> core_relocs_;
  std::unordered_map<std::string, ir::GlobalId> strings_;
  std::unordered_map<const ast::Expr *, ir::GlobalId> literals_;
  struct Waiting {
    const sema::Symbol *symbol = nullptr;
    ir::FunctionId id;
    KnownParameters known;
  };
  std::vector<Waiting> waiting_;  // functions without their body
  std::unordered_map<const sema::Symbol *, LoweredBody> early_;
};

// uninitialized.cpp, recursion.cpp: faults that show when control flow and calls are known.
void report_uninitialized_reads(const ir::Function &f, Diagnostics &diags);
void report_indirect_call(Range at, Diagnostics &diags);
void report_recursion(const ir::Module &module, Diagnostics &diags);

}  // namespace spile::lower
