#include "driver/attach_targets.h"

#include "backend/object/place.h"
#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/btf.def"
#include "support/diag_table.h"
#include "verifier/attach_rules.h"

namespace spile::driver {
namespace {

std::string nearest_of(const object::Btf &kernel, const verifier::TargetType &target, std::string_view wanted) {
  tables::Nearest nearest(wanted);
  for (uint32_t id = 1; id < kernel.type_count(); id++)
    if (const auto type = kernel.type(object::BtfId(id));
        type.kind == target.kind && type.name.starts_with(target.prefix))
      nearest.take(type.name.substr(target.prefix.size()));
  return nearest.name();
}

}  // namespace

void check_attach_target(const object::Object &object, const object::ProgramEntry &entry, const object::Btf &kernel,
                         Diagnostics &diags) {
  const tables::ProgramType *type = tables::find_program_type(entry.section);
  const verifier::TargetType *target = type == nullptr ? nullptr : verifier::target_type(type->attach);
  const size_t slash = entry.section.find('/');
  if (target == nullptr || slash == std::string::npos) return;
  const std::string_view name = std::string_view(entry.section).substr(slash + 1);
  if (kernel.find(std::string(target->prefix).append(name), target->kind)) return;
  const auto program = object::link(object, entry);  // for its lines
  ForeignPlace at = program ? object::place_of(*program, 0) : ForeignPlace();
  if (at.path.empty()) at.path = object.path;
  auto report = diags.report<diag::UnknownAttachTarget>(Range(), entry.name, entry.section, target->noun, name);
  report.foreign(std::move(at));
  if (const std::string meant = nearest_of(kernel, *target, name); !meant.empty())
    report.hint("did you mean `{}`?", meant);
}

}  // namespace spile::driver
