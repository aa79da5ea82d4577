// The C side of the plugin: one exported function, and the only state of the plugin, made on first use.
#include <llvm/Support/raw_ostream.h>

#include <cstdio>

#include "runtime/jit/compile.h"

namespace spile::jit {
namespace {

const vm::JitHost *host = nullptr;

// One compiler for the process: making LLJIT and its TargetMachine costs more than a small program. Never destroyed:
// code that it made may run until the process ends.
llvm::Expected<Compiler *> compiler() {
  struct Instance {
    std::unique_ptr<Compiler> compiler;
    std::string error;
  };
  static const Instance *const instance = [] {
    auto created = Compiler::create();
    if (created) return new Instance{std::move(*created), {}};
    return new Instance{nullptr, llvm::toString(created.takeError())};
  }();
  if (instance->compiler == nullptr) return llvm::createStringError(instance->error);
  return instance->compiler.get();
}

bool compile(const vm::JitProgram *program, vm::JitCode *code, char *error, size_t error_size) {
  const auto fail = [&](llvm::Error why) {
    snprintf(error, error_size, "%s", llvm::toString(std::move(why)).c_str());
    return false;
  };
  auto instance = compiler();
  if (!instance) return fail(instance.takeError());
  auto compiled = (*instance)->compile(*program, *host);
  if (!compiled) return fail(compiled.takeError());
  code->entry = (*compiled)->entry;
  code->entries = (*compiled)->entries.data();
  code->handle = compiled->release();
  return true;
}

void release(void *handle) {
  auto *compiled = static_cast<Compiled *>(handle);
  llvm::consumeError(compiled->tracker->remove());
  delete compiled;
}

constexpr vm::JitApi kApi{.compile = compile, .release = release};

}  // namespace
}  // namespace spile::jit

extern "C" [[gnu::visibility("default")]] const spile::vm::JitApi *spile_jit_open(uint32_t version,
                                                                                  const spile::vm::JitHost *the_host) {
  if (version != spile::vm::kJitAbiVersion) return nullptr;
  spile::jit::host = the_host;
  return &spile::jit::kApi;
}
