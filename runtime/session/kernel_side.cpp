#include "runtime/session/kernel_side.h"

#include <algorithm>
#include <set>

#include "backend/object/wanted.h"
#include "lang-spec/tables/tracepoints.h"
#include "runtime/hooks/user_probe.h"
#include "runtime/kernel/kernel_map.h"
#include "runtime/kernel/tracefs.h"
#include "runtime/session/map_set.h"

namespace spile::session {

namespace {

Result<kernel::UserFunctions> functions_of(std::string_view section) {
  const auto probe = hooks::find_user_probe(section);
  if (!probe) return std::unexpected(probe.error());
  kernel::UserFunctions functions{probe->path, {}};
  for (const hooks::UserPlace &place : probe->places) functions.offsets.push_back(place.file_offset);
  return functions;
}

// Tracepoints that programs of [object] hang on and that this kernel has not, though they exist; none where it has none
// of them, or where that cannot be seen.
std::vector<std::string> missing_tracepoints(const object::Object &object) {
  std::vector<std::string> wanted;
  for (const object::ProgramEntry &entry : object.programs) {
    const tables::ProgramType *type = tables::find_program_type(entry.section);
    if (type != nullptr && object::is_wanted(entry, {}) && type->hook == tables::HookKind::Tracepoint &&
        !MapSet::is_tail_called(object, entry.name))
      wanted.emplace_back(hooks::tracepoint_name(entry.section));
  }
  if (wanted.size() < 2) return {};
  const auto tracefs = kernel::Tracefs::open();
  auto here = tracefs ? tracefs->tracepoints() : std::unexpected(tracefs.error());
  if (!here) return {};
  std::ranges::sort(*here);
  const size_t all = wanted.size();
  std::erase_if(wanted, [&](const std::string &name) { return std::ranges::binary_search(*here, name); });
  if (wanted.size() == all) return {};
  // What exists nowhere is a mistake, and an error where it is attached.
  std::set<std::string_view> elsewhere;
  tables::for_each_tracepoint([&](std::string_view name, std::string_view) { elsewhere.insert(name); });
  std::erase_if(wanted, [&](const std::string &name) {
    return !elsewhere.contains(name) && !(name.starts_with("syscalls/") && hooks::find_tracepoint(name));
  });
  return wanted;
}

}  // namespace

Result<KernelSide> KernelSide::load(const object::Object &object, const std::string &only, Options options,
                                    kernel::Refusal &refusal) {
  if (auto allowed = kernel::check_allowed(); !allowed) return std::unexpected(allowed.error());
  KernelSide side(std::move(options));
  side.options_.places.pid = side.options_.pid;
  side.options_.places.functions = functions_of;
  std::vector<kernel::Wanted> wanted;
  if (only.empty()) side.passed_over_ = missing_tracepoints(object);
  for (const object::ProgramEntry &entry : object.programs) {
    const tables::ProgramType *type = tables::find_program_type(entry.section);
    if (type == nullptr || (type->flags & tables::kUserSideProgram) || !object::is_wanted(entry, only)) continue;
    if (!MapSet::is_tail_called(object, entry.name)) {
      if (auto attachable = kernel::check_attachable(entry.section, *type); !attachable)
        return std::unexpected(attachable.error());
      if (type->hook == tables::HookKind::Tracepoint &&
          std::ranges::find(side.passed_over_, hooks::tracepoint_name(entry.section)) != side.passed_over_.end())
        continue;
    }
    wanted.push_back({entry.name, type});
    side.programs_.push_back({entry.name, entry.section, type});
  }
  auto failures = kernel::FailureCounts::make();
  if (!failures) return std::unexpected(failures.error());
  side.failures_ = std::move(*failures);
  if (side.options_.has_command || side.options_.pid) {
    auto tasks = kernel::TaskSet::make();
    if (!tasks) return std::unexpected(tasks.error());
    side.tasks_ = std::move(*tasks);
  }
  std::optional<object::Object> tap_code;
  std::optional<kernel::EventTap> tap;
  if (side.options_.compile_tap) {
    auto tapped = tapped_programs(object, side.programs_);
    if (!tapped) return std::unexpected(tapped.error());
    auto code = side.options_.compile_tap(kernel::EventTap::source(tapped->programs, kernel::possible_cpus()));
    if (!code) return std::unexpected(code.error());
    tap_code = std::move(*code);
    tap.emplace(std::move(tapped->programs), *tap_code);
    side.tapped_ = std::move(tapped->hooks);
  }
  auto loaded = kernel::KernelObject::load(
      object, wanted, {side.tasks(), &*side.failures_, tap ? &*tap : nullptr, side.options_.pin}, &refusal);
  if (!loaded) return std::unexpected(loaded.error());
  side.object_ = std::move(*loaded);
  return side;
}

}  // namespace spile::session
