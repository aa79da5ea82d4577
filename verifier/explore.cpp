#include "verifier/explore.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/check.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/domain/pointer.h"
#include "verifier/dynptr.h"
#include "verifier/explain.h"
#include "verifier/fastcall.h"
#include "verifier/live_registers.h"
#include "verifier/objects.h"
#include "verifier/older_kernel.h"
#include "verifier/stack_depth.h"
#include "verifier/unprivileged.h"

namespace spile::verifier {
namespace {

// A new checkpoint is worth its cost only some way behind the last one (is_state_visited).
constexpr uint64_t kMinJumps = 2, kMinInsns = 8;             // since the last, anywhere
constexpr uint64_t kMinLoopJumps = 20, kMinLoopInsns = 100;  // when the same instruction is on the path already
constexpr uint32_t kMaxWeight = 40;                          // steps of a path without one
constexpr uint32_t kMissFactor = 3, kForcedMissFactor = 64;  // a checkpoint that is compared in vain is dropped
// Errors reported for one program: more would hide the first.
constexpr size_t kMaxRejections = 10;
// And so many instructions behind the first: with poisoned values, loops may not converge that would have.
constexpr uint64_t kMaxAfterRejection = 50'000;

class Explorer {
 public:
  Explorer(const Env &env, Verdict &verdict, const Watch &watch)
      : env_(env),
        verdict_(verdict),
        watch_(watch),
        explored_(env.program.insns.size()),
        obligations_(env.program.insns.size()),
        accessed_(env.program.insns.size(), RegType::NotInit),
        stack_depth_(env.structure.subprograms.size()),
        live_registers_(live_registers(env)),
        fastcalls_(env),
        sanitation_(env.program.insns.size()),
        called_(env.structure.subprograms.size()),
        limit_(env.options.max_processed) {
    verdict_.regions.assign(env.program.insns.size(), Region::Unknown);
    verdict_.reached.assign(env.program.insns.size(), false);
    if (!env.options.keep_states) return;
    verdict_.states.resize(env.program.insns.size());
    verdict_.visits.resize(env.program.insns.size());
  }

  void run() {
    walk(entry(0));
    // Global functions that are called from somewhere that is reached; calls in them make others reached.
    std::vector<bool> done(env_.structure.subprograms.size());
    for (bool more = true; more && !stop_;) {
      more = false;
      for (uint32_t s = 1; s < env_.structure.subprograms.size() && !stop_; s++) {
        const Subprogram &sub = env_.structure.subprograms[s];
        if (done[s] || !sub.is_global || (!called_[s] && !sub.ends_exception)) continue;
        done[s] = more = true;
        walk(entry(s));
      }
    }
    for (uint32_t s = 0; s < stack_depth_.size(); s++) stack_depth_[s] = fastcalls_.shrunk(s, stack_depth_[s]);
    for (uint32_t s = 0; s < stack_depth_.size(); s++)
      if (s == 0 || called_[s] || stack_depth_[s] != 0)
        verdict_.stats.frames.push_back({env_.structure.subprograms[s].start, stack_depth_[s]});
    if (!stop_) {
      const StackUse use = measure_stack(env_, stack_depth_);
      verdict_.stats.stack_depth = use.deepest;
      if (use.failure) report(*use.failure);
    }
  }

 private:
  enum class Visit : uint8_t { New, Covered, Endless };

  Path entry(uint32_t subprogram) {
    Path path;
    path.state.hides_addresses = env_.options.unprivileged;
    Frame &frame = path.state.frames.emplace_back();
    frame.subprogram = subprogram;
    frame.regs[isa::kFramePointer] = RegState::pointer(RegType::Stack);
    if (subprogram == 0) {
      frame.regs[1] = RegState::pointer(RegType::Ctx);
    } else {
      give_parameters(path.state, env_.structure.subprograms[subprogram].signature);
    }
    path.insn = env_.structure.subprograms[subprogram].start;
    path.written.resize(1);
    trail_ = {};
    return path;
  }

  // What a global function may rely on, whoever calls it (do_check_common).
  void give_parameters(State &state, const Signature &signature) {
    auto &regs = state.top().regs;
    for (unsigned i = 0; i < signature.parameters.size(); i++) {
      const Parameter &p = signature.parameters[i];
      RegState &r = regs[i + 1];
      switch (p.kind) {
        case Parameter::Number:
          r = RegState::unknown();
          break;
        case Parameter::Context:
          r = RegState::pointer(RegType::Ctx);
          break;
        case Parameter::Memory:
          r = RegState::pointer(RegType::Mem);
          r.mem_size = p.size;
          break;
        case Parameter::Dynptr:
          r = RegState::pointer(RegType::Dynptr);
          r.target = static_cast<uint32_t>(DynptrKind::Local);
          r.id = state.new_id();
          break;
        case Parameter::Object:
          r = object_pointer({false, p.type}, kTrusted, kNoInsn);
          break;
        case Parameter::Arena:
          r = RegState::unknown();
          break;
      }
      r.or_null = p.or_null;
      if (p.or_null) r.id = state.new_id();
    }
  }

  void walk(Path start) {
    path_ = std::move(start);
    for (bool more = true; more && !stop_; more = next_path())
      while (!stop_ && step()) {
      }
    pending_.clear();
    for (auto &list : explored_) list.clear();
    retired_.clear();
    live_checkpoints_ = 0;
  }

  // One instruction of the current path. False: the path has ended.
  bool step() {
    const uint32_t at = path_.insn;
    if (watch_.see != nullptr) (*watch_.see)(at, path_.state);
    if (++verdict_.stats.processed > limit_) {
      give_up({.cause = Cause::TooComplex,
               .insn = at,
               .kernel = fmt::format("BPF program is too large. Processed {} insn", verdict_.stats.processed),
               .limit = env_.options.max_processed});
      return false;
    }
    const InsnFacts &facts = env_.structure.facts[at];
    if (facts.prune_point) {
      switch (visit()) {
        case Visit::New:
          break;
        case Visit::Covered:
          return false;
        case Visit::Endless:
          report({.cause = Cause::InfiniteLoop,
                  .insn = at,
                  .kernel = fmt::format("infinite loop detected at insn {}", at)});
          return false;
      }
    }
    if (env_.structure.infos[at] == nullptr) {
      report(env_.structure.malformed.at(at));
      return false;
    }
    observe(at);
    const isa::Insn &insn = env_.insn(at);
    if (env_.structure.infos[at]->shape == isa::Shape::CallLocal)
      called_[env_.structure.subprogram_at(at + 1 + static_cast<uint32_t>(insn.imm))] = true;
    if (insn.is_jump()) jumps_++;

    Effects e = effects(env_, path_.state, at);
    remember(at, e);
    mark_effects(path_, e);
    note_stack_accesses(at, e);
    if (!holds(at)) return after(skip(env_, path_.state, at));
    if (env_.options.linux_version != 0)
      if (std::optional<Failure> f = check_older_kernel(env_, path_.state, at)) return refuse(*f, at);
    mark_precise(env_, trail_, path_, e.precise);
    if (insn.is_alu())
      if (std::optional<State> other = fork_sign(env_, path_.state, at)) wait(std::move(*other), at);
    if (!env_.options.unprivileged) return after(transfer(env_, path_.state, at));
    return step_unprivileged(at);
  }

  bool step_unprivileged(uint32_t at) {
    std::optional<State> wrong;
    if (std::optional<Failure> f = check_unprivileged(env_, path_.state, at)) return refuse(*f, at);
    if (std::optional<Failure> f = sanitation_.before(env_, path_.state, at, wrong)) return refuse(*f, at);
    if (wrong) wait(std::move(*wrong), at + 1);
    Flow flow = transfer(env_, path_.state, at);
    if (env_.insn(at).is_alu())
      if (std::optional<Failure> f = sanitation_.after(env_, path_.state, at)) return refuse(*f, at);
    return after(std::move(flow));
  }
  // One fault of this kind is enough to know: what follows from it is not looked at.
  bool refuse(const Failure &f, uint32_t at) {
    report(f);
    if (path_.state.speculative) return false;
    return after(skip(env_, path_.state, at));
  }

  // Decides the obligations. False: one does not hold; it was reported, and the state is poisoned where it failed.
  bool holds(uint32_t at) {
    if (!obligations_[at]) obligations_[at] = obligations(env_, at);
    for (const Obligation &o : *obligations_[at]) {
      std::optional<Failure> f = check(env_, path_.state, at, o);
      if (!f) continue;
      report(*f);
      // A forgotten null check: go on as if it were there.
      const bool null =
          f->cause == Cause::NullDereference || f->cause == Cause::NullArgument || f->cause == Cause::NullArithmetic;
      if (null) {
        resolve_null(path_.state, f->state.id, false);
        f = check(env_, path_.state, at, o);
        if (!f) continue;
        report(*f);
      }
      if (f->reg >= 0 && f->reg != isa::kFramePointer && f->state.type != RegType::Ctx)
        path_.state.reg(static_cast<unsigned>(f->reg)) = RegState::pointer(RegType::Poisoned, at);
      return false;
    }
    return same_kind(at);
  }

  // The register through which an instruction accesses memory.
  std::optional<unsigned> address_register(uint32_t at) const {
    const isa::Insn &insn = env_.insn(at);
    const uint8_t cls = insn.insn_class();
    if (cls != isa::LDX && cls != isa::STX && cls != isa::ST) return std::nullopt;
    const bool loads = cls == isa::LDX || env_.structure.infos[at]->shape == isa::Shape::LoadAcquire;
    return loads ? insn.src : insn.dst;
  }

  // The kernel rewrites accesses to the context: one instruction cannot access it on one path and other memory on
  // another (save_aux_ptr_type).
  bool same_kind(uint32_t at) {
    const auto reg = address_register(at);
    if (!reg) return true;
    const RegState &pointer = path_.state.reg(*reg);
    RegType &known = accessed_[at];
    if (known == RegType::NotInit) known = pointer.type;
    if (known == pointer.type || (known != RegType::Ctx && pointer.type != RegType::Ctx)) return true;
    report({.cause = Cause::MixedPointers,
            .insn = at,
            .kernel = "same insn cannot be used with different pointers",
            .reg = static_cast<int>(*reg),
            .state = pointer,
            .detail = known == RegType::Ctx ? "the context" : "a pointer to other memory"});
    return false;
  }

  // Goes on where the instruction leads. False: the path has ended.
  bool after(Flow flow) {
    measure_frames();
    if (flow.other && flow.kind != Flow::Fork) wait(std::move(*flow.other), flow.other_next);
    path_.insn_before = path_.insn;
    path_.insn = flow.next;
    switch (flow.kind) {
      case Flow::Next:
        return true;
      case Flow::Fork:
        if (flow.widens) widen(*flow.other, path_.insn_before, true);
        wait(std::move(*flow.other), flow.other_next);
        return !stop_;
      case Flow::EnterSubprogram:
        path_.written.push_back(kAllWritten);
        return true;
      case Flow::LeaveSubprogram:
        path_.written.pop_back();
        path_.written.back().regs |= 1;
        return true;
      case Flow::LeaveCallback:
        path_.written.pop_back();
        widen(path_.state, path_.insn, false);
        return true;
      case Flow::EndOfProgram:
        return false;
    }
    SPILE_UNREACHABLE("a flow of no kind");
  }

  static constexpr LiveMarks kAllWritten{0xffff, ~0ull};  // a new frame: nothing in it comes from before

  void wait(State other, uint32_t at) {
    if (pending_.size() >= kMaxPendingBranches) {
      give_up({.cause = Cause::TooManyBranches,
               .insn = path_.insn,
               .kernel = fmt::format("The sequence of {} jumps is too complex.", pending_.size() + 1),
               .limit = kMaxPendingBranches});
      return;
    }
    Path p;
    p.state = std::move(other);
    p.insn = at;
    p.parent = path_.parent;
    p.segment = {path_.segment.first, static_cast<uint32_t>(trail_.steps.size())};
    p.written = path_.written;
    p.written.resize(p.state.frames.size(), kAllWritten);
    if (p.state.top().is_async) p.written[0] = kAllWritten;
    p.weight = path_.weight;
    if (p.parent != nullptr) p.parent->branches++;
    pending_.push_back(std::move(p));
  }

  // The current path is done; takes up the youngest that waits. False when there is none.
  bool next_path() {
    for (Checkpoint *c = path_.parent; c != nullptr && --c->branches == 0; c = c->parent) {
    }
    if (pending_.empty()) return false;
    path_ = std::move(pending_.back());
    pending_.pop_back();
    trail_.steps.resize(path_.segment.last);
    return true;
  }

  void remember(uint32_t at, const Effects &e) {
    Step s{.insn = at,
           .moves_slot = e.moves_slot,
           .dst_is_stack = e.dst_is_stack,
           .src_is_stack = e.src_is_stack,
           .ends_callback = path_.state.top().in_callback && env_.insn(at).is_exit(),
           .slot_frame = e.slot_frame,
           .slot = e.slot};
    const isa::Shape shape = env_.structure.infos[at]->shape;
    const bool branch = shape == isa::Shape::BranchImm || shape == isa::Shape::BranchReg;
    if (branch) s.tests_null = !env_.insn(at).source_is_reg() && path_.state.reg(env_.insn(at).dst).is_pointer();
    if (shape == isa::Shape::BranchReg)
      s.compares_packet = path_.state.reg(env_.insn(at).dst).type == RegType::PacketEnd ||
                          path_.state.reg(env_.insn(at).src).type == RegType::PacketEnd;
    if (branch && !branch_decided(env_, path_.state, at)) {
      const LinkedRegs linked = link_operands(env_, path_.state, at);
      if (linked.count > 1) {
        trail_.linked.push_back(linked);
        s.linked = static_cast<uint32_t>(trail_.linked.size());
      }
    }
    trail_.steps.push_back(s);
    if (env_.structure.facts[at].jump_point || s.moves_slot || s.linked != 0) path_.weight++;
  }

  // ---- Pruning

  Visit visit() {
    const uint32_t at = path_.insn;
    const InsnFacts &facts = env_.structure.facts[at];
    const bool force = facts.force_checkpoint || path_.weight > kMaxWeight;
    const uint64_t jumps = jumps_ - last_jumps_, insns = verdict_.stats.processed - last_insns_;
    bool add = force || (jumps >= kMinJumps && insns >= kMinInsns);
    auto &list = explored_[at];
    for (size_t i = list.size(); i-- > 0;) {
      Checkpoint &c = *list[i];
      if (c.branches > 0) {
        if (facts.next_of_iterator) {
          if (covers(c, Match::Within) && next_is_active(c.state)) return hit(c, &c);
        } else if (facts.may_goto) {
          if (c.state.may_goto_turns != path_.state.may_goto_turns && covers(c, Match::Within)) return hit(c, &c);
        } else if (facts.calls_callback) {
          if (covers(c, Match::Within)) return hit(c, &c);
        } else if (c.state.callback_entries == path_.state.callback_entries &&
                   c.state.may_goto_turns == path_.state.may_goto_turns && !iterators_differ(c.state, path_.state) &&
                   covers(c, Match::Exact)) {
          return Visit::Endless;
        }
        if (!force && jumps < kMinLoopJumps && insns < kMinLoopInsns) add = false;
      } else {
        Checkpoint *loop = active_loop(c);
        const bool whole = loop != nullptr || watch_.see != nullptr || env_.options.unprivileged;
        const Match match = sanitation_.explores_limits() ? Match::Exact : whole ? Match::Within : Match::Safe;
        if (covers(c, match)) return hit(c, loop);
      }
      if (add) c.misses++;
      const uint32_t factor = facts.force_checkpoint && c.branches > 0 ? kForcedMissFactor : kMissFactor;
      if (c.misses > c.hits * factor + factor) drop(list, i);
    }
    if (add) keep();
    return Visit::New;
  }

  bool covers(const Checkpoint &c, Match match) const {
    const bool reads_unwritten = env_.has(tables::Feature::UnwrittenStack);
    if (match == Match::Safe) return verifier::covers(c.state, c.read, path_.state, match, reads_unwritten);
    // What was read is not all known yet: what may be read must match. Who watches wants to find every value.
    std::array<LiveMarks, kMaxFrames> live;
    for (uint32_t f = 0; f <= path_.state.depth(); f++) {
      const uint32_t at = f == path_.state.depth() ? path_.insn : path_.state.frames[f + 1].callsite;
      live[f] = {watch_.see != nullptr ? kAllWritten.regs : live_registers_[at], kAllWritten.slots};
    }
    return verifier::covers(c.state, live, path_.state, match, reads_unwritten);
  }

  // An iterator that is used up ends its loop anyway.
  static bool next_is_active(const State &state) {
    const RegState *iterator = iterator_behind(state, state.reg(1));
    return iterator != nullptr && iterator->range == RegState::kActive;
  }
  // Each turn of a loop over an iterator is a new state, as long as the iterator goes on.
  static bool iterators_differ(const State &old, const State &cur) {
    for (size_t f = 0; f < old.frames.size() && f < cur.frames.size(); f++) {
      const auto &o = old.frames[f].stack.slots, &c = cur.frames[f].stack.slots;
      for (size_t s = 0; s < o.size() && s < c.size(); s++)
        if (o[s].bytes[0] == ByteKind::Iterator && c[s].bytes[0] == ByteKind::Iterator &&
            o[s].spilled.range == RegState::kActive && o[s].spilled.mem_size != c[s].spilled.mem_size)
          return true;
    }
    return false;
  }

  // The current state is covered by [c]: what the paths from there needed, this path needs.
  Visit hit(Checkpoint &c, Checkpoint *loop) {
    c.hits++;
    for (unsigned f = 0; f < c.read.size(); f++) mark_read(path_, f, c.read[f]);
    propagate_precision(env_, trail_, path_, c);
    if (loop != nullptr) {
      // Every checkpoint between the loop's start and here has unfinished marks until the loop is done. One that has
      // them as long as that, or longer, was reached by such a walk, and so were those above it.
      loop->is_loop_entry = true;
      const auto is_known = [&](const Checkpoint &p) {
        return p.loop_entry != nullptr && p.loop_entry->branches > 0 && p.loop_entry->depth <= loop->depth;
      };
      for (Checkpoint *p = path_.parent; p != nullptr && p->depth >= loop->depth && !is_known(*p); p = p->parent)
        p->loop_entry = loop;
    }
    return Visit::Covered;
  }

  static Checkpoint *active_loop(const Checkpoint &c) {
    return c.loop_entry != nullptr && c.loop_entry->branches > 0 ? c.loop_entry : nullptr;
  }

  void drop(std::vector<std::unique_ptr<Checkpoint>> &list, size_t i) {
    if (list[i]->branches > 0 || list[i]->is_loop_entry)
      retired_.push_back(std::move(list[i]));
    else
      live_checkpoints_--;
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
  }

  void keep() {
    if (!env_.options.unprivileged) path_.state.for_each_reg([](RegState &r) { r.precise = false; });
    auto c = std::make_unique<Checkpoint>();
    c->state = path_.state;
    c->insn = path_.insn;
    c->parent = path_.parent;
    c->segment = {path_.segment.first, static_cast<uint32_t>(trail_.steps.size())};
    c->read.resize(path_.state.frames.size());
    c->written = path_.written;
    c->depth = path_.parent != nullptr ? path_.parent->depth + 1 : 0;
    path_.parent = c.get();
    path_.segment.first = c->segment.last;
    path_.written.assign(path_.state.frames.size(), {});
    path_.weight = 0;
    last_jumps_ = jumps_;
    last_insns_ = verdict_.stats.processed;
    explored_[path_.insn].push_back(std::move(c));
    live_checkpoints_++;
    verdict_.stats.peak_states = std::max(verdict_.stats.peak_states, live_checkpoints_);
  }

  // Back where a loop without a bound turns: the call that runs the callback, the next element, may_goto.
  // [behind_parent]: the youngest checkpoint is of this very turn.
  void widen(State &state, uint32_t insn, bool behind_parent) {
    const auto &list = explored_[insn];
    const uint32_t depth = path_.parent == nullptr ? 0 : path_.parent->depth + (behind_parent ? 0 : 1);
    for (size_t i = list.size(); i-- > 0;) {
      const Checkpoint &c = *list[i];
      if (c.branches == 0 || c.depth >= depth || !same_callsites(c.state, state)) continue;
      verifier::widen(c.state, state);
      return;
    }
  }
  static bool same_callsites(const State &a, const State &b) {
    if (a.frames.size() != b.frames.size()) return false;
    for (size_t f = 0; f < a.frames.size(); f++)
      if (a.frames[f].callsite != b.frames[f].callsite) return false;
    return true;
  }

  // ---- What is reported

  void report(const Failure &failure) {
    const auto key = std::pair(failure.insn, failure.cause);
    if (std::ranges::find(reported_, key) != reported_.end()) return;
    reported_.push_back(key);
    Rejection rejection = explain(env_, failure, trail_, path_.state);
    // One mistake may be made of several instructions of one line.
    for (const Rejection &known : verdict_.rejections)
      if (known.diagnostic.info == rejection.diagnostic.info && known.diagnostic.foreign.line != 0 &&
          known.diagnostic.foreign.line == rejection.diagnostic.foreign.line &&
          known.diagnostic.message == rejection.diagnostic.message)
        return;
    if (env_.options.keep_states) rejection.path = path_so_far();
    if (verdict_.rejections.empty()) limit_ = std::min(limit_, verdict_.stats.processed + kMaxAfterRejection);
    verdict_.rejections.push_back(std::move(rejection));
    if (verdict_.rejections.size() >= kMaxRejections) stop_ = true;
  }
  std::vector<uint32_t> path_so_far() const {
    std::vector<uint32_t> path;
    for (const Step &step : trail_.steps) path.push_back(step.insn);
    std::ranges::sort(path);
    path.erase(std::ranges::unique(path).begin(), path.end());
    return path;
  }
  // A limit was reached: nothing more can be said. With an error at hand, the limit is only its consequence.
  void give_up(const Failure &failure) {
    if (verdict_.rejections.empty()) report(failure);
    stop_ = true;
  }

  void observe(uint32_t at) {
    if (env_.options.keep_states) {
      if (verdict_.visits[at]++ == 0) verdict_.states[at] = to_string(path_.state, env_.program.object);
    }
    verdict_.reached[at] = true;
    const auto reg = address_register(at);
    if (!reg) return;
    const RegState &pointer = path_.state.reg(*reg);
    Region region = Region::Mixed;
    if (pointer.type == RegType::Ctx)
      region = Region::Ctx;
    else if (pointer.type == RegType::Stack)
      region = Region::Stack;
    else if (pointer.type == RegType::MapValue)
      region = Region::MapValue;
    else if (pointer.is_packet())
      region = Region::Packet;
    else if (pointer.type == RegType::BtfObject && !pointer.has(kOwned))
      region = Region::KernelObject;
    Region &known = verdict_.regions[at];
    if (known == Region::Unknown || region == Region::KernelObject)
      known = region;
    else if (known != region && known != Region::KernelObject)
      known = Region::Mixed;
  }

  // The lowest byte of the stack that the instruction touches, for each frame that it does.
  void note_stack_accesses(uint32_t at, const Effects &e) {
    if (!fastcalls_.any()) return;
    const auto note = [&](const SlotSet &set) {
      if (set.mask == 0) return;
      const int64_t lowest = -static_cast<int64_t>(kSlotBytes) * std::bit_width(set.mask);
      fastcalls_.access(path_.state.frames[set.frame].subprogram, at, lowest);
    };
    for (const SlotSet &read : e.slot_reads) note(read);
    note(e.slot_writes);
    const auto reg = address_register(at);
    if (!reg || path_.state.reg(*reg).type != RegType::Stack) return;
    const RegState &pointer = path_.state.reg(*reg);
    fastcalls_.access(path_.state.frames[pointer.frame].subprogram, at, span_of(pointer, env_.insn(at).off, 1).low);
  }

  void measure_frames() {
    for (const Frame &frame : path_.state.frames)
      stack_depth_[frame.subprogram] =
          std::max(stack_depth_[frame.subprogram], static_cast<uint32_t>(frame.stack.slots.size()) * kSlotBytes);
  }

  const Env &env_;
  Verdict &verdict_;
  Watch watch_;
  Path path_;
  Trail trail_;
  std::vector<Path> pending_;
  std::vector<std::vector<std::unique_ptr<Checkpoint>>> explored_;
  std::vector<std::unique_ptr<Checkpoint>> retired_;  // dropped, but still part of the current path
  std::vector<std::optional<Obligations>> obligations_;
  std::vector<RegType> accessed_;  // by instruction: the kind of pointer that a load or store first went through
  std::vector<uint32_t> stack_depth_;
  std::vector<uint16_t> live_registers_;  // by instruction
  Fastcalls fastcalls_;
  Sanitation sanitation_;
  std::vector<bool> called_;  // by subprogram
  std::vector<std::pair<uint32_t, Cause>> reported_;
  uint64_t limit_;  // of processed instructions
  uint64_t jumps_ = 0, last_jumps_ = 0, last_insns_ = 0;
  uint32_t live_checkpoints_ = 0;
  bool stop_ = false;
};

}  // namespace

void explore(const Env &env, Verdict &verdict, const Watch &watch) { Explorer(env, verdict, watch).run(); }

}  // namespace spile::verifier
