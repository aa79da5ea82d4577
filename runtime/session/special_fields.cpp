#include "runtime/session/special_fields.h"

#include "verifier/special_fields.h"

namespace spile::session {

using maps::SpecialField;

static SpecialField::Kind kind_of(verifier::FieldKind kind) {
  if (verifier::is_kptr(kind)) return SpecialField::Kptr;
  switch (kind) {
    case verifier::FieldKind::SpinLock:
    case verifier::FieldKind::ResSpinLock:
      return SpecialField::SpinLock;
    case verifier::FieldKind::Timer:
      return SpecialField::Timer;
    default:
      return SpecialField::Other;
  }
}

std::vector<SpecialField> special_fields(const object::Btf &btf, object::BtfId value_type) {
  std::vector<SpecialField> fields;
  if (value_type)
    for (const verifier::SpecialField &field : verifier::special_fields(btf, value_type))
      fields.push_back({kind_of(field.kind), field.offset, field.size});
  return fields;
}

}  // namespace spile::session
