#include "runtime/vm/checked.h"

#include <linux/bpf.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "backend/isa/disasm.h"
#include "backend/isa/info.h"
#include "backend/object/place.h"
#include "lang-spec/tables/tables.h"
#include "runtime/maps/arena_map.h"
#include "runtime/vm/checked_machine.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {

using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

namespace {

std::vector<const InsnInfo *> rows_of(std::span<const Insn> insns) {
  std::vector<const InsnInfo *> rows;
  for (const Insn &insn : insns) {
    const InsnInfo *info = isa::lookup(insn);
    rows.push_back(info != nullptr && isa::malformed(*info, insn).empty() ? info : nullptr);
  }
  return rows;
}

// ---- As an engine.

// What all programs of one engine share.
struct Shared {
  Supervision &supervision;
  HelperResolver resolve;
  Reach reach;
  uint64_t fuel = 0;   // left in this run
  uint32_t depth = 0;  // of runs, each inside of another
};

std::string text_of(std::span<const Insn> insns, uint32_t insn) {
  if (insn >= insns.size()) return fmt::format("instruction {}", insn);
  return fmt::format("instruction {}: `{}`", insn, isa::disassemble(insns, insn, isa::TextStyle::Exact));
}

class CheckedLoaded final : public Loaded {
 public:
  CheckedLoaded(const object::Program &program, std::span<maps::Map *const> maps, std::shared_ptr<Shared> shared,
                std::unique_ptr<Accelerator> accelerator)
      : program_(program), rows_(rows_of(program_.insns)), maps_(addresses_of(maps)), shared_(std::move(shared)) {
    if (accelerator != nullptr) accelerator->tell_context(fast_.context);
    fast_.engine = std::move(accelerator);
    for (uint32_t i = 0; i < rows_.size(); i++)
      if (rows_[i] != nullptr && (rows_[i]->shape == Shape::CallHelper || rows_[i]->shape == Shape::CallKfunc))
        sites_.push_back({.insn = i, .result = std::make_shared<Window>()});
  }

  uint64_t run(void *ctx, uint64_t ctx_size, Env &env) const override {
    return supervised(env, [&](Activation &active) {
      active.prepare(shared_->supervision, env, reinterpret_cast<uint64_t>(ctx), ctx_size);
      active.context.address = active.options.r1;
      active.context.size = ctx_size;
      active.options.regions = {&active.context, 1};
      return active.machine.run();
    });
  }
  uint64_t call(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const override {
    return supervised(env, [&](Activation &active) {
      active.prepare(shared_->supervision, env, r1, r2);
      active.options.regions = {};
      return active.machine.run_subprogram(callback, r1, r2, r3);
    });
  }

 private:
  // A machine for one run after the other.
  struct Activation {
    explicit Activation(const CheckedLoaded &of)
        : options(of.lasting_options()), machine(of.program_.insns, of.rows_, options, of.shared_->fuel) {}
    void prepare(const Supervision &supervision, Env &env, uint64_t r1, uint64_t r2) {
      options.r1 = r1, options.r2 = r2;
      options.fuel = supervision.fuel;
      options.stack_noise = supervision.stack_noise;
      options.env = &env;
    }

    Region context{"the context"};
    CheckedRun options;
    CheckedMachine machine;
  };

  template <class Run>
  uint64_t supervised(Env &env, const Run &run) const {
    Supervision &supervision = shared_->supervision;
    if (supervision.fault) return 0;
    env.running = this;
    const bool is_outermost = shared_->depth++ == 0;
    if (is_outermost) shared_->fuel = supervision.fuel;
    // A program may run again while it runs: by a tail call, or a callback.
    if (active_ == activations_.size()) activations_.push_back(std::make_unique<Activation>(*this));
    Activation *const active = activations_[active_++].get();
    const bool done = run(*active);
    active_--;
    shared_->depth--;
    if (is_outermost) supervision.executed += supervision.fuel - shared_->fuel;
    if (done) return active->machine.result();
    // A program that was reached by a tail call has said it before its caller comes here.
    if (!supervision.fault) {
      Fault &fault = active->machine.failure();
      fault.diagnostic.foreign = object::place_of(program_, fault.insn);
      fault.diagnostic.notes.push_back({{}, text_of(program_.insns, fault.insn), {}});
      supervision.fault = std::move(fault);
    }
    return 0;
  }

  CheckedRun lasting_options() const {
    CheckedRun options;
    options.verified = shared_->supervision.verified;
    options.resolve = shared_->resolve;
    options.reach = &shared_->reach;
    options.btf = program_.object == nullptr ? nullptr : &program_.object->btf;
    options.maps = maps_;
    options.uses_stack = std::ranges::any_of(program_.insns, [](const Insn &insn) {
      return insn.dst == isa::kFramePointer || insn.src == isa::kFramePointer;
    });
    options.sites = sites_;
    options.elsewhere = &shared_->supervision.fault;
    if (const Watch &watch = shared_->supervision.watch)
      options.observe = [this, &watch](const Moment &moment) {
        watch(program_, moment);
        return std::nullopt;
      };
    else if (fast_.engine != nullptr)
      options.fast = &fast_;
    return options;
  }

  object::Program program_;
  std::vector<const InsnInfo *> rows_;
  std::vector<ResolvedMap> maps_;
  // Checked programs run on one thread.
  mutable Fast fast_;
  mutable std::vector<CallSite> sites_;
  std::shared_ptr<Shared> shared_;
  mutable std::vector<std::unique_ptr<Activation>> activations_;
  mutable size_t active_ = 0;  // so many of them, one in the other
};

class CheckedInterpreter final : public Engine {
 public:
  CheckedInterpreter(Supervision &supervision, HelperResolver resolve, MakeAccelerator accelerate)
      : shared_(std::make_shared<Shared>(supervision, resolve, Reach{}, 0)), accelerate_(std::move(accelerate)) {}
  Result<std::unique_ptr<Loaded>> load(const object::Program &program, std::span<maps::Map *const> maps) override {
    const auto resolved = resolve_program(program, addresses_of(maps), shared_->resolve);
    const Supervision &supervision = shared_->supervision;
    // Says what is not available here, before anything runs. What nobody verified says it when it gets there.
    if (supervision.verified && !resolved) return std::unexpected(resolved.error());
    for (size_t i = 0; i < maps.size(); i++) reach(*maps[i], program.object, i);
    std::unique_ptr<Accelerator> accelerator;
    if (resolved && !supervision.verified && !supervision.exact) {
      auto made = accelerate_(program, *resolved, maps, shared_->reach.regions);
      if (!made) return std::unexpected(made.error());
      accelerator = std::move(*made);
    }
    return std::make_unique<CheckedLoaded>(program, maps, shared_, std::move(accelerator));
  }

 private:
  // Values at a fixed address need no lookup.
  void reach(maps::Map &map, const object::Object *object, size_t index) {
    Reach &reach = shared_->reach;
    if (std::ranges::find(reach.maps, &map) != reach.maps.end()) return;
    reach.maps.push_back(&map);
    const maps::Definition &made = map.definition();
    if (made.type == maps::kArenaType)
      return reach.regions.add({fmt::format("the arena `{}`", made.name), static_cast<maps::ArenaMap &>(map).base(),
                                uint64_t{1} << 32, true});
    const std::byte *values = map.direct_values();
    if (values == nullptr) return;
    const object::Map *declared = object != nullptr && index < object->maps.size() ? &object->maps[index] : nullptr;
    const bool is_global = declared != nullptr && declared->is_global_data;
    if (!is_global && made.max_entries != 1) return;
    reach.regions.add(
        {is_global ? fmt::format("the globals in `{}`", made.name) : fmt::format("the value of `{}`", made.name),
         reinterpret_cast<uint64_t>(values), made.value_size,
         !(is_global && declared->is_readonly) && (made.map_flags & BPF_F_RDONLY_PROG) == 0});
  }

  std::shared_ptr<Shared> shared_;
  MakeAccelerator accelerate_;
};

}  // namespace

MakeAccelerator interpreted() {
  return [](const object::Program &, const Resolved &resolved, std::span<maps::Map *const>,
            const Regions &) -> Result<std::unique_ptr<Accelerator>> { return Accelerator::make(resolved); };
}

Result<uint64_t> run_checked(std::span<const Insn> insns, const CheckedRun &options) {
  uint64_t fuel = options.fuel;
  const std::vector<const InsnInfo *> rows = rows_of(insns);
  CheckedMachine machine(insns, rows, options, fuel);
  if (machine.run()) return machine.result();
  return input_error("{}: {}", text_of(insns, machine.failure().insn), machine.failure().diagnostic.message);
}

std::unique_ptr<Engine> make_checked_interpreter(Supervision &supervision, HelperResolver resolve,
                                                 MakeAccelerator accelerate) {
  return std::make_unique<CheckedInterpreter>(supervision, resolve, std::move(accelerate));
}

}  // namespace spile::vm
