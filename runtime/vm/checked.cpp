#include "runtime/vm/checked.h"

#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "backend/isa/disasm.h"
#include "backend/isa/info.h"
#include "lang-spec/tables/kfuncs.h"
#include "lang-spec/tables/tables.h"
#include "runtime/maps/arena_map.h"
#include "runtime/vm/memory.h"
#include "runtime/vm/resolve.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/run.def"
#include "support/diag_table.h"

namespace spile::vm {
namespace {

using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

// The value of a kPseudoFunc load: no address, no helper number, and callx knows it again.
constexpr uint64_t kSubprogramTag = 0x5b1e'0000'0000'0000;

}  // namespace

class CheckedMachine final : private Memory, private Accelerator::Host {
 public:
  // [rows]: of insns.def, by instruction; null where there is no well-formed one. [fuel]: how many instructions may be
  // executed still. All outlive the machine, and may change between its runs.
  CheckedMachine(std::span<const Insn> insns, std::span<const InsnInfo *const> rows, const CheckedRun &options,
                 uint64_t &fuel)
      : insns_(insns), rows_(rows), options_(options), fuel_(fuel) {
    if (options.reach != nullptr && !options.verified)
      calls_.emplace(*options.reach, frames_, static_cast<const Memory &>(*this));
  }

  // Whether it came to its end: result(), otherwise failure().
  bool run() {
    begin();
    return run_on();
  }
  uint64_t result() const { return regs_[0]; }
  Fault &failure() { return *failed_; }
  // A subprogram that was passed as a callback: a timer's.
  bool run_subprogram(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3) {
    begin();
    pc_ = static_cast<int64_t>(callback - kSubprogramTag);
    regs_[1] = r1, regs_[2] = r2, regs_[3] = r3;
    if (!calls_) return run_on();
    const tables::Helper &timer = *tables::find_helper("timer_set_callback");
    const Arguments given{r1, r2, r3, 0, 0};
    calls_->enter_callback(timer, given);
    const bool done = run_on();
    calls_->leave_callback(timer, given);
    return done;
  }

 private:
  // Nothing is left of a run before.
  void begin() {
    env = options_.env;
    frames_.begin(options_.stack_noise, options_.uses_stack);
    if (calls_) calls_->begin();
    regs_ = {};
    regs_[1] = options_.r1;
    regs_[2] = options_.r2;
    regs_[10] = frames_.stack_end();
    pc_ = last_ = 0;
    finished_ = false;
    if (failed_) failed_.reset();
  }
  bool run_on() {
    const Fast *const fast = options_.fast;
    if (fast == nullptr || fast->running != nullptr || fast->engine->has_bound())
      attach();
    else
      tell_context();
    run_above(-1);
    if (scopes_) scopes_.reset();
    return !failed_;
  }
  // Code that only computes never asks for anything, so what it could ask for is made ready when it does.
  void attach() {
    if (!scopes_) scopes_.emplace(*this);
  }

  // While it lives, callbacks that helpers make come here.
  class EnvScope {
   public:
    explicit EnvScope(CheckedMachine &machine) : env_(machine.options_.env) {
      if (env_ == nullptr) return;
      call_back_ = std::exchange(env_->call_back, call_back);
      engine_state_ = std::exchange(env_->engine_state, &machine);
    }
    ~EnvScope() {
      if (env_ == nullptr) return;
      env_->call_back = call_back_;
      env_->engine_state = engine_state_;
    }
    EnvScope(const EnvScope &) = delete;
    EnvScope &operator=(const EnvScope &) = delete;

   private:
    Env *env_;
    CallbackFn call_back_ = nullptr;
    const void *engine_state_ = nullptr;
  };

  // While it lives, the accelerator's windows are of this run. A helper may run the program again meanwhile.
  class FastScope {
   public:
    explicit FastScope(CheckedMachine &machine) : fast_(machine.options_.fast) {
      if (fast_ == nullptr) return;
      outer_ = std::exchange(fast_->running, &machine);
      machine.tell_windows();
    }
    ~FastScope() {
      if (fast_ == nullptr) return;
      fast_->running = outer_;
      if (outer_ != nullptr) outer_->tell_windows();
    }
    FastScope(const FastScope &) = delete;
    FastScope &operator=(const FastScope &) = delete;

   private:
    Fast *fast_;
    CheckedMachine *outer_ = nullptr;
  };
  struct Scopes {
    explicit Scopes(CheckedMachine &machine) : env(machine), fast(machine) {}
    EnvScope env;
    FastScope fast;
  };
  void tell_windows() {
    frames_.tell(options_.fast->stack);
    tell_context();
    tell_packet();
  }
  void tell_context() {
    Window &context = options_.fast->context;
    if (options_.regions.empty())
      context.close();
    else
      context.set(options_.regions.front().address, options_.regions.front().size, true);
  }

  // Runs until the frame at [floor] is the top one again; -1: until the program ends. Or until it has failed.
  void run_above(int floor) {
    const int outer = std::exchange(floor_, floor);
    while (is_going()) {
      if (options_.fast != nullptr && is_whole(pc_))
        options_.fast->engine->run(static_cast<uint32_t>(pc_), regs_, frames_, fuel_, *this);
      else {
        attach();
        step_here();
      }
    }
    floor_ = outer;
  }
  bool is_going() const { return !failed_ && !finished_ && static_cast<int>(frames_.depth()) > floor_; }
  bool is_inside(int64_t insn) const { return insn >= 0 && insn < static_cast<int64_t>(insns_.size()); }
  bool is_whole(int64_t insn) const { return is_inside(insn) && rows_[static_cast<size_t>(insn)] != nullptr; }

  std::optional<uint32_t> step(uint32_t insn) override {
    attach();
    pc_ = insn;
    if (rows_[insn]->shape == Shape::CallHelper)
      call_here(insn);
    else
      step_here();
    if (!is_going() || !is_whole(pc_)) return std::nullopt;
    return static_cast<uint32_t>(pc_);
  }

  void finish(uint32_t insn) override {
    pc_ = last_ = insn;
    finished_ = true;
  }

  void step_here() { note(try_step()); }
  // The most frequent of the accelerator's steps, without the way through all others.
  [[gnu::flatten]] void call_here(uint32_t insn) {
    last_ = pc_;
    if (fuel_ == 0) return note(fault<diag::OutOfFuel>(options_.fuel));
    fuel_--;
    note(call_helper(static_cast<uint32_t>(insns_[insn].imm), pc_ + 1));
  }
  void note(Ran<void> done) {
    if (done || failed_) return;
    done.error().insn = static_cast<uint32_t>(last_);
    failed_ = std::move(done.error());
  }
  Ran<void> try_step() {
    if (!is_inside(pc_)) return fault<diag::RunsOffEnd>(pc_, insns_.size());
    last_ = pc_;
    if (fuel_ == 0) return fault<diag::OutOfFuel>(options_.fuel);
    fuel_--;
    if (options_.observe) {
      const Moment moment{static_cast<uint32_t>(pc_), std::span(regs_).first(isa::kRegisterCount), frames_.stack()};
      if (auto problem = options_.observe(moment)) {
        Fault seen;
        seen.diagnostic.message = std::move(*problem);
        return std::unexpected(std::move(seen));
      }
    }
    return execute();
  }

  static uint64_t call_back(Env *env, uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                            uint64_t r5) {
    auto &machine = *const_cast<CheckedMachine *>(static_cast<const CheckedMachine *>(env->engine_state));
    return machine.run_callback(callback, {r1, r2, r3, r4, r5});
  }
  // A fault inside waits in [failed_] until the helper has returned; the helper sees a result that ends most loops.
  uint64_t run_callback(uint64_t callback, const Arguments &arguments) {
    if (failed_) return 1;
    const tables::Helper *const helper = calling_;
    const int64_t back = pc_;
    const auto depth = static_cast<int>(frames_.depth());
    Ran<void> entered = is_subprogram(callback) ? enter(back) : fault<diag::NoCallTarget>(callback);
    if (entered) {
      if (calls_) calls_->enter_callback(*helper, arguments);
      std::ranges::copy(arguments, regs_.begin() + 1);
      pc_ = static_cast<int64_t>(callback - kSubprogramTag);
      run_above(depth);
      if (calls_) calls_->leave_callback(*helper, arguments);
    } else {
      failed_ = std::move(entered.error());
      failed_->insn = static_cast<uint32_t>(back);
    }
    pc_ = back;
    calling_ = helper;
    return failed_ ? 1 : regs_[0];
  }

  // ---- Memory, for the checks of calls.

  const Region *find(uint64_t address, uint64_t bytes, const Region *&near) const override {
    const auto holds = [&](const Region &region) {
      if (region.holds(address, bytes)) return true;
      if (near == nullptr || distance(region, address) < distance(*near, address)) near = &region;
      return false;
    };
    stack_region_.address = frames_.stack_begin();
    stack_region_.size = frames_.stack_size();
    if (holds(stack_region_)) return &stack_region_;
    for (const Region &region : options_.regions)
      if (holds(region)) return &region;
    if (options_.reach == nullptr) return nullptr;
    if (const Region *region = options_.reach->regions.find(address, bytes)) return region;
    if (const Region *region = options_.reach->regions.nearest(address); region != nullptr) holds(*region);
    return find_packet() && holds(packet_region_) ? &packet_region_ : nullptr;
  }
  // Helpers move it.
  bool find_packet() const {
    const Packet *packet =
        options_.env == nullptr || options_.env->event == nullptr ? nullptr : options_.env->event->packet;
    if (packet == nullptr) return false;
    packet_region_.address = reinterpret_cast<uint64_t>(packet->data.data()) - packet->meta;
    packet_region_.size = packet->data.size() + packet->meta;
    return true;
  }
  void tell_packet() {
    if (find_packet())
      options_.fast->packet.set(packet_region_.address, packet_region_.size, true);
    else
      options_.fast->packet.close();
  }
  // Where the accelerator finds this region the next time.
  void learn(const Region &region) const {
    Fast &fast = *options_.fast;
    const auto insn = static_cast<uint32_t>(pc_);
    if (&region == &stack_region_) return fast.engine->bind(insn, fast.stack);
    if (&region == &packet_region_) return fast.engine->bind(insn, fast.packet);
    if (!options_.regions.empty() && &region == &options_.regions.front()) return fast.engine->bind(insn, fast.context);
    for (const CallSite &site : options_.sites)
      if (site.result->first == region.address && site.result->size == region.size)
        return fast.engine->bind(insn, *site.result);
    if (region.lasting) fast.engine->learn(insn, region);
  }
  uint64_t context() const override { return options_.r1; }
  bool is_subprogram(uint64_t value) const override { return value - kSubprogramTag < insns_.size(); }

  // The address of [bytes] at base + off, when a region holds all of them.
  Ran<uint64_t> access(uint64_t base, int16_t off, unsigned bytes, bool writes, bool aligned) const {
    const uint64_t address = base + static_cast<uint64_t>(static_cast<int64_t>(off));
    if (options_.verified) return address;
    if (aligned && address % bytes != 0) return fault<diag::MisalignedAtomic>(bytes, address);
    const Region *near = nullptr;
    const Region *const region = find(address, bytes, near);
    const std::string_view plural = bytes == 1 ? "" : "s";
    if (region == nullptr)
      return fault<diag::OutsideMemory>(writes ? "writes" : "reads", bytes, plural, address,
                                        describe_place(address, bytes, near));
    if (writes && !region->writable) return fault<diag::ReadOnlyMemory>(bytes, plural, address, region->name);
    if (options_.fast != nullptr && !aligned) learn(*region);
    return address;
  }

  static std::unexpected<Fault> no_instruction(const Insn &insn) {
    const InsnInfo *info = isa::lookup(insn);
    if (info == nullptr) return fault<diag::NoInstruction>(fmt::format("{:#04x} is no opcode", insn.opcode));
    return fault<diag::NoInstruction>(isa::malformed(*info, insn));
  }

  Ran<void> execute() {
    const Insn &insn = insns_[static_cast<size_t>(pc_)];
    const InsnInfo *const info = rows_[static_cast<size_t>(pc_)];
    if (info == nullptr) return no_instruction(insn);

    uint64_t &dst = regs_[insn.dst];
    uint64_t &src = regs_[insn.src];
    int64_t next = pc_ + 1;
    const auto writes_dst = [&] { return insn.dst != isa::kFramePointer; };
    switch (info->shape) {
      case Shape::AluImm:
      case Shape::AluReg:
      case Shape::AluUnary:
      case Shape::AddressCast:
        if (!writes_dst()) return fault<diag::WritesFramePointer>();
        dst = isa::alu(info->alu(), info->bits, dst, info->shape == Shape::AluImm ? isa::operand(insn) : src);
        break;
      case Shape::BranchImm:
        if (isa::holds(info->cond(), info->bits, dst, isa::operand(insn))) next += insn.off;
        break;
      case Shape::BranchReg:
        if (isa::holds(info->cond(), info->bits, dst, src)) next += insn.off;
        break;
      case Shape::Jump:
      case Shape::JumpLong:
        next += isa::distance(*info, insn);
        break;
      case Shape::MayGoto:
        if (frames_.loops_left == 0)
          next += insn.off;
        else
          frames_.loops_left--;
        break;
      case Shape::CallHelper:
        return call_helper(static_cast<uint32_t>(insn.imm), next);
      case Shape::CallLocal:
        if (auto entered = enter(next); !entered) return entered;
        next += insn.imm;
        break;
      case Shape::CallKfunc:
        return call_kfunc(static_cast<uint32_t>(insn.imm), next);
      case Shape::CallReg:
        if (dst < kMaxHelperNumber) return call_helper(static_cast<uint32_t>(dst), next);
        if (!is_subprogram(dst)) return fault<diag::NoCallTarget>(dst);
        if (auto entered = enter(next); !entered) return entered;
        next = static_cast<int64_t>(dst - kSubprogramTag);
        break;
      case Shape::Exit:
        next = leave();
        break;
      case Shape::Load:
      case Shape::LoadAcquire: {
        if (!writes_dst()) return fault<diag::WritesFramePointer>();
        auto address = access(src, insn.off, info->bytes(), false, info->shape == Shape::LoadAcquire);
        if (!address) return std::unexpected(std::move(address).error());
        const isa::Extend how = info->shape == Shape::Load ? info->extend() : isa::Extend::Zero;
        dst = isa::extend(how, info->bits, load_bytes(*address, info->bytes()));
        break;
      }
      case Shape::StoreImm:
      case Shape::StoreReg:
      case Shape::StoreRelease: {
        auto address = access(dst, insn.off, info->bytes(), true, info->shape == Shape::StoreRelease);
        if (!address) return std::unexpected(std::move(address).error());
        const uint64_t value = info->shape == Shape::StoreImm ? isa::operand(insn) : src;
        memcpy(reinterpret_cast<void *>(*address), &value, info->bytes());
        break;
      }
      case Shape::Atomic: {
        auto address = access(dst, insn.off, info->bytes(), true, true);
        if (!address) return std::unexpected(std::move(address).error());
        const isa::AtomicEffect effect =
            isa::atomic(info->atomic(), info->bits, load_bytes(*address, info->bytes()), src, regs_[0]);
        if (insn.src == isa::kFramePointer && effect.src != src) return fault<diag::WritesFramePointer>();
        memcpy(reinterpret_cast<void *>(*address), &effect.memory, info->bytes());
        src = effect.src;
        // A fetch into r0 has the effect on src; only cmpxchg has one on r0.
        if (info->atomic() == isa::Atomic::Cmpxchg) regs_[0] = effect.r0;
        break;
      }
      case Shape::LoadImm64: {
        if (!writes_dst()) return fault<diag::WritesFramePointer>();
        if (next == static_cast<int64_t>(insns_.size()))
          return fault<diag::NoInstruction>("half of a 64-bit immediate");
        const Insn &second = insns_[static_cast<size_t>(next)];
        if (const auto complaint = isa::malformed_second(second); !complaint.empty())
          return fault<diag::NoInstruction>(complaint);
        if (info->op == isa::Op::LddwFunc)
          dst = kSubprogramTag + static_cast<uint64_t>(next + insn.imm);
        else if (info->op == isa::Op::Lddw)
          dst = isa::imm64(insn, second);
        else if (auto loaded = map_address(*info, insn, second); loaded)
          dst = *loaded;
        else
          return std::unexpected(std::move(loaded).error());
        next++;
        break;
      }
      case Shape::PacketAbs:
        next = packet(insn.imm, *info, next);
        break;
      case Shape::PacketInd:
        next = packet(static_cast<int32_t>(static_cast<uint32_t>(src) + static_cast<uint32_t>(insn.imm)), *info, next);
        break;
    }
    pc_ = next;
    return {};
  }

  static uint64_t load_bytes(uint64_t address, unsigned bytes) {
    uint64_t value = 0;
    memcpy(&value, reinterpret_cast<const void *>(address), bytes);
    return value;
  }

  int64_t packet(int64_t offset, const InsnInfo &info, int64_t next) {
    if (options_.env != nullptr && packet_load(*options_.env, offset, info.bytes(), regs_[0])) return next;
    regs_[0] = 0;
    return leave();
  }

  // Of a map, or inside its values.
  Ran<uint64_t> map_address(const InsnInfo &info, const Insn &first, const Insn &second) const {
    const bool is_value = info.op == isa::Op::LddwMapIdxValue;
    if (!is_value && info.op != isa::Op::LddwMapIdx)
      return fault<diag::NoInstruction>("only the kernel knows what this means");
    const auto index = static_cast<uint32_t>(first.imm);
    const ResolvedMap map = index < options_.maps.size() ? options_.maps[index] : ResolvedMap{};
    const uint64_t address = is_value ? map.values : map.address;
    if (address == 0)
      return fault<diag::NoMapHere>(index, options_.maps.size(), is_value ? "values at a fixed address" : "address");
    return address + (is_value ? static_cast<uint32_t>(second.imm) : 0);
  }

  void find_function(CallSite &site, uint32_t number) const {
    site.function = options_.resolve == nullptr ? nullptr : options_.resolve(number);
    if (calls_) site.helper = tables::find_helper(number);
  }
  void find_kernel_function(CallSite &site, uint32_t id) const {
    site.function = kernel_function(options_.btf, id, options_.resolve);
    if (calls_ && site.function != nullptr) site.kfunc = tables::find_kfunc(options_.btf->type(object::BtfId{id}).name);
  }
  // Of the instruction that runs; [fresh] when nobody keeps one: for callx, which may call another one each time.
  CallSite &site(CallSite &fresh) {
    const auto kept = std::ranges::lower_bound(options_.sites, static_cast<uint32_t>(pc_), {}, &CallSite::insn);
    return kept == options_.sites.end() || kept->insn != pc_ ? fresh : *kept;
  }
  Ran<void> call_helper(uint32_t number, int64_t next) {
    CallSite fresh;
    CallSite &called = site(fresh);
    if (called.function == nullptr) find_function(called, number);
    if (called.function == nullptr || (calls_ && called.helper == nullptr))
      return fault<diag::NoHelperHere>("helper", number);
    return call(called, next);
  }
  Ran<void> call_kfunc(uint32_t id, int64_t next) {
    CallSite fresh;
    CallSite &called = site(fresh);
    if (called.function == nullptr) find_kernel_function(called, id);
    if (called.function == nullptr) return fault<diag::NoHelperHere>("kernel function", id);
    return call(called, next);
  }
  Ran<void> call(CallSite &site, int64_t next) {
    if (!calls_) return call(site.function, next);
    const Arguments arguments{regs_[1], regs_[2], regs_[3], regs_[4], regs_[5]};
    if (auto fine = calls_->before(site, options_.env->program_type, arguments); !fine) return fine;
    calling_ = site.helper;
    auto done = call(site.function, next);
    if (done) calls_->after(site, arguments, regs_[0]);
    return done;
  }
  // Goes on at [next], unless the helper ran another program in the place of this frame.
  Ran<void> call(HelperFn function, int64_t next) {
    const uint64_t result = function(regs_[1], regs_[2], regs_[3], regs_[4], regs_[5], options_.env);
    if (failed_) return std::unexpected(*failed_);
    after_call(result);
    if (options_.fast != nullptr) tell_packet();
    const bool left = options_.env != nullptr && std::exchange(options_.env->tail_called, false);
    pc_ = left ? leave() : next;
    return {};
  }
  void after_call(uint64_t result) {
    regs_[0] = result;
    for (unsigned i = 1; i <= 5; i++) regs_[i] = 0;
  }

  Ran<void> enter(int64_t return_to) {
    if (frames_.is_full()) return fault<diag::CallsTooDeep>(kMaxFrames);
    frames_.enter(return_to, nullptr, {regs_[6], regs_[7], regs_[8], regs_[9]});
    regs_[10] = frames_.stack_end();
    return {};
  }
  int64_t leave() {
    if (frames_.depth() == 0) {
      finished_ = true;
      return pc_;
    }
    const Frames::Frame &caller = frames_.leave();
    after_call(regs_[0]);
    for (unsigned i = 0; i < 4; i++) regs_[6 + i] = caller.saved[i];
    regs_[10] = frames_.stack_end();
    return caller.return_to;
  }

  std::span<const Insn> insns_;
  std::span<const InsnInfo *const> rows_;
  const CheckedRun &options_;
  std::optional<CallCheck> calls_;  // none: helpers get registers as they are
  uint64_t &fuel_;
  int64_t pc_ = 0, last_ = 0;  // the next instruction; the last one that was begun
  bool finished_ = false;
  std::optional<Fault> failed_;              // of the run; one inside a callback waits here for the helper's return
  const tables::Helper *calling_ = nullptr;  // the helper that runs
  mutable Region stack_region_{"the stack"}, packet_region_{"the packet"};  // where they are, is asked for by find()
  Registers regs_{};
  Frames frames_;
  int floor_ = -1;  // of run_above()
  std::optional<Scopes> scopes_;
};

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
  uint64_t fuel = 0;  // left in this run
};

// Where the line info says that an instruction comes from.
ForeignPlace place_of(const object::Program &program, uint32_t insn) {
  const object::Program::Line *line = insn < program.insns.size() ? program.line_of(insn) : nullptr;
  if (line == nullptr) return {};
  return {line->file, line->line, line->column, line->text};
}

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
    const Loaded *const outer = std::exchange(env.running, this);
    if (outer == nullptr) shared_->fuel = supervision.fuel;
    // A program may run again while it runs: by a tail call, or a callback.
    if (active_ == activations_.size()) activations_.push_back(std::make_unique<Activation>(*this));
    Activation *const active = activations_[active_++].get();
    const bool done = run(*active);
    active_--;
    env.running = outer;
    if (outer == nullptr) supervision.executed += supervision.fuel - shared_->fuel;
    if (done) return active->machine.result();
    // A program that was reached by a tail call has said it before its caller comes here.
    if (!supervision.fault) {
      Fault &fault = active->machine.failure();
      fault.diagnostic.foreign = place_of(program_, fault.insn);
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
