#include "runtime/jit/compile.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/Process.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

#include <array>
#include <string_view>

#include "runtime/jit/address_masks.h"
#include "runtime/jit/blind.h"
#include "runtime/jit/code_passes.h"
#include "runtime/jit/loops.h"
#include "runtime/jit/pipeline.h"
#include "runtime/jit/translate.h"
#include "runtime/jit/translate_checked.h"

namespace spile::jit {

namespace {

// What code is made for: this machine, or any of its architecture.
struct Machine {
  std::string triple, cpu, features;
  uint64_t page;
};

Machine this_machine() {
  llvm::SubtargetFeatures features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures()) features.AddFeature(feature.first(), feature.second);
  return {llvm::sys::getProcessTriple(), llvm::sys::getHostCPUName().str(), features.getString(),
          llvm::sys::Process::getPageSizeEstimate()};
}

// Pages of AArch64 have up to 64 KB, which who makes the file sees to.
const std::array<std::pair<std::string_view, Machine>, 2> &machines() {
  static const std::array<std::pair<std::string_view, Machine>, 2> all{{
      {"x86_64", {"x86_64-unknown-linux-gnu", "x86-64", "", vm::kJitPiece}},
      {"aarch64", {"aarch64-unknown-linux-gnu", "generic", "", vm::kJitPiece}},
  }};
  return all;
}

void initialize_targets() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
}

}  // namespace

llvm::Expected<std::unique_ptr<Compiler>> Compiler::create(const char *march) {
  initialize_targets();
  Machine of;
  if (march == nullptr) {
    of = this_machine();
  } else {
    const auto *const named = std::ranges::find(machines(), march, [](const auto &one) { return one.first; });
    if (named == machines().end()) return llvm::createStringError(llvm::Twine("no machine is called ") + march);
    of = named->second;
  }
  std::string error;
  const llvm::Target *const target = llvm::TargetRegistry::lookupTarget(of.triple, error);
  if (target == nullptr) return llvm::createStringError(error);
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(of.triple, of.cpu, of.features, llvm::TargetOptions(), llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
  if (machine == nullptr) return llvm::createStringError("LLVM makes no code for " + of.triple);
  return std::unique_ptr<Compiler>(new Compiler(std::move(machine), of.page, /*waiting=*/march == nullptr));
}

void Compiler::optimize(llvm::Module &module, const vm::JitProgram &program) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  // Without the TargetMachine the vectorizer has no costs and does nothing: 4.6 times slower on a loop it could do.
  llvm::PassBuilder builder(machine_.get(), pipeline_tuning());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  pipeline_of(builder, program, waiting_).run(module, modules);
}

// Calls go through the words that hold addresses (link.h): there is nobody to make stubs for them.
llvm::MemoryBufferRef Compiler::emit(llvm::Module &module, bool quickly) {
  module.setRtLibUseGOT();
  for (llvm::Function &function : module)
    if (function.isDeclaration()) function.addFnAttr(llvm::Attribute::NonLazyBind);
  if (generator_ == nullptr) {
    generator_ = std::make_unique<llvm::legacy::PassManager>();
    WantedPasses wanted(*generator_, waiting_);
    machine_->addPassesToEmitFile(wanted, out_, nullptr, llvm::CodeGenFileType::ObjectFile);
  }
  // Only now: the passes were made for either.
  machine_->setFastISel(quickly);
  object_.clear();
  generator_->run(module);
  return {{object_.data(), object_.size()}, module.getName()};
}

llvm::Expected<Image> Compiler::compile(const vm::JitProgram &program, const vm::JitHost &host,
                                        const vm::JitOptions &options) {
  const std::lock_guard lock(mutex_);
  const std::string entry_name = "bpf_program";
  llvm::LLVMContext context;
  const bool checked = program.unverified != nullptr;
  const auto module = checked ? translate_checked(context, program, host, entry_name, options.lines)
                              : translate(context, program, host, entry_name, options.lines);
  module->setDataLayout(machine_->createDataLayout());
  module->setTargetTriple(machine_->getTargetTriple().str());
  optimize(*module, program);
  keep_masks_out_of_addresses(*module);
  if (options.blind) blind_constants(*module);
  // A loop's optimized IR has little left for the slow selection of instructions to find, which takes a seventh of the
  // time; long blocks of loads and comparisons of parts of them have more, and checks are such.
  const bool quickly = waiting_ && !checked && has_loops(program);
  return link(emit(*module, quickly), program, entry_name, Layout{page_, options.gap});
}

}  // namespace spile::jit
