#include "ir/specialize.h"

#include <algorithm>

#include "ir/analysis_address.h"
#include "ir/pack.h"
#include "ir/rewrite.h"

namespace spile::ir {

namespace {

struct CallSite {
  FunctionId caller;
  ValueId call;
};

// What becomes of a result. One that is only given back stays in r0, where a constant would have to be made.
enum class Use : uint8_t { None, GivenBack, Read };

struct Calls {
  std::vector<std::vector<CallSite>> of;     // by function; none for those that are called from where nobody sees
  std::vector<bool> is_closed;               // by function: whether all of its calls are known
  std::vector<std::vector<Use>> result_use;  // by function, by value: of the calls in it
};

// Functions whose calls are all known are unpacked, and who calls them.
Calls collect_calls(Module &module) {
  const size_t count = module.functions.size();
  Calls calls{std::vector<std::vector<CallSite>>(count), {}, std::vector<std::vector<Use>>(count)};
  for (const Function &f : module.functions)
    calls.is_closed.push_back(!f.is_root() && !f.is_declaration() && !f.is_naked);
  for (const Global &g : module.globals)
    for (const GlobalReloc &r : g.relocs)
      if (r.function) calls.is_closed[r.function.index] = false;
  for (const Function &f : module.functions)
    for_each_name_use(f, [&](const NameUse &use) {
      if (use.name.kind == NamedOutside::Kind::Function && !use.is_call) calls.is_closed[use.name.id] = false;
    });
  for (size_t i = 0; i < count; i++) {
    Function &f = module.functions[i];
    bool calls_closed = calls.is_closed[i];
    for_each_name_use(f, [&](const NameUse &use) { calls_closed |= use.is_call && calls.is_closed[use.name.id]; });
    if (!calls_closed) continue;
    unpack(f);
    calls.result_use[i].resize(f.insts.size());
    for (const Block &block : f.blocks)
      for (const ValueId v : block.insts) {
        if (f[v].op == Op::Call) calls.of[static_cast<size_t>(f[v].imm)].push_back({FunctionId(i), v});
        const bool is_given_back = f[v].op == Op::Ret || f[v].op == Op::Phi;
        for (const ValueId operand : f.operands(v)) {
          if (f[operand].op != Op::Call) continue;
          Use &use = calls.result_use[i][operand.index];
          use = std::max(use, is_given_back ? Use::GivenBack : Use::Read);
        }
      }
  }
  return calls;
}

// The constant that parameter [i] is in all calls, else none.
ValueId same_constant(const Module &module, const std::vector<CallSite> &calls, size_t i) {
  const Function &first = module[calls.front().caller];
  const ValueId value = first.operand(calls.front().call, i);
  if (first[value].op != Op::Const) return {};
  const bool is_same = std::ranges::all_of(calls, [&](const CallSite &site) {
    const Function &f = module[site.caller];
    const Inst &other = f[f.operand(site.call, i)];
    return other.op == Op::Const && other.type == first[value].type && other.imm == first[value].imm;
  });
  return is_same ? value : ValueId{};
}

bool is_used(const Function &f, ValueId param) {
  for (const Block &block : f.blocks)
    for (const ValueId v : block.insts)
      if (std::ranges::find(f.operands(v), param) != f.operands(v).end()) return true;
  return false;
}

// Parameter [p] goes, and those behind it move up. What BTF says of the function stays as the source has it, as with
// clang.
void remove_parameter(Function &f, uint32_t p) {
  f.params.erase(f.params.begin() + p);
  for (const Block &block : f.blocks)
    for (const ValueId v : block.insts)
      for (size_t i = 0; i < f[v].operand_count; i++)
        if (const Inst &operand = f[f.operand(v, i)]; operand.op == Op::Param && operand.imm > p) {
          const ValueId moved = f.param(static_cast<uint32_t>(operand.imm) - 1);
          f.operands(v)[i] = moved;
        }
}
void remove_argument(Function &f, ValueId call, uint32_t p) {
  std::vector<ValueId> arguments(f.operands(call).begin(), f.operands(call).end());
  arguments.erase(arguments.begin() + p);
  f.set_operands(call, arguments);
}

// What every ret of [f] gives back: a constant or a parameter, else none.
ValueId same_result(const Function &f) {
  ValueId same;
  for (const Block &block : f.blocks) {
    if (block.insts.empty() || f[block.insts.back()].op != Op::Ret) continue;
    const ValueId value = f.operand(block.insts.back(), 0);
    if ((same && value != same) || (f[value].op != Op::Const && f[value].op != Op::Param)) return {};
    same = value;
  }
  return same;
}

// A result that no caller uses is not made.
void remove_result(Module &module, Function &f, const std::vector<CallSite> &calls) {
  f.result = Type::Void;
  for (const Block &block : f.blocks)
    if (!block.insts.empty() && f[block.insts.back()].op == Op::Ret) f.set_operands(block.insts.back(), {});
  for (const auto &[caller, call] : calls) module[caller][call].type = Type::Void;
}

// Whether argument [p] of a call is the address of a variable of the caller, which no other argument points to.
bool is_lone(const Function &f, ValueId call, size_t p) {
  const auto arguments = f.operands(call);
  const ValueId own = address_of(f, arguments[p]).base;
  if (f[own].op != Op::SlotAddr) return false;
  for (size_t i = 0; i < arguments.size(); i++) {
    const ValueId base = address_of(f, arguments[i]).base;
    const Op op = f[base].op;
    const bool is_another = base != own && (op == Op::SlotAddr || op == Op::Param || op == Op::GlobalAddr);
    if (i != p && f[arguments[i]].type == Type::Ptr && op != Op::Const && !is_another) return false;
  }
  return true;
}

}  // namespace

Specialized specialize_functions(Module &module) {
  Specialized result{std::vector<bool>(module.functions.size()), std::vector<uint32_t>(module.functions.size())};
  std::vector<bool> &changed = result.changed;
  Calls known = collect_calls(module);
  const auto &calls = known.of;
  std::vector<Rewrite> rewrites(module.functions.begin(), module.functions.end());  // what results are, by caller
  // Whether something of function [i] has gone.
  const auto fit = [&](size_t i) {
    Function &f = module.functions[i];
    bool is_smaller = false;
    if (f.result != Type::Void) {
      const ValueId value = same_result(f);
      bool is_result_needed = false;
      for (const auto &[caller_id, call] : calls[i]) {
        const Use use = known.result_use[caller_id.index][call.index];
        if (use == Use::None) continue;
        if (!value || use == Use::GivenBack || caller_id.index == i) {
          is_result_needed = true;
          continue;
        }
        Function &caller = module[caller_id];
        rewrites[caller_id.index].replace(call, f[value].op == Op::Const
                                                    ? caller.constant(f.result, f[value].imm)
                                                    : caller.operand(call, static_cast<size_t>(f[value].imm)));
        changed[caller_id.index] = true;
      }
      if (!is_result_needed) {
        remove_result(module, f, calls[i]);
        changed[i] = is_smaller = true;
      }
    }
    for (uint32_t p = 0; p < f.params.size();) {
      const ValueId param = f.param(p);
      const ValueId value = same_constant(module, calls[i], p);
      const bool is_read = is_used(f, param);
      if (is_read && !value) {
        p++;
        continue;
      }
      if (is_read) {
        const Inst constant = module[calls[i].front().caller][value];
        Rewrite rewrite(f);
        rewrite.replace(param, f.constant(f.params[p], constant.imm));
        rewrite.apply();
      }
      remove_parameter(f, p);
      changed[i] = is_smaller = true;
      for (const auto &[caller, call] : calls[i]) {
        remove_argument(module[caller], call, p);
        changed[caller.index] = true;
      }
    }
    return is_smaller;
  };
  // What goes from one function may be all that another had it for.
  for (bool is_smaller = true; is_smaller;) {
    is_smaller = false;
    for (size_t i = 0; i < module.functions.size(); i++)
      if (known.is_closed[i] && !calls[i].empty()) is_smaller = fit(i) || is_smaller;
  }
  for (size_t i = 0; i < module.functions.size(); i++) {
    const Function &f = module.functions[i];
    if (!known.is_closed[i] || calls[i].empty()) continue;
    if (std::ranges::count(f.params, Type::Ptr) < 2) continue;
    for (uint32_t p = 0; p < f.params.size(); p++)
      if (std::ranges::all_of(calls[i], [&](const CallSite &at) { return is_lone(module[at.caller], at.call, p); }))
        result.lone_params[i] |= 1u << p;
    if (result.lone_params[i] != 0) changed[i] = true;
  }
  for (Rewrite &rewrite : rewrites) rewrite.apply();
  return result;
}

}  // namespace spile::ir
