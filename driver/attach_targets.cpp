#include "driver/attach_targets.h"

#include <algorithm>

#include "backend/object/place.h"
#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/btf.def"
#include "support/diag_table.h"

namespace spile::driver {
namespace {

using object::BtfKind;
using tables::AttachType;

// How the kernel finds what a program is attached to: by the type of this kind that bears its name (libbpf's
// libbpf_find_attach_btf_id).
struct Target {
  AttachType attach;
  BtfKind kind;
  std::string_view prefix, noun;
};
constexpr Target kTargets[] = {
    {AttachType::TRACE_FENTRY, BtfKind::Func, "", "function"},
    {AttachType::TRACE_FEXIT, BtfKind::Func, "", "function"},
    {AttachType::MODIFY_RETURN, BtfKind::Func, "", "function"},
    {AttachType::TRACE_FSESSION, BtfKind::Func, "", "function"},
    {AttachType::LSM_MAC, BtfKind::Func, "bpf_lsm_", "LSM hook"},
    {AttachType::LSM_CGROUP, BtfKind::Func, "bpf_lsm_", "LSM hook"},
    {AttachType::TRACE_RAW_TP, BtfKind::Typedef, "btf_trace_", "tracepoint"},
    {AttachType::TRACE_ITER, BtfKind::Func, "bpf_iter_", "iterator"},
};

std::string nearest_of(const object::Btf &kernel, const Target &target, std::string_view wanted) {
  tables::Nearest nearest(wanted);
  for (uint32_t id = 1; id < kernel.type_count(); id++)
    if (const auto type = kernel.type(object::BtfId(id));
        type.kind == target.kind && type.name.starts_with(target.prefix))
      nearest.take(type.name.substr(target.prefix.size()));
  return nearest.name();
}

}  // namespace

void check_attach_targets(const object::Object &object, const object::Btf &kernel, Diagnostics &diags) {
  for (const object::ProgramEntry &entry : object.programs) {
    const tables::ProgramType *type = tables::find_program_type(entry.section);
    if (type == nullptr || (type->flags & tables::kAttachBtf) == 0) continue;
    const auto *const target = std::ranges::find(kTargets, type->attach, &Target::attach);
    const size_t slash = entry.section.find('/');
    if (target == std::end(kTargets) || slash == std::string::npos) continue;
    const std::string_view name = std::string_view(entry.section).substr(slash + 1);
    if (kernel.find(std::string(target->prefix).append(name), target->kind)) continue;
    const auto program = object::link(object, entry);  // for its lines
    auto report = diags.report<diag::UnknownAttachTarget>(Range(), entry.name, entry.section, target->noun, name);
    report.foreign(program ? object::place_of(*program, 0) : ForeignPlace{.path = object.path, .line_text = {}});
    if (const std::string meant = nearest_of(kernel, *target, name); !meant.empty())
      report.hint("did you mean `{}`?", meant);
  }
}

}  // namespace spile::driver
