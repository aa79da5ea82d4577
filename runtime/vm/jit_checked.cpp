#include "runtime/vm/jit_checked.h"

#include <linux/bpf.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "runtime/maps/map.h"
#include "runtime/vm/call_check.h"
#include "runtime/vm/jit_host.h"

namespace spile::vm {
namespace {

constexpr Window kNowhere;

// What compiled code calls back to.
struct Link {
  Accelerator::Host &host;
  Frames &frames;
  uint64_t &fuel;  // the host's
};

class Compiled final : public Accelerator {
 public:
  Compiled(const Resolved &program, const Regions &regions)
      : subprograms_(program.subprograms),
        interpreter_(Accelerator::make(program)),
        plain_calls_(std::make_unique<bool[]>(program.insns.size())) {
    windows_.assign(program.insns.size(), &kNowhere);
    own_.assign(program.insns.size(), nullptr);
    regions.for_each([&](const Region &region) {
      if (region.lasting) regions_.push_back({region.address, region.size, region.writable});
    });
    for (size_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i]))
      if (program.info(i).shape == isa::Shape::CallHelper)
        plain_calls_[i] = is_plain_helper(static_cast<uint32_t>(program.insns[i].imm));
  }
  ~Compiled() override = default;
  Compiled(const Compiled &) = delete;
  Compiled &operator=(const Compiled &) = delete;

  Result<void> compile(CodeSource &source, const object::Program &program, const Resolved &resolved,
                       std::span<maps::Map *const> maps, HelperResolver resolve) {
    const JitUnverified unverified{.regions = regions_.data(),
                                   .region_count = regions_.size(),
                                   .windows = windows_.data(),
                                   .plain_calls = plain_calls_.get(),
                                   .seen = seen_.data()};
    auto code = source.code_of(JitInput(program.name, resolved, maps, resolve, &unverified));
    if (!code) return std::unexpected(code.error());
    auto told = source.tell(program, resolved, *code);
    if (!told) return std::unexpected(told.error());
    code_.emplace(std::move(*code));
    told_ = std::move(*told);
    return {};
  }

  void run(uint32_t insn, Registers &regs, Frames &frames, uint64_t &fuel, Host &host) override {
    const auto start = insn == 0 ? subprograms_.begin() : std::ranges::lower_bound(subprograms_, insn);
    if (start == subprograms_.end() || *start != insn) return interpret(insn, regs, frames, fuel, host);
    Link link{host, frames, fuel};
    JitRun run{regs.data(), fuel, context_->first, context_->size, &link, host.env};
    const int64_t left = call(code_->entry<JitCheckedEntry>(static_cast<size_t>(start - subprograms_.begin())), run);
    if (left == kJitEnded) return;
    fuel = run.fuel;
    // An exit from the first frame is the end; others are the interpreter's.
    const auto next = static_cast<uint32_t>(left < 0 ? ~left : left);
    if (left < 0 && frames.depth() == 0)
      host.finish(next);
    else
      interpret(next, regs, frames, fuel, host);
  }
  bool has_bound() const override { return has_bound_; }
  void tell_context(const Window &context) override { context_ = &context; }
  void bind(uint32_t insn, const Window &window) override {
    windows_[insn] = &window;
    has_bound_ = true;
    if (interpreter_ != nullptr) interpreter_->bind(insn, window);
  }
  void learn(uint32_t insn, const Region &region) override {
    if (own_[insn] == nullptr) own_[insn] = &room_.emplace_back();
    own_[insn]->set(region.address, region.size, region.writable);
    bind(insn, *own_[insn]);
  }

 private:
  // Compiled code does not have the type word that -fsanitize=function looks for before a function.
  [[clang::no_sanitize("function")]] static int64_t call(JitCheckedEntry entry, JitRun &run) { return entry(&run); }
  // To the end: a run goes on in compiled code only where a subprogram begins.
  void interpret(uint32_t insn, Registers &regs, Frames &frames, uint64_t &fuel, Host &host) {
    if (interpreter_ != nullptr) return interpreter_->run(insn, regs, frames, fuel, host);
    for (auto next = host.step(insn); next; next = host.step(*next)) continue;
  }

  std::vector<uint32_t> subprograms_;
  std::unique_ptr<Accelerator> interpreter_;  // null where there is none
  const Window *context_ = &kNowhere;
  std::vector<JitRegion> regions_;
  std::unique_ptr<bool[]> plain_calls_;
  std::vector<uint64_t> seen_ = std::vector<uint64_t>(size_t{1} << kSeenBits);
  std::vector<const Window *> windows_;  // by instruction
  bool has_bound_ = false;
  std::vector<Window *> own_;  // by instruction: what learn() has set
  std::deque<Window> room_;
  std::optional<Code> code_;  // there once it is compiled
  std::unique_ptr<GdbCode> told_;
};

const Link &link_of(const JitRun *run) { return *static_cast<const Link *>(run->host); }

}  // namespace

int64_t jit_step(JitRun *run, uint64_t insn) {
  const Link &link = link_of(run);
  link.fuel = run->fuel;
  const auto next = link.host.step(static_cast<uint32_t>(insn));
  run->fuel = link.fuel;
  return next ? int64_t{*next} : kJitEnded;
}

bool jit_enter(JitRun *run, uint64_t return_to) {
  Frames &frames = link_of(run).frames;
  if (frames.is_full()) return false;
  const uint64_t *regs = run->regs;
  frames.enter(static_cast<int64_t>(return_to), nullptr, {regs[6], regs[7], regs[8], regs[9]});
  run->regs[isa::kFramePointer] = frames.stack_end();
  return true;
}

void jit_leave(JitRun *run) {
  Frames &frames = link_of(run).frames;
  const Frames::Frame &caller = frames.leave();
  std::ranges::copy(caller.saved, run->regs + 6);
  std::fill_n(run->regs + 1, 5, 0);
  run->regs[isa::kFramePointer] = frames.stack_end();
}

MakeAccelerator compiled_by(std::shared_ptr<CodeSource> source, HelperResolver resolve) {
  return [source, resolve](const object::Program &program, const Resolved &resolved, std::span<maps::Map *const> maps,
                           const Regions &regions) -> Result<std::unique_ptr<Accelerator>> {
    auto made = std::make_unique<Compiled>(resolved, regions);
    if (auto compiled = made->compile(*source, program, resolved, maps, resolve); !compiled)
      return std::unexpected(compiled.error());
    return made;
  };
}

Result<std::unique_ptr<Engine>> make_checked_jit(Supervision &supervision, const JitSettings &settings,
                                                 HelperResolver resolve) {
  auto source = CodeSource::find(settings);
  if (!source) return std::unexpected(source.error());
  if (auto opened = (*source)->open_told(); !opened) return std::unexpected(opened.error());
  return make_checked_interpreter(supervision, resolve, compiled_by(std::move(*source), resolve));
}

}  // namespace spile::vm
