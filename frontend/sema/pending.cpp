// Records whose members the parser has passed over (ast::LazyMembers): they are defined when somebody asks for their
// members, size or completeness (types::complete), which most of a large header's never are. And declarations that the
// preprocessor has postponed (ast::PostponedDeclarations): they are read when somebody looks for one of their names.
//
// Whoever asks may stand in a function. The members belong to the file's scope, so that for the time of the definition
// what is declared inside functions is out of sight; what was declared at file scope since is not, but a name cannot
// come to mean something else there.
#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

// Declarations of headers that may be read because another one needs them, at once. Above it, all that stand before are
// read first.
static constexpr uint32_t kMaxPostponedDepth = 40;

class Analyzer::PendingRecord final : public types::PendingFields {
 public:
  PendingRecord(Analyzer &analyzer, ast::RecordSpec &spec, const Attributes &attributes)
      : analyzer_(analyzer),
        spec_(spec),
        is_packed_(attributes.packed),
        preserves_access_index_(attributes.preserve_access_index) {}

  void define(types::Record &record) override {
    record.pending = nullptr;
    Attributes attributes;
    attributes.packed = is_packed_;
    attributes.preserve_access_index = preserves_access_index_;
    analyzer_.define_postponed(spec_, record, attributes);
  }

 private:
  Analyzer &analyzer_;
  ast::RecordSpec &spec_;
  bool is_packed_, preserves_access_index_;  // what stood beside the record's own attributes
};

void Analyzer::postpone(ast::RecordSpec &spec, types::Record &record, const Attributes &attributes) {
  record.pending = arena_.make<PendingRecord>(*this, spec, attributes);
  is_tree_needed_ = true;
}

void Analyzer::define_postponed(ast::RecordSpec &spec, types::Record &record, Attributes &attributes) {
  if (postponed_depth_ >= types::kMaxDepth) {
    report<diag::TypeTooDeep>(spec.range, types::kMaxDepth);
    return;
  }
  const AtFileScope at_file_scope(*this);
  postponed_depth_++;
  if (spec.lazy->read(spec)) {
    read_attributes(spec.attributes, attributes);
    define_record(spec, record, attributes);
  }
  postponed_depth_--;
}

// Declares what the headers that were not read say of [name]. False when that is nothing, or nothing new.
bool Analyzer::read_postponed(std::string_view name) {
  if (postponed_ == nullptr) return false;
  // A chain of declarations that need each other would be as deep a recursion. In their own order they need no other.
  const bool with_earlier = postponed_depth_ >= kMaxPostponedDepth;
  return declare_postponed(postponed_->take(name, with_earlier));
}

// Declares what the macros among them make. False when there are none, or when it was done before.
bool Analyzer::read_postponed_macros() {
  if (postponed_ == nullptr || has_read_macros_) return false;
  has_read_macros_ = true;
  return declare_postponed(postponed_->take_macros());
}

bool Analyzer::declare_postponed(ast::List<ast::Decl> decls) {
  if (decls.empty()) return false;
  const AtFileScope at_file_scope(*this);
  postponed_depth_++;
  for (ast::Decl *decl : decls) declaration(*decl);
  postponed_depth_--;
  return true;
}

Analyzer::AtFileScope::AtFileScope(Analyzer &analyzer)
    : analyzer_(analyzer),
      hidden_scopes_(std::exchange(analyzer.hidden_scopes_, analyzer.hidden_scopes_ + analyzer.marks_.size())),
      function_(std::exchange(analyzer.function_, nullptr)),
      unevaluated_(std::exchange(analyzer.unevaluated_, 0)),
      dead_(std::exchange(analyzer.dead_, 0)),
      preserves_inner_(std::exchange(analyzer.preserves_inner_, false)),
      nodes_(std::exchange(analyzer.nodes_, &analyzer.arena_)),
      is_tree_needed_(analyzer.is_tree_needed_) {
  marks_.swap(analyzer.marks_);
}

Analyzer::AtFileScope::~AtFileScope() {
  marks_.swap(analyzer_.marks_);
  analyzer_.hidden_scopes_ = hidden_scopes_;
  analyzer_.function_ = function_;
  analyzer_.unevaluated_ = unevaluated_;
  analyzer_.dead_ = dead_;
  analyzer_.preserves_inner_ = preserves_inner_;
  analyzer_.nodes_ = nodes_;
  analyzer_.is_tree_needed_ = is_tree_needed_;
}

}  // namespace spile::sema
