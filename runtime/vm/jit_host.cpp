#include "runtime/vm/jit_host.h"

#include <utility>

#include "runtime/vm/jit_checked.h"
#include "runtime/vm/memory.h"
#include "runtime/vm/resolve.h"
#include "support/check.h"

namespace spile::vm {
namespace {

void *helper_of_register(const Env *env, uint64_t number);

constexpr JitHost kHost{
    .packet_load = [](const Env *env, int64_t offset, uint32_t bytes,
                      uint64_t *value) { return packet_load(*env, offset, bytes, *value); },
    .helper_of_register = helper_of_register,
    .leaves_after_tail_call = [](Env *env) { return std::exchange(env->tail_called, false); },
    .step = jit_step,
    .enter = jit_enter,
    .leave = jit_leave,
};

class JitLoaded final : public Loaded {
 public:
  // [told]: null when nobody is told of the code.
  JitLoaded(Code code, HelperResolver resolve, std::unique_ptr<GdbCode> told)
      : code_(std::move(code)), entry_(code_.entry<JitEntry>(0)), resolve_(resolve), told_(std::move(told)) {}

  // Compiled code does not have the type word that -fsanitize=function looks for before a function.
  uint64_t run(void *ctx, uint64_t ctx_size, Env &env) const override {
    return run_from(entry_, reinterpret_cast<uint64_t>(ctx), ctx_size, 0, env);
  }
  uint64_t call(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const override {
    return run_from(reinterpret_cast<JitEntry>(callback), r1, r2, r3, env);
  }

  HelperResolver resolver() const { return resolve_; }

 private:
  [[clang::no_sanitize("function")]] uint64_t run_from(JitEntry entry, uint64_t r1, uint64_t r2, uint64_t r3,
                                                       Env &env) const {
    env.call_back = call_back;
    env.running = this;
    return entry(r1, r2, r3, 0, 0, &env);
  }

  [[clang::no_sanitize("function")]] static uint64_t call_back(Env *env, uint64_t callback, uint64_t r1, uint64_t r2,
                                                               uint64_t r3, uint64_t r4, uint64_t r5) {
    return reinterpret_cast<JitEntry>(callback)(r1, r2, r3, r4, r5, env);
  }

  Code code_;
  JitEntry entry_;
  HelperResolver resolve_;
  std::unique_ptr<GdbCode> told_;
};

void *helper_of_register(const Env *env, uint64_t number) {
  const HelperFn helper = static_cast<const JitLoaded *>(env->running)->resolver()(static_cast<uint32_t>(number));
  SPILE_CHECK(helper != nullptr, "a verified program calls a helper that does not exist");
  return reinterpret_cast<void *>(helper);
}

class JitEngine final : public Engine {
 public:
  JitEngine(std::shared_ptr<CodeSource> source, HelperResolver resolve)
      : source_(std::move(source)), resolve_(resolve) {}

  Result<std::unique_ptr<Loaded>> load(const object::Program &program, std::span<maps::Map *const> maps) override {
    const auto resolved = resolve_program(program, addresses_of(maps), resolve_);
    if (!resolved) return std::unexpected(resolved.error());
    const JitInput input(program.name, *resolved, maps, resolve_);
    auto code = source_->code_of(input);
    if (!code) return std::unexpected(code.error());
    auto told = source_->tell(program, *resolved, *code);
    if (!told) return std::unexpected(told.error());
    return run_code(std::move(*code), resolve_, std::move(*told));
  }

 private:
  std::shared_ptr<CodeSource> source_;
  HelperResolver resolve_;
};

}  // namespace

const JitHost &jit_host() { return kHost; }

std::unique_ptr<Loaded> run_code(Code code, HelperResolver resolve, std::unique_ptr<GdbCode> told) {
  return std::make_unique<JitLoaded>(std::move(code), resolve, std::move(told));
}

Result<std::unique_ptr<Engine>> make_jit(const JitSettings &settings, HelperResolver resolve) {
  auto source = CodeSource::find(settings);
  if (!source) return std::unexpected(source.error());
  if (auto opened = (*source)->open_told(); !opened) return std::unexpected(opened.error());
  return std::make_unique<JitEngine>(std::move(*source), resolve);
}

Result<std::unique_ptr<Engine>> make_jit(HelperResolver resolve) { return make_jit(JitSettings(), resolve); }

Result<std::unique_ptr<Engine>> open_jit(const std::string &path, HelperResolver resolve) {
  auto source = std::make_shared<CodeSource>(path, JitSettings());
  if (const auto opened = source->plugin(); !opened) return std::unexpected(opened.error());
  return std::make_unique<JitEngine>(std::move(source), resolve);
}

}  // namespace spile::vm
