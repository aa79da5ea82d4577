// The C side of the plugin: one exported function, and the only state of the plugin, made when it is opened.
#include <llvm/Support/raw_ostream.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "runtime/jit/compile.h"

namespace spile::jit {
namespace {

// Never destroyed: a thread may still compile when the process ends.
struct State {
  const vm::JitHost &host;
  std::mutex mutex;
  // One compiler of each kind for the process: making its TargetMachine costs more than a small program.
  std::map<std::string, std::unique_ptr<Compiler>> by_machine;
};
State *state = nullptr;

llvm::Expected<Compiler *> compiler(const char *march) {
  const std::lock_guard lock(state->mutex);
  auto &instance = state->by_machine[march == nullptr ? "" : march];
  if (instance == nullptr) {
    auto created = Compiler::create(march);
    if (!created) return created.takeError();
    instance = std::move(*created);
  }
  return instance.get();
}

bool compile(const vm::JitProgram *program, const vm::JitOptions *options,
             void (*made)(void *context, const vm::JitImage *), void *context, char *error, size_t error_size) {
  const auto fail = [&](llvm::Error why) {
    snprintf(error, error_size, "%s", llvm::toString(std::move(why)).c_str());
    return false;
  };
  auto instance = compiler(options->march);
  if (!instance) return fail(instance.takeError());
  auto image = (*instance)->compile(*program, state->host, *options);
  if (!image) return fail(image.takeError());
  const vm::JitImage plain{.bytes = image->bytes.data(),
                           .size = image->bytes.size(),
                           .data_offset = image->data_offset,
                           .relocations = image->relocations.data(),
                           .relocation_count = image->relocations.size(),
                           .functions = image->functions.data(),
                           .function_count = image->functions.size(),
                           .lines = image->lines.data(),
                           .line_count = image->lines.size()};
  made(context, &plain);
  return true;
}

constexpr vm::JitApi kApi{.compile = compile};

}  // namespace
}  // namespace spile::jit

extern "C" [[gnu::visibility("default")]] const spile::vm::JitApi *spile_jit_open(uint32_t version,
                                                                                  const spile::vm::JitHost *the_host) {
  if (version != spile::vm::kJitAbiVersion) return nullptr;
  // Sessions on several threads open the plugin. The host is one for all.
  static std::once_flag once;
  std::call_once(once, [the_host] { spile::jit::state = new spile::jit::State{*the_host, {}, {}}; });
  return &spile::jit::kApi;
}
