#include "runtime/jit/compile.h"

#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>

#include <cstring>

#include "runtime/jit/translate.h"

namespace spile::jit {

llvm::Expected<std::unique_ptr<Compiler>> Compiler::create() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto target = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!target) return target.takeError();
  target->setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  auto machine = target->createTargetMachine();
  if (!machine) return machine.takeError();
  // Programs call nothing but absolute addresses, so no platform, and no symbols of this process but what LLVM itself
  // makes calls to.
  auto jit = llvm::orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(std::move(*target))
                 .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .create();
  if (!jit) return jit.takeError();
  llvm::orc::SymbolMap library;
  const auto add = [&](const char *name, void *function) {
    library[(*jit)->mangleAndIntern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                                              llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  };
  add("memcpy", reinterpret_cast<void *>(&memcpy));
  add("memmove", reinterpret_cast<void *>(&memmove));
  add("memset", reinterpret_cast<void *>(&memset));
  add("memcmp", reinterpret_cast<void *>(&memcmp));
  add("bcmp", reinterpret_cast<void *>(&memcmp));  // LLVM asks for bcmp where only equality matters
  if (auto error = (*jit)->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(library))))
    return std::move(error);
  return std::unique_ptr<Compiler>(new Compiler(std::move(*jit), std::move(*machine)));
}

void Compiler::optimize(llvm::Module &module) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  // Without the TargetMachine the vectorizer has no costs and does nothing: 4.6 times slower on a loop it could do.
  llvm::PassBuilder builder(machine_.get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

llvm::Expected<std::unique_ptr<Compiled>> Compiler::compile(const vm::JitProgram &program, const vm::JitHost &host) {
  const std::lock_guard lock(mutex_);
  const std::string entry_name = "bpf_program_" + std::to_string(programs_++);
  auto context = std::make_unique<llvm::LLVMContext>();
  auto module = translate(*context, program, host, entry_name);
  module->setDataLayout(jit_->getDataLayout());
  module->setTargetTriple(machine_->getTargetTriple().str());
  optimize(*module);
  auto compiled = std::make_unique<Compiled>();
  compiled->tracker = jit_->getMainJITDylib().createResourceTracker();
  if (auto error = jit_->addIRModule(compiled->tracker, {std::move(module), std::move(context)}))
    return std::move(error);
  auto entry = jit_->lookup(entry_name);
  if (!entry) return entry.takeError();
  compiled->entry = entry->toPtr<vm::JitEntry>();
  return compiled;
}

}  // namespace spile::jit
