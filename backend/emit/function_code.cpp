#include "backend/emit/function_code.h"

#include <fmt/format.h>

#include "backend/emit/encode.h"
#include "backend/emit/peephole.h"
#include "backend/emit/spill_slots.h"
#include "backend/isel/isel.h"
#include "backend/isel/mir.h"
#include "backend/regalloc/delay.h"
#include "backend/regalloc/frame.h"
#include "backend/regalloc/liveness.h"
#include "backend/regalloc/regalloc.h"
#include "backend/regalloc/replay.h"
#include "backend/regalloc/share.h"
#include "support/check.h"

namespace spile::codegen {

namespace {

// A function on its way through the stages.
struct Work {
  const ir::Module &module;
  ir::FunctionId id;
  isel::Target target;
  Diagnostics &diags;
  mir::Function code;
  regalloc::Liveness live;  // of the code up to its allocation
  regalloc::SpillCount spilled;
  size_t first_spill_slot = 0;
  std::vector<uint32_t> order;  // of blocks, once they are laid out

  Loc loc() const { return module[id].loc; }
};

bool select(Work &work) {
  auto code = isel::select(work.module, work.id, work.target, work.diags);
  if (!code) return false;
  work.code = std::move(*code);
  work.live = regalloc::live_registers(work.code);
  regalloc::remove_dead(work.code, work.live);
  return true;
}

bool delay(Work &work) {
  regalloc::delay_changes(work.code, work.live);
  return true;
}

bool share(Work &work) {
  if (regalloc::share_addresses(work.code)) work.live = regalloc::live_registers(work.code);
  return true;
}

bool allocate(Work &work) {
#ifdef SPILE_CHECKED
  const mir::Function before = work.code;
#endif
  work.first_spill_slot = work.code.slots.size();
  regalloc::allocate_registers(work.code, work.live);
#ifdef SPILE_CHECKED
  const auto fault = regalloc::replay(before, work.code, work.module);
  SPILE_CHECK(!fault, fault->c_str());
#endif
  return true;
}

bool peephole(Work &work) {
  clean_up_spill_slots(work.code, work.first_spill_slot);
  work.spilled = regalloc::count_spills(work.code, work.first_spill_slot);
  clean_up(work.code);
  return true;
}

bool lay_out(Work &work) {
  work.order = block_order(work.code);
  const bool is_program = !work.module[work.id].section.empty();
  return regalloc::lay_out_frame(work.code, !is_program, work.loc(), work.diags);
}

struct Stage {
  std::string_view name;
  bool (*run)(Work &);
};
constexpr Stage kStages[] = {
#define SPILE_STAGE(function, name, sentence) {name, function},
#include "backend/emit/stages.def"
};

}  // namespace

std::vector<std::string_view> stage_names() {
  std::vector<std::string_view> names;
  for (const Stage &stage : kStages) names.push_back(stage.name);
  return names;
}

std::optional<EncodedFunction> generate(const ir::Module &module, ir::FunctionId function,
                                        const CodegenOptions &options, Diagnostics &diags) {
  Work work{module, function, {.cpu = options.mcpu}, diags, {}, {}, {}, {}};
  for (const Stage &stage : kStages)
    if (!stage.run(work)) return std::nullopt;
  auto encoded = encode(module, work.code, work.order, work.target, work.loc(), diags);
  if (encoded) encoded->spilled = work.spilled;
  return encoded;
}

std::string machine_text(const ir::Module &module, ir::FunctionId function, const CodegenOptions &options,
                         std::string_view after, Diagnostics &diags) {
  Work work{module, function, {.cpu = options.mcpu}, diags, {}, {}, {}, {}};
  std::string text;
  for (const Stage &stage : kStages) {
    if (!stage.run(work)) break;
    const bool is_shown =
        after.empty() ? &stage == std::begin(kStages) || &stage == std::end(kStages) - 1 : stage.name == after;
    if (is_shown) text += fmt::format("; after {}\n{}", stage.name, mir::print(work.code, module, work.order));
    if (stage.name == after) break;
  }
  return text;
}

}  // namespace spile::codegen
