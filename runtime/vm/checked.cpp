#include "runtime/vm/checked.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "backend/isa/disasm.h"
#include "backend/isa/info.h"
#include "runtime/vm/memory.h"
#include "runtime/vm/resolve.h"
#include "support/check.h"

namespace spile::vm {
namespace {

using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

// The value of a kPseudoFunc load: no address, no helper number, and callx knows it again.
constexpr uint64_t kSubprogramTag = 0x5b1e'0000'0000'0000;
// A fault this near to a region is told relative to it.
constexpr uint64_t kNear = 0x10000;

class Checked {
 public:
  Checked(std::span<const Insn> insns, const CheckedRun &options)
      : insns_(insns), rows_(insns.size()), options_(options), fuel_(options.fuel) {
    for (size_t i = 0; i < insns.size(); i++) {
      const InsnInfo *info = isa::lookup(insns[i]);
      rows_[i] = info != nullptr && isa::malformed(*info, insns[i]).empty() ? info : nullptr;
    }
    fill_stack();
    regs_[1] = options.r1;
    regs_[2] = options.r2;
    regs_[10] = stack_end(0);
  }

  Result<uint64_t> run() {
    const EnvScope scope(*this);
    const Result<void> done = run_above(-1);
    if (options_.executed != nullptr) *options_.executed += options_.fuel - fuel_;
    if (!done) return std::unexpected(done.error());
    return regs_[0];
  }
  // A subprogram that was passed as a callback.
  Result<uint64_t> run_subprogram(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3) {
    pc_ = static_cast<int64_t>(callback - kSubprogramTag);
    regs_[1] = r1, regs_[2] = r2, regs_[3] = r3;
    return run();
  }

 private:
  struct Frame {
    int64_t return_to = 0;
    std::array<uint64_t, 4> saved{};  // r6..r9
    uint64_t loops_left = 0;
  };

  // While it lives, callbacks that helpers make come here.
  class EnvScope {
   public:
    explicit EnvScope(Checked &machine) : env_(machine.options_.env) {
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

  // Runs until the frame at [depth] is the top one again; -1: until the program ends.
  Result<void> run_above(int depth) {
    while (!finished_ && static_cast<int>(depth_) > depth) {
      if (pc_ < 0 || pc_ >= static_cast<int64_t>(insns_.size()))
        return input_error("instruction {} does not exist: the program has {}", pc_, insns_.size());
      if (fuel_ == 0) return input_error("stopped at instruction {} after {} instructions", pc_, options_.fuel);
      fuel_--;
      if (options_.observe) {
        const Moment moment{static_cast<uint32_t>(pc_), std::span(regs_).first(isa::kRegisterCount),
                            std::span(stack_).first((depth_ + 1) * kStackBytes)};
        if (const auto problem = options_.observe(moment)) return fault("{}", *problem);
      }
      if (auto done = step(); !done) return std::unexpected(done.error());
    }
    return {};
  }

  static uint64_t call_back(Env *env, uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                            uint64_t r5) {
    auto &machine = *const_cast<Checked *>(static_cast<const Checked *>(env->engine_state));
    return machine.run_callback(callback, {r1, r2, r3, r4, r5});
  }
  // A fault inside waits in [failed_] until the helper has returned; the helper sees a result that ends most loops.
  uint64_t run_callback(uint64_t callback, const std::array<uint64_t, 5> &arguments) {
    if (failed_) return 1;
    const uint64_t target = callback - kSubprogramTag;
    if (target >= insns_.size()) {
      failed_ = fault("a helper calls {:#x}, which is no subprogram", callback).error();
      return 1;
    }
    const int64_t back = pc_;
    const auto depth = static_cast<int>(depth_);
    Result<void> done = enter(back);
    if (done) {
      std::ranges::copy(arguments, regs_.begin() + 1);
      pc_ = static_cast<int64_t>(target);
      done = run_above(depth);
    }
    if (!done) failed_ = done.error();
    pc_ = back;
    return done ? regs_[0] : 1;
  }

  void fill_stack() {
    if (options_.stack_noise == 0) return stack_.fill(std::byte{0});
    uint64_t noise = options_.stack_noise;
    for (std::byte &b : stack_) {
      noise = noise * 6364136223846793005 + 1442695040888963407;
      b = static_cast<std::byte>(noise >> 56);
    }
  }

  uint64_t stack_end(unsigned depth) const {
    return reinterpret_cast<uint64_t>(stack_.data()) + (depth + 1) * kStackBytes;
  }

  template <class... Args>
  std::unexpected<Error> fault(fmt::format_string<Args...> format, Args &&...args) const {
    return input_error("instruction {}: `{}`: {}", pc_,
                       isa::disassemble(insns_, static_cast<size_t>(pc_), isa::TextStyle::Exact),
                       fmt::format(format, std::forward<Args>(args)...));
  }

  // The address of [bytes] at base + off, when a region holds all of them.
  Result<uint64_t> access(uint64_t base, int16_t off, unsigned bytes, bool writes, bool aligned) const {
    const uint64_t address = base + static_cast<uint64_t>(static_cast<int64_t>(off));
    const char *verb = writes ? "writes" : "reads";
    if (options_.verified) return address;
    if (aligned && address % bytes != 0) return fault("an atomic access of {} bytes at {:#x}", bytes, address);

    const uint64_t stack_start = reinterpret_cast<uint64_t>(stack_.data());
    const Region stack{"stack", stack_start, (depth_ + 1) * kStackBytes, true};
    const Region *nearest = nullptr;
    uint64_t nearest_distance = kNear;
    const auto holds = [&](const Region &region) {
      const uint64_t into = address - region.address;
      if (into <= region.size && region.size - into >= bytes) return true;
      const uint64_t distance = into < region.size ? 0 : std::min(into - region.size, region.address - address);
      if (distance < nearest_distance) {
        nearest = &region;
        nearest_distance = distance;
      }
      return false;
    };
    if (holds(stack)) return address;
    for (const Region &region : options_.regions) {
      if (!holds(region)) continue;
      if (writes && !region.writable) return fault("writes to {}, which is read-only", region.name);
      return address;
    }
    if (nearest == nullptr) return fault("{} {} bytes at {:#x}, which is in no region", verb, bytes, address);
    return fault("{} {} bytes at {} {:+}, outside of its {} bytes", verb, bytes, nearest->name,
                 static_cast<int64_t>(address - nearest->address), nearest->size);
  }

  std::unexpected<Error> no_instruction(const Insn &insn) const {
    const InsnInfo *info = isa::lookup(insn);
    if (info == nullptr) return input_error("instruction {}: unknown opcode {:#04x}", pc_, insn.opcode);
    return fault("{}", isa::malformed(*info, insn));
  }

  Result<void> step() {
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
        if (!writes_dst()) return fault("r10 is read-only");
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
        if (loops_left_ == 0)
          next += insn.off;
        else
          loops_left_--;
        break;
      case Shape::CallHelper:
        return call_helper(static_cast<uint32_t>(insn.imm), next);
      case Shape::CallLocal:
        if (auto entered = enter(next); !entered) return entered;
        next += insn.imm;
        break;
      case Shape::CallKfunc:
        if (const HelperFn f = kernel_function(options_.btf, static_cast<uint32_t>(insn.imm), options_.resolve))
          return call(f, next);
        return fault("there is no such kernel function here");
      case Shape::CallReg:
        if (dst < kMaxHelperNumber) {
          return call_helper(static_cast<uint32_t>(dst), next);
        } else {
          const uint64_t target = dst - kSubprogramTag;
          if (target >= insns_.size()) return fault("calls {:#x}, which is neither a helper nor a subprogram", dst);
          if (auto entered = enter(next); !entered) return entered;
          next = static_cast<int64_t>(target);
        }
        break;
      case Shape::Exit:
        next = leave();
        break;
      case Shape::Load:
      case Shape::LoadAcquire: {
        if (!writes_dst()) return fault("r10 is read-only");
        const auto address = access(src, insn.off, info->bytes(), false, info->shape == Shape::LoadAcquire);
        if (!address) return std::unexpected(address.error());
        const isa::Extend how = info->shape == Shape::Load ? info->extend() : isa::Extend::Zero;
        dst = isa::extend(how, info->bits, load_bytes(*address, info->bytes()));
        break;
      }
      case Shape::StoreImm:
      case Shape::StoreReg:
      case Shape::StoreRelease: {
        const auto address = access(dst, insn.off, info->bytes(), true, info->shape == Shape::StoreRelease);
        if (!address) return std::unexpected(address.error());
        const uint64_t value = info->shape == Shape::StoreImm ? isa::operand(insn) : src;
        memcpy(reinterpret_cast<void *>(*address), &value, info->bytes());
        break;
      }
      case Shape::Atomic: {
        const auto address = access(dst, insn.off, info->bytes(), true, true);
        if (!address) return std::unexpected(address.error());
        const isa::AtomicEffect effect =
            isa::atomic(info->atomic(), info->bits, load_bytes(*address, info->bytes()), src, regs_[0]);
        if (insn.src == isa::kFramePointer && effect.src != src) return fault("r10 is read-only");
        memcpy(reinterpret_cast<void *>(*address), &effect.memory, info->bytes());
        src = effect.src;
        // A fetch into r0 has the effect on src; only cmpxchg has one on r0.
        if (info->atomic() == isa::Atomic::Cmpxchg) regs_[0] = effect.r0;
        break;
      }
      case Shape::LoadImm64: {
        if (!writes_dst()) return fault("r10 is read-only");
        if (next == static_cast<int64_t>(insns_.size())) return fault("half of a 64-bit immediate");
        const Insn &second = insns_[static_cast<size_t>(next)];
        if (const auto complaint = isa::malformed_second(second); !complaint.empty()) return fault("{}", complaint);
        if (info->op == isa::Op::LddwFunc)
          dst = kSubprogramTag + static_cast<uint64_t>(next + insn.imm);
        else if (info->op == isa::Op::Lddw)
          dst = isa::imm64(insn, second);
        else if (auto loaded = map_address(*info, insn, second); loaded)
          dst = *loaded;
        else
          return std::unexpected(loaded.error());
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
  Result<uint64_t> map_address(const InsnInfo &info, const Insn &first, const Insn &second) const {
    const bool is_value = info.op == isa::Op::LddwMapIdxValue;
    if (!is_value && info.op != isa::Op::LddwMapIdx) return fault("only the kernel knows what this means");
    const auto index = static_cast<uint32_t>(first.imm);
    if (index >= options_.maps.size()) return fault("there are {} maps here", options_.maps.size());
    const ResolvedMap &map = options_.maps[index];
    const uint64_t address = is_value ? map.values : map.address;
    if (address == 0) return fault("map {} has no {} here", index, is_value ? "fixed values" : "address");
    return address + (is_value ? static_cast<uint32_t>(second.imm) : 0);
  }

  Result<void> call_helper(uint32_t number, int64_t next) {
    const HelperFn helper = options_.resolve == nullptr ? nullptr : options_.resolve(number);
    if (helper == nullptr) return fault("there is no helper {} here", number);
    return call(helper, next);
  }
  // Goes on at [next], unless the helper ran another program in the place of this frame.
  Result<void> call(HelperFn helper, int64_t next) {
    const uint64_t result = helper(regs_[1], regs_[2], regs_[3], regs_[4], regs_[5], options_.env);
    if (failed_) return std::unexpected(*failed_);
    after_call(result);
    const bool left = options_.env != nullptr && std::exchange(options_.env->tail_called, false);
    pc_ = left ? leave() : next;
    return {};
  }
  void after_call(uint64_t result) {
    regs_[0] = result;
    for (unsigned i = 1; i <= 5; i++) regs_[i] = 0;
  }

  Result<void> enter(int64_t return_to) {
    if (depth_ + 1 == kMaxFrames) return fault("calls more than {} frames deep", kMaxFrames);
    frames_[depth_++] = {return_to, {regs_[6], regs_[7], regs_[8], regs_[9]}, loops_left_};
    regs_[10] = stack_end(depth_);
    loops_left_ = kMaxLoops;
    return {};
  }
  int64_t leave() {
    if (depth_ == 0) {
      finished_ = true;
      return pc_;
    }
    const Frame &frame = frames_[--depth_];
    after_call(regs_[0]);
    for (unsigned i = 0; i < 4; i++) regs_[6 + i] = frame.saved[i];
    regs_[10] = stack_end(depth_);
    loops_left_ = frame.loops_left;
    return frame.return_to;
  }

  std::span<const Insn> insns_;
  std::vector<const InsnInfo *> rows_;  // by instruction; null where there is no well-formed one
  const CheckedRun &options_;
  uint64_t fuel_;
  int64_t pc_ = 0;
  bool finished_ = false;
  std::optional<Error> failed_;  // a fault inside a callback
  // Sixteen, as many as the 4 bits of an encoding can name.
  std::array<uint64_t, 16> regs_{};
  uint64_t loops_left_ = kMaxLoops;
  unsigned depth_ = 0;
  std::array<Frame, kMaxFrames> frames_;
  alignas(16) std::array<std::byte, kMaxFrames * kStackBytes> stack_;
};

class Counted final : public Loaded {
 public:
  Counted(const object::Program &program, std::span<maps::Map *const> maps, HelperResolver resolve, uint64_t &executed)
      : insns_(program.insns),
        maps_(addresses_of(maps)),
        resolve_(resolve),
        btf_(program.object == nullptr ? nullptr : &program.object->btf),
        executed_(executed) {}

  uint64_t run(void *ctx, uint64_t ctx_size, Env &env) const override {
    const CheckedRun options = options_for(env, reinterpret_cast<uint64_t>(ctx), ctx_size);
    const Loaded *const outer = std::exchange(env.running, this);
    const Result<uint64_t> done = Checked(insns_, options).run();
    env.running = outer;
    return result_of(done);
  }
  uint64_t call(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const override {
    const CheckedRun options = options_for(env, r1, r2);
    return result_of(Checked(insns_, options).run_subprogram(callback, r1, r2, r3));
  }

 private:
  CheckedRun options_for(Env &env, uint64_t r1, uint64_t r2) const {
    CheckedRun options;
    options.verified = true;
    options.r1 = r1, options.r2 = r2;
    options.fuel = UINT64_MAX;
    options.resolve = resolve_;
    options.btf = btf_;
    options.env = &env;
    options.maps = maps_;
    options.executed = &executed_;
    return options;
  }
  static uint64_t result_of(const Result<uint64_t> &done) {
    SPILE_CHECK(done.has_value(), "load() and the verifier took the program");
    return *done;
  }

  std::vector<Insn> insns_;
  std::vector<ResolvedMap> maps_;
  HelperResolver resolve_;
  const object::Btf *btf_;
  uint64_t &executed_;
};

class CountingInterpreter final : public Engine {
 public:
  CountingInterpreter(uint64_t &executed, HelperResolver resolve) : executed_(executed), resolve_(resolve) {}
  Result<std::unique_ptr<Loaded>> load(const object::Program &program, std::span<maps::Map *const> maps) override {
    // Says what is not available here, before anything runs.
    if (const auto resolved = resolve_program(program, addresses_of(maps), resolve_); !resolved)
      return std::unexpected(resolved.error());
    return std::make_unique<Counted>(program, maps, resolve_, executed_);
  }

 private:
  uint64_t &executed_;
  HelperResolver resolve_;
};

}  // namespace

Result<uint64_t> run_checked(std::span<const Insn> insns, const CheckedRun &options) {
  return Checked(insns, options).run();
}

std::unique_ptr<Engine> make_counting_interpreter(uint64_t &executed, HelperResolver resolve) {
  return std::make_unique<CountingInterpreter>(executed, resolve);
}

}  // namespace spile::vm
