#include "runtime/vm/tiered.h"

#include <atomic>
#include <chrono>
#include <utility>

#include "runtime/vm/interpreter.h"
#include "runtime/vm/jit_host.h"
#include "runtime/vm/workshop.h"
#include "support/check.h"

namespace spile::vm {
namespace {

// What compiling costs: opening LLVM, and then by instruction.
constexpr int64_t kStartNs = 15'000'000;
constexpr int64_t kInsnNs = 60'000;
// About a second, for which the end of the process would wait. A larger program stays in the interpreter.
constexpr size_t kMostInsns = 16384;
// One run in so many is timed, for all of them.
constexpr uint32_t kSampled = 16;

// What programs of one engine share.
struct Shared {
  std::shared_ptr<CodeSource> source;
  HelperResolver resolve;
  Workshop workshop;
};

class TieredLoaded final : public Loaded, Workshop::Job {
 public:
  TieredLoaded(const object::Program &program, Resolved resolved, std::span<maps::Map *const> maps,
               std::unique_ptr<Loaded> interpreted, std::shared_ptr<Shared> shared)
      : program_(program),
        resolved_(std::move(resolved)),
        input_(program_.name, resolved_, maps, shared->resolve),
        cost_ns_(kStartNs + static_cast<int64_t>(resolved_.insns.size()) * kInsnNs),
        interpreted_(std::move(interpreted)),
        shared_(std::move(shared)),
        cold_(resolved_.insns.size() <= kMostInsns) {
    if (auto found = shared_->source->cached(input_)) use(std::move(*found));
  }
  ~TieredLoaded() override { shared_->workshop.take_back(*this); }
  TieredLoaded(const TieredLoaded &) = delete;
  TieredLoaded &operator=(const TieredLoaded &) = delete;

  uint64_t run(void *ctx, uint64_t ctx_size, Env &env) const override {
    const Loaded *const compiled = current_.load(std::memory_order_acquire);
    return compiled == nullptr ? run_and_count(ctx, ctx_size, env) : compiled->run(ctx, ctx_size, env);
  }
  uint64_t call(uint64_t, uint64_t, uint64_t, uint64_t, Env &) const override {
    SPILE_UNREACHABLE("a callback belongs to what ran when it was given (Env::running), which is never this");
  }

 private:
  uint64_t run_and_count(void *ctx, uint64_t ctx_size, Env &env) const {
    if (runs_.fetch_add(1, std::memory_order_relaxed) % kSampled != 0) return interpreted_->run(ctx, ctx_size, env);
    const auto begin = std::chrono::steady_clock::now();
    const uint64_t result = interpreted_->run(ctx, ctx_size, env);
    const int64_t taken = std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
    const bool first = runs_.load(std::memory_order_relaxed) <= kSampled;
    const int64_t more = first ? taken : taken * kSampled;
    if (taken_ns_.fetch_add(more, std::memory_order_relaxed) + more >= cost_ns_ &&
        cold_.exchange(false, std::memory_order_relaxed))
      shared_->workshop.add(const_cast<TieredLoaded &>(*this));  // without a thread it goes on here
    return result;
  }
  void work() override {
    if (auto code = shared_->source->compile(input_)) use(std::move(*code));
  }
  // Code that nobody can be told of who is to be told stays unused: what they see is what runs.
  void use(Code code) {
    auto told = shared_->source->tell(program_, resolved_, code);
    if (!told) return;
    compiled_ = run_code(std::move(code), shared_->resolve, std::move(*told));
    current_.store(compiled_.get(), std::memory_order_release);
  }

  const object::Program program_;
  Resolved resolved_;
  JitInput input_;
  int64_t cost_ns_;
  std::unique_ptr<Loaded> interpreted_, compiled_;
  std::shared_ptr<Shared> shared_;
  std::atomic<const Loaded *> current_ = nullptr;  // compiled_, once it is there
  mutable std::atomic<uint32_t> runs_ = 0;
  mutable std::atomic<int64_t> taken_ns_ = 0;
  mutable std::atomic<bool> cold_;  // it may still be given to the workshop
};

class TieredEngine final : public Engine {
 public:
  TieredEngine(std::shared_ptr<CodeSource> source, HelperResolver resolve) : interpreter_(make_interpreter(resolve)) {
    shared_->source = std::move(source);
    shared_->resolve = resolve;
  }
  Result<std::unique_ptr<Loaded>> load(const object::Program &program, std::span<maps::Map *const> maps) override {
    auto interpreted = interpreter_->load(program, maps);
    if (!interpreted) return interpreted;
    auto resolved = resolve_program(program, addresses_of(maps), shared_->resolve);
    if (!resolved) return std::unexpected(resolved.error());
    return std::make_unique<TieredLoaded>(program, std::move(*resolved), maps, std::move(*interpreted), shared_);
  }

 private:
  std::unique_ptr<Engine> interpreter_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace

Result<std::unique_ptr<Engine>> make_tiered(const JitSettings &settings, HelperResolver resolve) {
  auto source = CodeSource::find(settings);
  if (!source) return make_interpreter(resolve);
  if (auto opened = (*source)->open_told(); !opened) return std::unexpected(opened.error());
  return std::make_unique<TieredEngine>(std::move(*source), resolve);
}

}  // namespace spile::vm
