#include "ir/pipeline.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "ir/checker.h"
#include "ir/pack.h"
#include "ir/pass.h"
#include "ir/specialize.h"
#include "support/diagnostics.h"

namespace spile::ir {

namespace {

enum class Pass : uint8_t {
#define SPILE_IR_PASS(function, name, sentence) function,
#include "ir/passes.def"
};

// ---------------------------------------------------------------- the order

using enum Pass;

// What BPF cannot express: calls that must vanish, code that cannot be reached, copies of memory.
constexpr auto kO0 =
    std::to_array<Pass>({simplify_cfg, inline_always, decide_constants, simplify_cfg, expand_memory, share_slots});

// clang-format off
constexpr auto kO1 = std::to_array<Pass>({
    simplify_cfg, inline_always, simplify_cfg,           // one body, no dead blocks
    simplify, split_slots, mem2reg, simplify, sccp,      // variables become values
    decide_constants, simplify_cfg, unroll_loops, simplify_cfg, mem2reg, simplify, sccp,
    simplify_cfg, gvn, simplify_cfg, dce, join_bytes,
    expand_memory, simplify, dse, narrow_compares, dce, simplify_cfg,
    merge_tails, simplify_cfg, share_constants, dce, share_slots,
});

constexpr auto kO2 = std::to_array<Pass>({
    simplify_cfg, inline_calls, simplify_cfg,            // callees are finished, so their true size is seen
    simplify, split_slots, mem2reg, simplify, sccp,      // variables become values
    decide_constants, simplify_cfg,
    loops_to_memory, unroll_loops, simplify_cfg, mem2reg,  // counts of rounds are constants now
    simplify, sccp, simplify_cfg,
    thread_jumps, branch_early, simplify_cfg, simplify,
    gvn, simplify, sccp, simplify_cfg,                   // what gvn decided
    dce, join_bytes, join_loads, simplify, thread_jumps, simplify_cfg,
    split_slots, mem2reg,                                // addresses that have become constant offsets
    expand_memory, simplify, gvn, dse, join_stores, dce, drop_branches, dce, simplify_cfg, thread_jumps, simplify_cfg,
    branch_early, join_tests, convert_ifs, simplify_cfg, dce, sink_uses,
    rotate_loops, simplify_cfg, simplify,                // behind gvn, which likes tests at the top
    hoist_invariants, step_pointers, simplify, widen_counters, narrow_compares, dce,  // loops test at their end
    share_slots,                                         // two variables are one: what is below asks no more of memory
    merge_tails, simplify_cfg, sink_tails, simplify_cfg, share_constants, dce,  // smaller than it runs
});
// clang-format on

std::span<const Pass> order_of(OptLevel level) {
  switch (level) {
    case OptLevel::O0:
      return kO0;
    case OptLevel::O1:
      return kO1;
    case OptLevel::O2:
      return kO2;
  }
  SPILE_UNREACHABLE("a level that is not in OptLevel");
}

// ---------------------------------------------------------------- the machinery

constexpr auto kInfos = std::to_array<PassInfo>({
#define SPILE_IR_PASS(function, name, sentence) {name, sentence},
#include "ir/passes.def"
});
constexpr auto kFunctions = std::to_array<bool (*)(const PassContext &)>({
#define SPILE_IR_PASS(function, name, sentence) passes::function,
#include "ir/passes.def"
});

Result<Pass> find_pass(std::string_view name) {
  const auto found = std::ranges::find(kInfos, name, &PassInfo::name);
  if (found != kInfos.end()) return static_cast<Pass>(found - kInfos.begin());
  std::string known = "the passes are";
  for (const PassInfo &info : kInfos) known += fmt::format(" {}", info.name);
  auto error = usage_error("there is no pass named `{}`", name);
  error.error().hint = known;
  return error;
}

#ifdef SPILE_CHECKED
void check_after(std::string_view pass, const Module &module, const Function &function) {
  const auto fault = check(module, function);
  if (!fault) return;
  const std::string sentence =
      fmt::format("`{}` broke `{}` at `{}`: {}", pass, fault->function, fault->inst, fault->what);
  SPILE_CHECK(!fault, sentence.c_str());
}
#else
void check_after(std::string_view, const Module &, const Function &) {}
#endif

// Up to so many functions, bodies stay as they are: to pack one takes about a hundredth of the time of its passes.
constexpr size_t kLooseFunctions = 256;

using Callees = std::vector<std::vector<FunctionId>>;
Callees collect_callees(const Module &module) {
  Callees callees(module.functions.size());
  for (size_t i = 0; i < module.functions.size(); i++)
    for_each_name_use(module.functions[i], [&](const NameUse &use) {
      if (use.is_call) callees[i].push_back(FunctionId(use.name.id));
    });
  return callees;
}

// Callees before callers, so that a pass that looks into callees finds them finished. Cycles are cut anywhere.
std::vector<FunctionId> bottom_up(const Module &module, const Callees &callees) {
  std::vector<FunctionId> order;
  std::vector<bool> seen(module.functions.size());
  struct Frame {
    FunctionId function;
    size_t next;
  };
  std::vector<Frame> stack;
  for (size_t i = 0; i < module.functions.size(); i++) {
    if (seen[i]) continue;
    seen[i] = true;
    stack.push_back({FunctionId(i), 0});
    while (!stack.empty()) {
      const auto [f, next] = stack.back();
      if (next == callees[f.index].size()) {
        order.push_back(f);
        stack.pop_back();
        continue;
      }
      stack.back().next++;
      const FunctionId callee = callees[f.index][next];
      if (seen[callee.index]) continue;
      seen[callee.index] = true;
      stack.push_back({callee, 0});
    }
  }
  return order;
}

// [callees_first]: bottom_up.
std::vector<FunctionUses> count_function_uses(const Module &module, std::span<const FunctionId> callees_first) {
  constexpr uint32_t kMost = 1 << 16;
  std::vector<FunctionUses> uses(module.functions.size());
  for (const Global &g : module.globals)
    for (const GlobalReloc &r : g.relocs)
      if (r.function) uses[r.function.index].named++, uses[r.function.index].copies++;
  for (auto at = callees_first.rbegin(); at != callees_first.rend(); ++at) {
    const Function &f = module[*at];
    const uint32_t copies = f.always_inline && !f.is_root() ? uses[at->index].copies : 1;
    for_each_name_use(f, [&](const NameUse &use) {
      if (use.name.kind != NamedOutside::Kind::Function) return;
      FunctionUses &of = uses[use.name.id];
      of.named++;
      of.copies = std::min(kMost, of.copies + copies);
    });
  }
  return uses;
}

// The pass that "name" or "name:2" says, and which of its runs.
struct PlaceInOrder {
  Pass pass;
  size_t count = 1;
};
Result<PlaceInOrder> parse_after(std::string_view after) {
  const size_t colon = after.find(':');
  const auto pass = find_pass(after.substr(0, colon));
  if (!pass) return std::unexpected(pass.error());
  PlaceInOrder place{*pass};
  if (colon == std::string_view::npos) return place;
  const std::string_view digits = after.substr(colon + 1);
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), place.count);
  if (fault != std::errc{} || end != digits.data() + digits.size() || place.count == 0)
    return usage_error("which run of `{}` is meant is a number from 1, not `{}`", after.substr(0, colon), digits);
  return place;
}

// Notes what one run of a pass did; without a log it costs nothing.
class Observer {
 public:
  explicit Observer(PassLog *log) : log_(log) {}

  void before(std::string_view pass, const Function &f) {
    if (log_ == nullptr) return;
    auto at = std::ranges::find(*log_, pass, &PassRecord::name);
    if (at == log_->end()) at = log_->insert(log_->end(), PassRecord{.name = pass, .deeds = {}});
    record_ = &*at;
    sizes_ = sizes(f);
    begin_ = std::chrono::steady_clock::now();
  }
  void after(const Function &f, bool changed) {
    if (log_ == nullptr) return;
    record_->seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    record_->runs++;
    record_->changes += changed ? 1 : 0;
    const auto [insts, blocks] = sizes(f);
    record_->insts += sizes_.first - insts;
    record_->blocks += sizes_.second - blocks;
  }
  PassRecord *record() const { return record_; }

 private:
  static std::pair<int64_t, int64_t> sizes(const Function &f) {
    std::pair<int64_t, int64_t> sizes;
    for (const Block &block : f.blocks) {
      sizes.first += static_cast<int64_t>(block.insts.size());
      sizes.second += block.insts.empty() ? 0 : 1;
    }
    return sizes;
  }

  PassLog *log_;
  PassRecord *record_ = nullptr;
  std::pair<int64_t, int64_t> sizes_;
  std::chrono::steady_clock::time_point begin_;
};

void pack_body(Function &f) {
  if (!f.blocks.empty()) pack(f);
}

// Each function goes through all passes before its callers do. A pass that found nothing is not asked again before
// another one has changed something.
void run(Module &module, std::span<const Pass> order, Diagnostics &diags, const PipelineRequest &request = {},
         const Specialized &specialized = {}) {
  Observer observer(request.log);
  std::optional<PlaceInOrder> last;
  if (!request.after.empty())
    if (const auto place = parse_after(request.after)) last = *place;
  const Callees callees = collect_callees(module);
  const std::vector<FunctionId> callees_first = bottom_up(module, callees);
  const std::vector<FunctionUses> function_uses = count_function_uses(module, callees_first);
  for (const FunctionId f : callees_first) {
    if (!specialized.changed.empty() && !specialized.changed[f.index]) continue;
    const uint32_t lone_params = specialized.lone_params.empty() ? 0 : specialized.lone_params[f.index];
    unpack(module[f]);
    uint32_t version = 1;
    std::array<uint32_t, kInfos.size()> nothing_at{};  // by pass: the version in which it found nothing
    size_t runs_of_last = 0;
    Analyses analyses(module[f]);
    for (const Pass pass : order) {
      if (module[f].is_declaration() || (last && runs_of_last == last->count)) break;
      if (last && last->pass == pass) runs_of_last++;
      const auto index = static_cast<size_t>(pass);
      if (nothing_at[index] == version) continue;
      observer.before(kInfos[index].name, module[f]);
      const PassContext context{module, module[f], diags, analyses, function_uses, lone_params, observer.record()};
      const bool changed = kFunctions[index](context);
      observer.after(module[f], changed);
      if (!changed) {
        nothing_at[index] = version;
        continue;
      }
      version++;
      check_after(kInfos[index].name, module, module[f]);
    }
    if (module.functions.size() <= kLooseFunctions) continue;
    pack_body(module[f]);
    for (const FunctionId callee : callees[f.index]) pack_body(module[callee]);  // it was looked into
  }
}

}  // namespace

void remove_unused_functions(Module &module) {
  std::vector<bool> is_used(module.functions.size());
  std::vector<FunctionId> work;
  auto use = [&](FunctionId f) {
    if (is_used[f.index]) return;
    is_used[f.index] = true;
    work.push_back(f);
  };
  for (size_t i = 0; i < module.functions.size(); i++) {
    if (module.functions[i].is_root()) use(FunctionId(i));
  }
  for (const Global &g : module.globals)
    for (const GlobalReloc &r : g.relocs)
      if (r.function) use(r.function);
  while (!work.empty()) {
    const Function &f = module[work.back()];
    work.pop_back();
    for_each_name_use(f, [&](const NameUse &named) {
      if (named.name.kind == NamedOutside::Kind::Function) use(FunctionId(named.name.id));
    });
  }
  for (size_t i = 0; i < module.functions.size(); i++)
    if (!is_used[i]) {
      module.functions[i].blocks.clear();
      module.functions[i].slots.clear();
      module.functions[i].packed = {};
    }
}

// Static functions are fitted to their calls, and what that changes goes through the passes again.
static void specialize(Module &module, Diagnostics &diags, const PipelineRequest &request) {
  remove_unused_functions(module);
  const Specialized specialized = specialize_functions(module);
  if (std::ranges::find(specialized.changed, true) != specialized.changed.end())
    run(module, kO2, diags, request, specialized);
  if (module.functions.size() > kLooseFunctions) std::ranges::for_each(module.functions, pack_body);
}

std::span<const PassInfo> all_passes() { return kInfos; }

void PassRecord::count(std::string_view deed, size_t times) {
  auto at = std::ranges::find(deeds, deed, &std::pair<std::string_view, size_t>::first);
  if (at == deeds.end()) at = deeds.insert(at, {deed, 0});
  at->second += times;
}

Result<void> check_after_option(std::string_view after) {
  const auto place = parse_after(after);
  if (!place) return std::unexpected(place.error());
  return {};
}

bool run_pipeline(Module &module, OptLevel level, Diagnostics &diags, const PipelineRequest &request) {
  const size_t before = diags.error_count();
  run(module, order_of(level), diags, request);
  if (level == OptLevel::O2 && request.after.empty() && diags.error_count() == before)
    specialize(module, diags, request);
  remove_unused_functions(module);
  return diags.error_count() == before;
}

Result<void> run_passes(Module &module, std::string_view names, Diagnostics &diags) {
  std::vector<Pass> order;
  bool has_level = false, has_o2 = false;
  while (!names.empty()) {
    const size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
    if (name == "O0" || name == "O1" || name == "O2") {
      const auto level = order_of(static_cast<OptLevel>(name[1] - '0'));
      order.insert(order.end(), level.begin(), level.end());
      has_level = true;
      has_o2 = has_o2 || name == "O2";
      continue;
    }
    const auto pass = find_pass(name);
    if (!pass) {
      Error error = pass.error();
      error.hint += "; O0, O1 and O2 stand for all of a level";
      return std::unexpected(std::move(error));
    }
    order.push_back(*pass);
  }
  run(module, order, diags);
  if (has_o2) specialize(module, diags, {});
  if (has_level) remove_unused_functions(module);
  std::ranges::for_each(module.functions, unpack);  // whoever names passes wants to see what they did
  return {};
}

}  // namespace spile::ir
