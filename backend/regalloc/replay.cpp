#include "backend/regalloc/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace spile::regalloc {

using mir::Form;
using mir::Inst;
using mir::Reg;

namespace {

// A machine register, or kRegisters + index of a slot.
using Place = uint32_t;
constexpr Place kRegisters = 11;
constexpr Place kNowhere = 0xffff'ffff;

// For each place, the registers of the virtual code (physical ones among them) whose value it holds; ordered.
using State = std::map<Place, std::vector<uint32_t>>;

// True when the state changed.
bool meet(State &into, const State &with) {
  bool changed = false;
  for (auto at = into.begin(); at != into.end();) {
    const auto other = with.find(at->first);
    std::vector<uint32_t> both;
    if (other != with.end())
      std::set_intersection(at->second.begin(), at->second.end(), other->second.begin(), other->second.end(),
                            std::back_inserter(both));
    changed |= both.size() != at->second.size();
    at->second = std::move(both);
    at = at->second.empty() ? into.erase(at) : std::next(at);
  }
  return changed;
}

class Replay {
 public:
  Replay(const mir::Function &before, const mir::Function &after, const ir::Module &module)
      : before_(before), after_(after), module_(module) {
    find_constants();
  }

  std::optional<std::string> run() {
    if (before_.blocks.size() != after_.blocks.size()) return "the number of blocks changed";
    std::vector<std::optional<State>> in(before_.blocks.size());
    State entry;
    for (uint32_t r = 1; r <= mir::kMaxArguments; r++) entry[r] = {r};
    in[0] = std::move(entry);
    std::vector<uint32_t> work{0};
    while (!work.empty() && problem_.empty()) {
      const uint32_t block = work.back();
      work.pop_back();
      State state = *in[block];
      walk(block, state);
      mir::for_each_successor(before_.blocks[block], [&](mir::BlockId to) {
        auto &there = in[to.index];
        if (there && !meet(*there, state)) return;
        if (!there) there = state;
        work.push_back(to.index);
      });
    }
    if (problem_.empty()) return std::nullopt;
    return problem_;
  }

 private:
  // Virtual registers that every definition sets to the same constant, directly or as a copy of such a register: an
  // inserted instruction may make that constant again.
  void find_constants() {
    struct Source {
      bool is_constant = true;
      const Inst *how = nullptr;
      std::vector<uint32_t> copies_of;
    };
    std::vector<Source> sources(before_.register_count);
    for (const mir::Block &block : before_.blocks)
      for (const Inst &inst : block.insts)
        mir::for_each_def(before_, inst, [&](Reg r) {
          Source &s = sources[r.id];
          if (inst.is_copy() && inst.src.is_virtual() && r.is_virtual()) {
            s.copies_of.push_back(inst.src.id);
          } else if (inst.is_rematerializable() && r.is_virtual() && (s.how == nullptr || same_value(*s.how, inst))) {
            s.how = &inst;
          } else {
            s.is_constant = false;
          }
        });
    // Down from "all are": a copy of what is no constant, or of another constant, is none.
    for (bool changed = true; changed;) {
      changed = false;
      for (Source &s : sources)
        for (const uint32_t from : s.copies_of) {
          if (!s.is_constant) break;
          const Source &source = sources[from];
          if (!source.is_constant || (s.how != nullptr && source.how != nullptr && !same_value(*s.how, *source.how))) {
            s.is_constant = false;
            changed = true;
          } else if (s.how == nullptr && source.how != nullptr) {
            s.how = source.how;
            changed = true;
          }
        }
    }
    constants_.resize(sources.size());
    for (size_t i = 0; i < sources.size(); i++) constants_[i] = sources[i].is_constant ? sources[i].how : nullptr;
  }

  void fail(const Inst &at, std::string_view what) {
    if (problem_.empty()) problem_ = fmt::format("{}: `{}` {}", before_.name, mir::print(after_, at, module_), what);
  }

  static bool holds(const State &state, Place place, Reg value) {
    const auto at = state.find(place);
    return at != state.end() && std::binary_search(at->second.begin(), at->second.end(), value.id);
  }

  // [value] gets a new value: nobody holds it any more.
  static void forget(State &state, Reg value) {
    for (auto &[place, held] : state) {
      const auto at = std::lower_bound(held.begin(), held.end(), value.id);
      if (at != held.end() && *at == value.id) held.erase(at);
    }
  }

  static void define(State &state, Reg value, Place place) {
    forget(state, value);
    state[place] = {value.id};
  }

  // A spill slot is one that the virtual code does not have.
  Place slot_place(const Inst &inst) const {
    return inst.slot.valid() && inst.slot.index >= before_.slots.size() ? kRegisters + inst.slot.index : kNowhere;
  }

  void walk(uint32_t block, State &state) {
    const auto &virtual_insts = before_.blocks[block].insts;
    size_t next = 0;
    for (const Inst &inst : after_.blocks[block].insts) {
      if (!problem_.empty()) return;
      if (inst.is_inserted) {
        inserted(inst, state);
      } else if (next == virtual_insts.size()) {
        fail(inst, "stands for no instruction of the virtual code");
      } else {
        const Inst &meant = virtual_insts[next++];
        meant.is_copy() ? copied(meant, inst, state) : executed(meant, inst, state);
      }
    }
    if (next != virtual_insts.size()) fail(virtual_insts[next], "is missing from the allocated code");
  }

  // A spill, a reload, or a constant made again.
  void inserted(const Inst &inst, State &state) {
    const Place slot = slot_place(inst);
    if (inst.form == Form::Load && slot != kNowhere) {
      state[inst.dst.id] = state[slot];
    } else if (inst.form == Form::Store && slot != kNowhere) {
      state[slot] = state[inst.src.id];
    } else if (inst.is_rematerializable()) {
      state[inst.dst.id] = who_is(inst);
    } else {
      fail(inst, "was inserted and is no spill, reload or constant");
    }
  }

  std::vector<uint32_t> who_is(const Inst &constant) const {
    std::vector<uint32_t> all;
    for (uint32_t i = 0; i < constants_.size(); i++)
      if (constants_[i] != nullptr && same_value(*constants_[i], constant)) all.push_back(i);
    return all;
  }

  // The copy may have become a move, a load, a store, a constant, or nothing.
  void copied(const Inst &meant, const Inst &inst, State &state) {
    Place from = kNowhere, to = kNowhere;
    const Place slot = slot_place(inst);
    if (inst.form == Form::Mov && inst.is_copy() && inst.src.valid()) {
      from = inst.src.id;
      to = inst.dst.id;
    } else if (inst.form == Form::Load && slot != kNowhere) {
      from = slot;
      to = inst.dst.id;
    } else if (inst.form == Form::Store && slot != kNowhere) {
      from = inst.src.id;
      to = slot;
    } else if (inst.is_rematerializable() && inst.dst.valid()) {
      state[inst.dst.id] = who_is(inst);
      from = to = inst.dst.id;
    } else if (inst.form != Form::Mov || inst.dst.valid()) {
      return fail(inst, "does not do what the copy was for");
    }
    if (from != kNowhere && !holds(state, from, meant.src))
      return fail(inst, fmt::format("copies something else than {}", mir::name_of(meant.src)));
    if (from != to) state[to] = state[from];
    // Now every place that holds the source holds the copy as well.
    if (meant.dst == meant.src) return;
    forget(state, meant.dst);
    for (auto &[place, held] : state) {
      if (!std::binary_search(held.begin(), held.end(), meant.src.id)) continue;
      held.insert(std::lower_bound(held.begin(), held.end(), meant.dst.id), meant.dst.id);
    }
  }

  void executed(const Inst &meant, const Inst &inst, State &state) {
    if (meant.form != inst.form || meant.opcode != inst.opcode || meant.imm != inst.imm || meant.off != inst.off ||
        meant.symbol != inst.symbol || meant.slot != inst.slot || meant.target != inst.target ||
        meant.core != inst.core)
      return fail(inst, fmt::format("stands where `{}` was meant", mir::print(before_, meant, module_)));
    std::vector<Reg> wanted, read;
    mir::for_each_use(before_, meant, [&](Reg r) { wanted.push_back(r); });
    mir::for_each_use(after_, inst, [&](Reg r) { read.push_back(r); });
    for (size_t i = 0; i < wanted.size(); i++) {
      if (!read[i].is_physical()) return fail(inst, "has a register that was not allocated");
      if (!holds(state, read[i].id, wanted[i]))
        return fail(inst,
                    fmt::format("reads {}, which does not hold {}", mir::name_of(read[i]), mir::name_of(wanted[i])));
    }
    if (meant.form == Form::Asm) return assembled(meant, inst, state);
    if (inst.clobbers_arguments())
      for (uint32_t r = 0; r <= mir::kMaxArguments; r++) {
        forget(state, Reg{r});
        state.erase(r);
      }
    const Reg defined = mir::defined_register(meant), machine = mir::defined_register(inst);
    if (defined.valid()) define(state, defined, machine.id);
  }

  // Its reads are checked; now what it sets and spoils. No two of these may be one register, and what is set early may
  // not be one that is read.
  void assembled(const Inst &meant, const Inst &inst, State &state) {
    const mir::Assembly &before = before_.assemblies[meant.symbol], &after = after_.assemblies[inst.symbol];
    std::vector<Reg> read, set;
    mir::for_each_use(after_, inst, [&](Reg r) { read.push_back(r); });
    mir::for_each_def(after_, inst, [&](Reg r) { set.push_back(r); });
    for (size_t i = 0; i < set.size(); i++)
      if (std::find(set.begin(), set.begin() + static_cast<ptrdiff_t>(i), set[i]) !=
          set.begin() + static_cast<ptrdiff_t>(i))
        return fail(inst, fmt::format("sets {} twice", mir::name_of(set[i])));
    for (const Reg r : set)
      if (mir::is_set_early(after_, inst, r) && std::find(read.begin(), read.end(), r) != read.end())
        return fail(inst, fmt::format("sets {} before it is read", mir::name_of(r)));
    for (const Reg r : set) {
      forget(state, r);
      state.erase(r.id);
    }
    for (size_t i = 0; i < before.operands.size(); i++)
      if (before.operands[i].is_written) define(state, before.operands[i].reg, after.operands[i].reg.id);
  }

  const mir::Function &before_, &after_;
  const ir::Module &module_;
  std::vector<const Inst *> constants_;
  std::string problem_;
};

}  // namespace

std::optional<std::string> replay(const mir::Function &before, const mir::Function &after, const ir::Module &module) {
  return Replay(before, after, module).run();
}

}  // namespace spile::regalloc
