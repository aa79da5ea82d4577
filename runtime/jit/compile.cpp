#include "runtime/jit/compile.h"

#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>

#include <cstring>

#include "runtime/jit/fuel.h"
#include "runtime/jit/translate.h"
#include "runtime/jit/translate_checked.h"

namespace spile::jit {

namespace {

// Sees where the functions of each object are put.
class Observer final : public llvm::orc::ObjectLinkingLayer::Plugin {
 public:
  explicit Observer(std::vector<Placed> &placed) : placed_(placed) {}
  void modifyPassConfig(llvm::orc::MaterializationResponsibility &, llvm::jitlink::LinkGraph &,
                        llvm::jitlink::PassConfiguration &passes) override {
    // Code refers to internal functions by their section, which does not keep their names.
    passes.PrePrunePasses.emplace_back([](llvm::jitlink::LinkGraph &graph) {
      for (llvm::jitlink::Symbol *symbol : graph.defined_symbols())
        if (symbol->isCallable()) symbol->setLive(true);
      return llvm::Error::success();
    });
    passes.PostFixupPasses.emplace_back([this](llvm::jitlink::LinkGraph &graph) {
      for (const llvm::jitlink::Symbol *symbol : graph.defined_symbols())
        if (symbol->hasName() && symbol->isCallable())
          placed_.push_back({symbol->getName().str(), symbol->getAddress().getValue(), symbol->getSize()});
      return llvm::Error::success();
    });
  }
  llvm::Error notifyFailed(llvm::orc::MaterializationResponsibility &) override { return llvm::Error::success(); }
  llvm::Error notifyRemovingResources(llvm::orc::JITDylib &, llvm::orc::ResourceKey) override {
    return llvm::Error::success();
  }
  void notifyTransferringResources(llvm::orc::JITDylib &, llvm::orc::ResourceKey, llvm::orc::ResourceKey) override {}

 private:
  std::vector<Placed> &placed_;
};

// Subprograms keep their place in the program in their names (translate.cpp); the entry is the first.
void tell(const vm::JitProgram &program, const std::vector<Placed> &placed, const std::string &entry_name) {
  for (const Placed &one : placed) {
    llvm::StringRef name = one.name;
    size_t index = 0;
    const bool known = name == entry_name || (name.consume_front(entry_name + ".") && !name.getAsInteger(10, index));
    if (known && program.placed != nullptr) program.placed(program.context, index, one.address, one.size);
  }
}

}  // namespace

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
  std::unique_ptr<Compiler> made(new Compiler(std::move(*jit), std::move(*machine)));
  if (auto *layer = llvm::dyn_cast<llvm::orc::ObjectLinkingLayer>(&made->jit_->getObjLinkingLayer()))
    layer->addPlugin(std::make_shared<Observer>(made->placed_));
  return made;
}

void Compiler::optimize(llvm::Module &module, bool checked) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  // Without the TargetMachine the vectorizer has no costs and does nothing: 4.6 times slower on a loop it could do.
  llvm::PassBuilder builder(machine_.get());
  if (checked) ask_for_fuel_beforehand(builder);
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
  const bool checked = program.unverified != nullptr;
  auto module =
      checked ? translate_checked(*context, program, host, entry_name) : translate(*context, program, host, entry_name);
  module->setDataLayout(jit_->getDataLayout());
  module->setTargetTriple(machine_->getTargetTriple().str());
  optimize(*module, checked);
  auto compiled = std::make_unique<Compiled>();
  compiled->tracker = jit_->getMainJITDylib().createResourceTracker();
  if (auto error = jit_->addIRModule(compiled->tracker, {std::move(module), std::move(context)}))
    return std::move(error);
  placed_.clear();
  auto entry = jit_->lookup(entry_name);
  if (!entry) return entry.takeError();
  tell(program, placed_, entry_name);
  if (!checked) {
    compiled->entry = entry->toPtr<vm::JitEntry>();
    return compiled;
  }
  for (size_t i = 0; i < program.subprogram_count; i++) {
    auto subprogram = jit_->lookup(subprogram_name(entry_name, i));
    if (!subprogram) return subprogram.takeError();
    compiled->entries.push_back(subprogram->toPtr<vm::JitCheckedEntry>());
  }
  return compiled;
}

}  // namespace spile::jit
