#include "backend/emit/function_code.h"

#include "backend/emit/encode.h"
#include "backend/emit/peephole.h"
#include "backend/isel/isel.h"
#include "backend/isel/mir.h"
#include "backend/regalloc/frame.h"
#include "backend/regalloc/regalloc.h"
#include "backend/regalloc/replay.h"
#include "support/check.h"

namespace spile::codegen {

namespace {

std::optional<mir::Function> selected(const ir::Module &module, ir::FunctionId id, const isel::Target &target,
                                      Diagnostics &diags) {
  auto code = isel::select(module, id, target, diags);
  if (code) regalloc::prepare(*code);
  return code;
}

bool allocate(mir::Function &code, [[maybe_unused]] const ir::Module &module, Loc loc, Diagnostics &diags) {
#ifdef SPILE_CHECKED
  const mir::Function before = code;
#endif
  regalloc::allocate_registers(code);
#ifdef SPILE_CHECKED
  const auto fault = regalloc::replay(before, code, module);
  SPILE_CHECK(!fault, fault->c_str());
#endif
  clean_up(code);
  return regalloc::lay_out_frame(code, loc, diags);
}

}  // namespace

std::optional<EncodedFunction> generate(const ir::Module &module, ir::FunctionId function,
                                        const CodegenOptions &options, Diagnostics &diags) {
  const isel::Target target{.cpu = options.mcpu};
  const Loc loc = module[function].loc;
  auto code = selected(module, function, target, diags);
  if (!code || !allocate(*code, module, loc, diags)) return std::nullopt;
  return encode(module, *code, block_order(*code), target, loc, diags);
}

std::string machine_text(const ir::Module &module, ir::FunctionId function, const CodegenOptions &options,
                         Diagnostics &diags) {
  const isel::Target target{.cpu = options.mcpu};
  auto code = selected(module, function, target, diags);
  if (!code) return {};
  std::string text = "; selected\n" + mir::print(*code, module);
  if (!allocate(*code, module, module[function].loc, diags)) return text;
  return text + "; allocated\n" + mir::print(*code, module);
}

}  // namespace spile::codegen
