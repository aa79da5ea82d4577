// Functions that call themselves, directly or through others. The kernel bounds a chain of calls at 8 frames and never
// runs a loop of calls; nothing behind lowering could inline one.
#include <algorithm>

#include "frontend/lower/module_lowerer.h"
#include "ir/pack.h"
#include "support/diagnostics.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::lower {

void report_recursion(const ir::Module &module, Diagnostics &diags) {
  struct Call {
    size_t callee;
    Loc at;
  };
  const size_t count = module.functions.size();
  std::vector<std::vector<Call>> calls(count);
  for (size_t f = 0; f < count; f++)
    ir::for_each_name_use(module.functions[f], [&](const ir::NameUse &use) {
      if (use.is_call) calls[f].push_back({use.name.id, use.loc});
    });
  // Depth first, with a stack of our own: a call of what is still on it closes a loop.
  enum class State : uint8_t { New, Open, Done };
  struct Frame {
    size_t function, next = 0;
  };
  std::vector<State> states(count, State::New);
  std::vector<bool> is_reported(count, false);  // once for each function, however many calls of it close a loop
  for (size_t root = 0; root < count; root++) {
    if (states[root] != State::New) continue;
    std::vector<Frame> stack{{root}};
    states[root] = State::Open;
    while (!stack.empty()) {
      Frame &top = stack.back();
      if (top.next == calls[top.function].size()) {
        states[top.function] = State::Done;
        stack.pop_back();
        continue;
      }
      const Call call = calls[top.function][top.next++];
      if (call.callee >= count || states[call.callee] == State::Done) continue;
      if (states[call.callee] == State::New) {
        states[call.callee] = State::Open;
        stack.push_back({call.callee});
        continue;
      }
      if (is_reported[call.callee]) continue;
      is_reported[call.callee] = true;
      const ir::Function &callee = module.functions[call.callee];
      auto message = diags.report<diag::Recursion>(Range{call.at, call.at}, callee.name);
      const auto in_loop = std::ranges::find(stack, call.callee, &Frame::function);
      for (const Frame &frame : std::ranges::subrange(in_loop, stack.end())) {
        const ir::Function &on_the_way = module.functions[frame.function];
        if (frame.function != top.function && frame.function != call.callee)
          message.note({on_the_way.loc, on_the_way.loc}, "by way of `{}`", on_the_way.name);
      }
      message.hint("a loop with a bound does the same; `bpf_loop` calls a function many times");
    }
  }
}

}  // namespace spile::lower
