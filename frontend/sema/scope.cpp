// Scopes: which symbol a name means here. One table with, for each name, the chain of what it means from the innermost
// scope outwards; leaving a scope takes its names off again.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/sema/analyzer.h"
#include "lang-spec/tables/tables.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

void Analyzer::leave_scope() {
  const Mark mark = marks_.back();
  marks_.pop_back();
  while (bound_names_.size() > mark.names) {
    auto &binding = names_[bound_names_.back()];
    binding = binding->shadowed;
    bound_names_.pop_back();
  }
  while (bound_tags_.size() > mark.tags) {
    auto &binding = tags_[bound_tags_.back()];
    binding = binding->shadowed;
    bound_tags_.pop_back();
  }
}

Symbol *Analyzer::lookup(std::string_view name) const {
  const auto it = names_.find(name);
  if (it != names_.end())
    if (const Binding<Symbol> *b = visible(it->second)) return b->what;
  return importer_ != nullptr ? import_symbol(name, true) : nullptr;
}

Symbol *Analyzer::lookup_here(std::string_view name) const {
  const auto it = names_.find(name);
  if (it != names_.end() && it->second != nullptr) return it->second->scope == scope() ? it->second->what : nullptr;
  return importer_ != nullptr && at_file_scope() ? import_symbol(name, false) : nullptr;
}

Symbol *Analyzer::lookup_file_scope(std::string_view name) const {
  const auto it = names_.find(name);
  if (it == names_.end()) return nullptr;
  for (const Binding<Symbol> *b = it->second; b != nullptr; b = b->shadowed)
    if (b->scope == 0) return b->what;
  return nullptr;
}

void Analyzer::bind(Symbol *symbol) {
  auto &binding = names_[symbol->name];
  binding = arena_.make<Binding<Symbol>>(symbol, scope(), binding);
  if (!at_file_scope()) bound_names_.push_back(symbol->name);
}

Analyzer::Tag *Analyzer::lookup_tag(std::string_view tag, bool only_here) const {
  const auto it = tags_.find(tag);
  if (it != tags_.end())
    if (const Binding<Tag> *b = visible(it->second)) return !only_here || b->scope == scope() ? b->what : nullptr;
  return importer_ != nullptr && (!only_here || at_file_scope()) ? import_tag(tag) : nullptr;
}

void Analyzer::bind_tag(std::string_view tag, Tag *what) {
  auto &binding = tags_[tag];
  binding = arena_.make<Binding<Tag>>(what, scope(), binding);
  if (!at_file_scope()) bound_tags_.push_back(tag);
}

Symbol *Analyzer::new_symbol(SymbolKind kind, std::string_view name, const Type *type, Range range) {
  auto *symbol = arena_.make<Symbol>();
  symbol->kind = kind;
  symbol->name = name;
  symbol->type = type;
  symbol->range = range;
  symbol->function = function_;
  return symbol;
}

// What an undeclared name may have meant: a helper whose header is missing, or a name spelled almost like it.
void Analyzer::report_undeclared(const Expr *e, bool is_call) {
  auto report = is_call ? diags_.report<diag::UndeclaredFunction>(e->range, e->text)
                        : diags_.report<diag::UndeclaredIdentifier>(e->range, e->text);
  if (e->text.starts_with("bpf_") && tables::find_helper(e->text.substr(4)) != nullptr) {
    report.hint("`{}` is a helper: `#include <bpf/bpf_helpers.h>` declares it", e->text);
    return;
  }
  std::vector<std::string_view> names;
  for (const auto &[name, binding] : names_)
    if (binding != nullptr && binding->what->kind != SymbolKind::Typedef) names.push_back(name);
  // The table has no order of its own; the answer must not depend on it.
  std::ranges::sort(names);
  const std::string_view nearest = types::nearest_name(names, e->text);
  if (nearest.empty()) return;
  const Symbol *symbol = lookup(nearest);
  report.hint("did you mean `{}`?", nearest).fixit(e->range, std::string(nearest));
  if (symbol->range.valid()) report.note(symbol->range, "`{}` is declared here", nearest);
}

}  // namespace spile::sema
  if (importer_ != nullptr) names.push_back(importer_->image().nearest(btf::NameSpace::Ordinary, e->text));
