// Records whose members the parser has passed over (ast::LazyMembers): they are defined when somebody asks for their
// members, size or completeness (types::complete), which most of a large header's never are.
//
// Whoever asks may stand in a function. The members belong to the file's scope, so that for the time of the definition
// what is declared inside functions is out of sight; what was declared at file scope since is not, but a name cannot
// come to mean something else there.
#include "frontend/sema/analyzer.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

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
}

void Analyzer::define_postponed(ast::RecordSpec &spec, types::Record &record, Attributes &attributes) {
  if (postponed_depth_ >= types::kMaxDepth) {
    report<diag::TypeTooDeep>(spec.range, types::kMaxDepth);
    return;
  }
  std::vector<Mark> marks;
  marks_.swap(marks);
  Symbol *const function = std::exchange(function_, nullptr);
  const int unevaluated = std::exchange(unevaluated_, 0), dead = std::exchange(dead_, 0);
  postponed_depth_++;
  if (spec.lazy->read(spec)) {
    read_attributes(spec.attributes, attributes);
    define_record(spec, record, attributes);
  }
  postponed_depth_--;
  marks_.swap(marks);
  function_ = function;
  unevaluated_ = unevaluated;
  dead_ = dead;
}

}  // namespace spile::sema
