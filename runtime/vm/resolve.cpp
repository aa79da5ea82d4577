#include "runtime/vm/resolve.h"

#include <algorithm>

#include "backend/isa/disasm.h"
#include "lang-spec/tables/kfuncs.h"
#include "lang-spec/tables/tables.h"
#include "runtime/maps/map.h"
#include "runtime/vm/stack_use.h"

namespace spile::vm {
namespace {

using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

std::string text_of(std::span<const Insn> insns, size_t index) {
  return fmt::format("instruction {}: `{}`", index, isa::disassemble(insns, index, isa::TextStyle::Exact));
}

class Resolver {
 public:
  Resolver(std::span<const Insn> insns, std::span<const ResolvedMap> maps, HelperResolver resolve,
           const object::Btf *btf)
      : insns_(insns), maps_(maps), helper_(resolve), btf_(btf), is_second_half_(insns.size(), false) {}

  Result<Resolved> run() {
    if (insns_.empty()) return input_error("a program without instructions");
    if (auto decoded = find_shapes_and_subprograms(); !decoded) return std::unexpected(decoded.error());
    out_.insns.assign(insns_.begin(), insns_.end());
    out_.values.resize(insns_.size());
    for (size_t i = 0; i < insns_.size(); i += isa::width(insns_[i])) {
      auto value = value_of(i, *isa::lookup(insns_[i]));
      if (!value) return std::unexpected(value.error());
      out_.values[i] = *value;
    }
    if (auto ends = check_ends(); !ends) return std::unexpected(ends.error());
    for (const uint32_t start : out_.subprograms)
      out_.stack_bytes.push_back(stack_bytes_of(out_, start, bounds(start).second));
    return std::move(out_);
  }

 private:
  Result<void> find_shapes_and_subprograms() {
    out_.subprograms.push_back(0);
    for (size_t i = 0; i < insns_.size(); i++) {
      const InsnInfo *info = isa::lookup(insns_[i]);
      if (info == nullptr) return input_error("instruction {}: unknown opcode {:#04x}", i, insns_[i].opcode);
      if (const auto complaint = isa::malformed(*info, insns_[i]); !complaint.empty())
        return input_error("{}: {}", text_of(insns_, i), complaint);
      const bool callback = info->op == isa::Op::LddwFunc;
      if (callback || info->shape == Shape::CallLocal) {
        const int64_t target = static_cast<int64_t>(i) + 1 + insns_[i].imm;
        if (target < 0 || target >= static_cast<int64_t>(insns_.size()))
          return input_error("{}: the subprogram is outside of the program", text_of(insns_, i));
        out_.subprograms.push_back(static_cast<uint32_t>(target));
      }
      if (info->shape == Shape::LoadImm64) {
        if (i + 1 == insns_.size()) return input_error("instruction {}: half of a 64-bit immediate", i);
        if (const auto complaint = isa::malformed_second(insns_[i + 1]); !complaint.empty())
          return input_error("instruction {}: {}", i + 1, complaint);
        is_second_half_[++i] = true;
      }
    }
    std::ranges::sort(out_.subprograms);
    const auto repeated = std::ranges::unique(out_.subprograms);
    out_.subprograms.erase(repeated.begin(), repeated.end());
    for (const uint32_t start : out_.subprograms)
      if (is_second_half_[start]) return input_error("a subprogram starts inside a 64-bit immediate at {}", start);
    return {};
  }

  // First and one past the last instruction of the subprogram that holds [insn].
  std::pair<size_t, size_t> bounds(size_t insn) const {
    const auto next = std::ranges::upper_bound(out_.subprograms, insn);
    return {*(next - 1), next == out_.subprograms.end() ? insns_.size() : *next};
  }

  Result<uint64_t> value_of(size_t i, const InsnInfo &info) const {
    const Insn &insn = insns_[i];
    if (has_target(info.shape)) {
      const int64_t target = static_cast<int64_t>(i) + 1 + isa::distance(info, insn);
      const auto [start, end] = bounds(i);
      if (target < static_cast<int64_t>(start) || target >= static_cast<int64_t>(end) ||
          is_second_half_[static_cast<size_t>(target)])
        return input_error("{}: jumps to {}, which is no instruction of this subprogram", text_of(insns_, i), target);
      return static_cast<uint64_t>(target);
    }
    if (info.shape == Shape::CallLocal) return i + 1 + static_cast<uint64_t>(static_cast<int64_t>(insn.imm));
    if (info.shape == Shape::CallHelper) return helper_address(i, static_cast<uint32_t>(insn.imm));
    if (info.shape == Shape::CallKfunc) return kfunc_address(i, static_cast<uint32_t>(insn.imm));
    if (info.shape == Shape::LoadImm64) return immediate(i, info);
    if (insn.dst == isa::kFramePointer && writes_dst(info.shape))
      return input_error("{}: r10 is read-only", text_of(insns_, i));
    if (insn.src == isa::kFramePointer && info.shape == Shape::Atomic && info.atomic() >= isa::Atomic::FetchAdd &&
        info.atomic() != isa::Atomic::Cmpxchg)
      return input_error("{}: r10 is read-only", text_of(insns_, i));
    return 0;
  }

  static bool writes_dst(Shape shape) {
    return shape == Shape::AluImm || shape == Shape::AluReg || shape == Shape::AluUnary ||
           shape == Shape::AddressCast || shape == Shape::Load || shape == Shape::LoadAcquire;
  }

  Result<uint64_t> helper_address(size_t i, uint32_t number) const {
    const HelperFn function = helper_ == nullptr ? nullptr : helper_(number);
    if (function != nullptr) return reinterpret_cast<uint64_t>(function);
    const tables::Helper *helper = tables::find_helper(number);
    if (helper == nullptr) return unsupported_error("{}: helper {} is unknown", text_of(insns_, i), number);
    return unsupported_error("{}: helper {} ({}) is not available here", text_of(insns_, i), helper->name, number);
  }

  Result<uint64_t> kfunc_address(size_t i, uint32_t btf_id) const {
    if (const HelperFn function = kernel_function(btf_, btf_id, helper_)) return reinterpret_cast<uint64_t>(function);
    if (btf_ == nullptr || btf_id >= btf_->type_count())
      return unsupported_error("{}: kernel functions exist in the kernel only", text_of(insns_, i));
    return unsupported_error("{}: the kernel function {} is not available here", text_of(insns_, i),
                             btf_->type(object::BtfId{btf_id}).name);
  }

  Result<uint64_t> immediate(size_t i, const InsnInfo &info) const {
    const Insn &insn = insns_[i];
    if (insn.dst == isa::kFramePointer) return input_error("{}: r10 is read-only", text_of(insns_, i));
    if (info.op == isa::Op::Lddw) return isa::imm64(insn, insns_[i + 1]);
    if (info.op == isa::Op::LddwFunc) return i + 1 + static_cast<uint64_t>(static_cast<int64_t>(insn.imm));
    if (info.op != isa::Op::LddwMapIdx && info.op != isa::Op::LddwMapIdxValue)
      return unsupported_error("{}: only the kernel knows what this means", text_of(insns_, i));
    const auto index = static_cast<uint32_t>(insn.imm);
    if (index >= maps_.size()) return input_error("{}: map {} of {}", text_of(insns_, i), index, maps_.size());
    const ResolvedMap &map = maps_[index];
    if (map.address == 0) return unsupported_error("{}: map {} was not created", text_of(insns_, i), index);
    if (info.op == isa::Op::LddwMapIdx) return map.address;
    if (map.values == 0)
      return input_error("{}: the values of map {} have no fixed address", text_of(insns_, i), index);
    return map.values + static_cast<uint32_t>(insns_[i + 1].imm);
  }

  // Each subprogram ends in an instruction that does not go on to the next one.
  Result<void> check_ends() const {
    for (const uint32_t start : out_.subprograms) {
      const size_t last = bounds(start).second - 1;
      const InsnInfo *info = is_second_half_[last] ? nullptr : isa::lookup(insns_[last]);
      if (info == nullptr || goes_on(info->shape))
        return input_error("the subprogram at instruction {} runs off its end at {}", start, last);
    }
    return {};
  }

  std::span<const Insn> insns_;
  std::span<const ResolvedMap> maps_;
  HelperResolver helper_;
  const object::Btf *btf_;
  std::vector<bool> is_second_half_;
  Resolved out_;
};

}  // namespace

std::vector<ResolvedMap> addresses_of(std::span<maps::Map *const> maps) {
  std::vector<ResolvedMap> addresses;
  for (maps::Map *map : maps)
    addresses.push_back(
        {reinterpret_cast<uint64_t>(map), map == nullptr ? 0 : reinterpret_cast<uint64_t>(map->direct_values())});
  return addresses;
}

HelperFn kernel_function(const object::Btf *btf, uint32_t id, HelperResolver resolve) {
  if (btf == nullptr || id >= btf->type_count() || resolve == nullptr) return nullptr;
  const tables::Kfunc *kfunc = tables::find_kfunc(btf->type(object::BtfId{id}).name);
  return kfunc == nullptr ? nullptr : resolve(kKfuncNumbers + tables::index_of(*kfunc));
}

Result<Resolved> resolve_program(std::span<const Insn> insns, std::span<const ResolvedMap> maps, HelperResolver resolve,
                                 const object::Btf *btf) {
  return Resolver(insns, maps, resolve, btf).run();
}

Result<Resolved> resolve_program(const object::Program &program, std::span<const ResolvedMap> maps,
                                 HelperResolver resolve) {
  return resolve_program(program.insns, maps, resolve, program.object == nullptr ? nullptr : &program.object->btf);
}

}  // namespace spile::vm
