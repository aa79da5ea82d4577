// What a program names and only an imported module declares: symbols and tags are made here, at the first lookup, at
// file scope. Nothing is imported that the program does not name.
#include <fmt/format.h>

#include "frontend/btf/sources.h"
#include "frontend/pp/known_names.h"
#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

// `#pragma spile import vmlinux`, or `vmlinux-offsets`: the same without preserve_access_index.
void Analyzer::import_module(const ast::Decl &decl) {
  if (unit_.importer == nullptr) return;
  importer_ = unit_.importer.get();
  importer_->begin(decl.range, decl.module == "vmlinux");
  // What the program itself has said of a tag of the module before the #include.
  if (postponed_ != nullptr) {
    std::vector<std::string_view> tags;
    postponed_->add_tags(tags);
    for (const std::string_view tag : tags)
      if (importer_->image().find(btf::NameSpace::Tag, tag) != nullptr) read_postponed(tag);
  }
  for (const auto &[name, binding] : tags_) {
    if (binding == nullptr || binding->what->record == nullptr) continue;
    types::Record &record = *binding->what->record;
    const btf::Entry *entry = importer_->image().find(btf::NameSpace::Tag, name);
    if (entry == nullptr || is_imported(record.range)) continue;
    const btf::BtfKind kind = importer_->image().type(entry->id).kind;
    if (kind != (record.is_union ? btf::BtfKind::Union : btf::BtfKind::Struct)) continue;
    if (record.is_complete)
      report<diag::RecordRedefined>(decl.range, types::to_string(record.type))
          .note(record.range, "the first definition is here");
    else
      importer_->adopt(record, entry->id);
  }
}

// [is_use]: an expression or a declaration names it. Else it is about to be declared, and only what the header would
// declare in every version counts: kfuncs are declared by the programs themselves too.
Symbol *Analyzer::import_symbol(std::string_view name, bool is_use) {
  const btf::Entry *entry = importer_->image().find(btf::NameSpace::Ordinary, name);
  if (entry == nullptr) return nullptr;
  Symbol *symbol = nullptr;
  if (entry->part == btf::Entry::kTypedef) {
    const Type *t = importer_->type(entry->id);
    symbol = new_symbol(SymbolKind::Typedef, importer_->image().string(entry->name), t, importer_->included_at());
  } else if (entry->part == btf::Entry::kKfunc) {
    if (!is_use) return nullptr;
    const Type *t = importer_->type(entry->id);
    if (!types::is_function(t)) return nullptr;  // a damaged BTF
    symbol = new_symbol(SymbolKind::Function, importer_->image().string(entry->name), t, importer_->included_at());
    symbol->linkage = Linkage::External;
    symbol->attributes.section = ".ksyms";
    symbol->attributes.section_range = importer_->included_at();
    symbol->attributes.weak = true;
    externals_.emplace(symbol->name, symbol);
    unit_.symbols.push_back(symbol);
  } else {
    symbol = import_enumerator(*entry);
  }
  symbol->function = nullptr;
  const AtFileScope at_file_scope(*this);
  bind(symbol);
  return symbol;
}

// As define_enum: int while all constants of its enum fit, else the enum's integer type.
Symbol *Analyzer::import_enumerator(const btf::Entry &entry) {
  const Type *t = importer_->type(entry.id);
  Symbol *symbol = new_symbol(SymbolKind::Enumerator, importer_->image().string(entry.name), types_.int_type(),
                              importer_->included_at());
  if (!types::is_enum(t)) return symbol;  // a damaged BTF, which was reported
  const types::Enum &enumeration = *t->plain->enumeration;
  if (entry.part < enumeration.constants.size()) symbol->value = enumeration.constants[entry.part].value;
  const bool is_unsigned_long =
      types::size_of(enumeration.underlying) == 8 && !types::is_signed(enumeration.underlying);
  for (const types::EnumConstant &constant : enumeration.constants) {
    const bool fits = constant.value == static_cast<int32_t>(constant.value);
    if (!fits || (is_unsigned_long && constant.value < 0)) symbol->type = enumeration.underlying;
  }
  return symbol;
}

Analyzer::Tag *Analyzer::import_tag(std::string_view tag) {
  const btf::Entry *entry = importer_->image().find(btf::NameSpace::Tag, tag);
  if (entry == nullptr) return nullptr;
  const Type *t = importer_->type(entry->id);
  if (types::is_error(t)) return nullptr;
  Tag *made = arena_.make<Tag>(t->plain->record, t->plain->enumeration, importer_->included_at());
  const AtFileScope at_file_scope(*this);
  bind_tag(importer_->image().string(entry->name), made);
  return made;
}

bool Analyzer::is_imported(Range range) const {
  return importer_ != nullptr && range.valid() && range == importer_->included_at();
}

// `struct tcphdr` is not defined by a source that does without vmlinux.h.
void Analyzer::hint_header_of_tag(Diagnostics::Builder &message, const types::Record &record) {
  if (record.is_being_defined) return;
  const std::string_view word = record.is_union ? "union" : "struct";
  const std::string_view header = pp::header_of_tag(word, record.tag);
  const auto kernel = btf::Image::view(btf::frozen_image());
  const btf::Entry *entry = kernel ? kernel->find(btf::NameSpace::Tag, record.tag) : nullptr;
  const bool is_of_kernel = entry != nullptr && kernel->type(entry->id).kind != btf::BtfKind::Fwd;
  if (!header.empty())
    message.hint("`#include <{}>` defines it{}", header, is_of_kernel ? ", and so does `\"vmlinux.h\"`" : "");
  else if (is_of_kernel)
    message.hint("it is the kernel's: `#include \"vmlinux.h\"` defines it");
}

// `struct task_strct` is never defined: the module may have what was meant.
void Analyzer::hint_nearest_tag(Diagnostics::Builder &message, const Type *t) const {
  while (t->plain->kind == types::Kind::Array) t = t->plain->base;
  if (!types::is_record(t) || t->plain->record->tag.empty()) return;
  if (hint_context_tag(message, t->plain->record->tag)) return;
  if (importer_ == nullptr) return hint_header_of_tag(message, *t->plain->record);
  const std::string_view nearest = importer_->image().nearest(btf::NameSpace::Tag, t->plain->record->tag);
  if (nearest.empty() || nearest == t->plain->record->tag) return;
  const btf::Entry *entry = importer_->image().find(btf::NameSpace::Tag, nearest);
  const btf::BtfKind kind = entry == nullptr ? btf::BtfKind::Void : importer_->image().type(entry->id).kind;
  const std::string_view word = kind == btf::BtfKind::Union                                 ? "union"
                                : kind == btf::BtfKind::Struct || kind == btf::BtfKind::Fwd ? "struct"
                                                                                            : "enum";
  message.hint("did you mean `{} {}`?", word, nearest);
}

}  // namespace spile::sema
