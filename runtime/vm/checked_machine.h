// CheckedMachine: one run after the other of a program that nobody verified: registers, frames, fuel, and where memory
// is. checked.cpp makes an engine of it. What a fault is, and what calls may do, is decided here and in call_check.h
// alone.
#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "backend/isa/info.h"
#include "lang-spec/tables/tables.h"
#include "runtime/vm/checked.h"

namespace spile::vm {

// The value of a kPseudoFunc load: no address, no helper number, and callx knows it again.
inline constexpr uint64_t kSubprogramTag = 0x5b1e'0000'0000'0000;

class CheckedMachine final : private Memory, private Accelerator::Host {
 public:
  // [rows]: of insns.def, by instruction; null where there is no well-formed one. [fuel]: how many instructions may be
  // executed still. All outlive the machine, and may change between its runs.
  CheckedMachine(std::span<const isa::Insn> insns, std::span<const isa::InsnInfo *const> rows,
                 const CheckedRun &options, uint64_t &fuel);

  // Whether it came to its end: result(), otherwise failure().
  bool run() {
    begin();
    return run_on();
  }
  uint64_t result() const { return regs_[0]; }
  Fault &failure() { return *failed_; }
  // A subprogram that was passed as a callback: a timer's.
  bool run_subprogram(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3);

 private:
  // Callbacks that helpers make come here. While it lives, the accelerator's windows are of this run: a helper may run
  // the program again meanwhile.
  class Attachment {
   public:
    explicit Attachment(CheckedMachine &machine);
    ~Attachment();
    Attachment(const Attachment &) = delete;
    Attachment &operator=(const Attachment &) = delete;

   private:
    Fast *fast_;
    CheckedMachine *outer_ = nullptr;
  };

  // Nothing is left of a run before.
  void begin();
  bool run_on();
  // Code that only computes never asks for anything, so what it could ask for is made ready when it does.
  void attach() {
    if (!attachment_) attachment_.emplace(*this);
  }
  void tell_windows();
  void tell_context();
  void tell_packet();

  // Runs until the frame at [floor] is the top one again; -1: until the program ends. Or until it has failed.
  void run_above(int floor);
  bool is_going() const { return !failed_ && !finished_ && static_cast<int>(frames_.depth()) > floor_; }
  bool is_inside(int64_t insn) const { return insn >= 0 && insn < static_cast<int64_t>(insns_.size()); }
  bool is_whole(int64_t insn) const { return is_inside(insn) && rows_[static_cast<size_t>(insn)] != nullptr; }

  // Of Accelerator::Host.
  std::optional<uint32_t> step(uint32_t insn) override;
  void finish(uint32_t insn) override;

  void step_here() { note(try_step()); }
  void call_here(uint32_t insn);
  void note(Ran<void> done);
  Ran<void> try_step();
  Ran<void> execute();

  static uint64_t call_back(Env *env, uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                            uint64_t r5);
  uint64_t run_callback(uint64_t callback, const Arguments &arguments);

  // Of Memory.
  const Region *find(uint64_t address, uint64_t bytes, const Region *&near) const override;
  uint64_t context() const override { return options_.r1; }
  bool is_subprogram(uint64_t value) const override { return value - kSubprogramTag < insns_.size(); }

  // Helpers move it.
  bool find_packet() const;
  // Where the accelerator finds this region the next time.
  void learn(const Region &region) const;
  // The address of [bytes] at base + off, when a region holds all of them.
  Ran<uint64_t> access(uint64_t base, int16_t off, unsigned bytes, bool writes, bool aligned) const;
  int64_t packet(int64_t offset, const isa::InsnInfo &info, int64_t next);
  // Of a map, or inside its values.
  Ran<uint64_t> map_address(const isa::InsnInfo &info, const isa::Insn &first, const isa::Insn &second) const;

  void find_function(CallSite &site, uint32_t number) const;
  void find_kernel_function(CallSite &site, uint32_t id) const;
  // Of the instruction that runs; [fresh] when nobody keeps one: for callx, which may call another one each time.
  CallSite &site(CallSite &fresh) {
    const auto kept = std::ranges::lower_bound(options_.sites, static_cast<uint32_t>(pc_), {}, &CallSite::insn);
    return kept == options_.sites.end() || kept->insn != pc_ ? fresh : *kept;
  }
  Ran<void> call_helper(uint32_t number, int64_t next);
  Ran<void> call_kfunc(uint32_t id, int64_t next);
  Ran<void> call(CallSite &site, int64_t next);
  // Goes on at [next], unless the helper ran another program in the place of this frame.
  Ran<void> call(HelperFn function, int64_t next);
  void after_call(uint64_t result) {
    regs_[0] = result;
    for (unsigned i = 1; i <= 5; i++) regs_[i] = 0;
  }
  Ran<void> enter(int64_t return_to);
  int64_t leave();

  std::span<const isa::Insn> insns_;
  std::span<const isa::InsnInfo *const> rows_;
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
  std::optional<Attachment> attachment_;
};

}  // namespace spile::vm
