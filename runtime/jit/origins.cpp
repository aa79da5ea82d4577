#include "runtime/jit/origins.h"

#include <algorithm>
#include <span>

#include "runtime/jit/flow.h"
#include "runtime/jit/operations.h"

namespace spile::jit {
namespace {

using isa::Alu;
using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

constexpr Origin kUnknown{Origin::Unknown}, kMemory{Origin::Memory};

// Of a constant: the map, or the memory that holds the address.
Origin origin_of(const vm::JitProgram &program, size_t index) {
  if (isa::lookup(program.insns[index])->op == isa::Op::LddwMapIdx) {
    const std::span maps(program.maps, program.map_count);
    const auto map = std::ranges::find(maps, program.values[index], &vm::JitMap::map);
    return map == maps.end() ? kUnknown : Origin{Origin::Map, static_cast<uint32_t>(map - maps.begin())};
  }
  return region_of_constant(program, index) != nullptr ? kMemory : kUnknown;
}

void step(const vm::JitProgram &program, size_t index, Origins &regs) {
  const Insn &insn = program.insns[index];
  const InsnInfo &info = *isa::lookup(insn);
  const auto forget_arguments = [&] { std::fill_n(regs.begin(), 6, kUnknown); };
  switch (info.shape) {
    case Shape::AluImm:
    case Shape::AluUnary:
    case Shape::AluReg:
    case Shape::AddressCast: {
      const auto base = base_of_result(insn, info, regs);
      regs[insn.dst] = base ? regs[*base] : kUnknown;
      return;
    }
    case Shape::Load:
    case Shape::LoadAcquire:
      regs[insn.dst] = kUnknown;
      return;
    case Shape::LoadImm64:
      regs[insn.dst] = origin_of(program, index);
      return;
    case Shape::Atomic:
      regs[0] = regs[insn.src] = kUnknown;
      return;
    case Shape::PacketAbs:
    case Shape::PacketInd:
      regs[0] = kUnknown;
      return;
    case Shape::CallHelper: {
      const Origin map = regs[1];
      forget_arguments();
      if (insn.imm == vm::kMapLookup && map.kind == Origin::Map && program.maps[map.index].value_size != 0)
        regs[0] = kMemory;
      return;
    }
    case Shape::CallLocal:
    case Shape::CallKfunc:
    case Shape::CallReg:
      forget_arguments();
      return;
    case Shape::BranchImm:
    case Shape::BranchReg:
    case Shape::Jump:
    case Shape::JumpLong:
    case Shape::MayGoto:
    case Shape::Exit:
    case Shape::StoreImm:
    case Shape::StoreReg:
    case Shape::StoreRelease:
      return;
  }
}

}  // namespace

const vm::JitRegion *region_of_constant(const vm::JitProgram &program, size_t index) {
  if (program.unverified == nullptr || isa::lookup(program.insns[index])->op != isa::Op::LddwMapIdxValue)
    return nullptr;
  const std::span regions(program.unverified->regions, program.unverified->region_count);
  const auto holder = std::ranges::find_if(
      regions, [&](const vm::JitRegion &region) { return program.values[index] - region.address < region.size; });
  return holder == regions.end() ? nullptr : &*holder;
}

std::optional<unsigned> base_of_result(const Insn &insn, const InsnInfo &info, const Origins &before) {
  if (info.bits != 64) return std::nullopt;
  const bool adds = info.alu() == Alu::Add;
  if (!reads_register(info)) return adds || info.alu() == Alu::Sub ? std::optional<unsigned>(insn.dst) : std::nullopt;
  if (info.alu() == Alu::Mov) return insn.src;
  if (!adds && info.alu() != Alu::Sub) return std::nullopt;
  if (before[insn.src].kind == Origin::Unknown) return insn.dst;
  return adds && before[insn.dst].kind == Origin::Unknown ? std::optional<unsigned>(insn.src) : std::nullopt;
}

std::vector<Origins> find_origins(const vm::JitProgram &program) {
  std::vector<Origins> origins(program.insn_count);
  for (size_t i = 0; i < program.subprogram_count; i++) {
    Origins &entry = origins[program.subprograms[i]];
    entry.fill(kUnknown);
    entry[isa::kFramePointer] = kMemory;
    if (i == 0) entry[1] = kMemory;
  }
  // From "not reached" up, until nothing changes: a register goes from unset to one origin to mixed.
  const auto after = [&](size_t insn, Origins known) {
    if (known[isa::kFramePointer].kind != Origin::Unset) step(program, insn, known);
    return known;
  };
  const auto join = [](Origins &known, const Origins &with) {
    bool changed = false;
    for (size_t r = 0; r < with.size(); r++) {
      if (known[r] == with[r] || known[r].kind == Origin::Mixed || with[r].kind == Origin::Unset) continue;
      known[r] = known[r].kind == Origin::Unset ? with[r] : Origin{Origin::Mixed};
      changed = true;
    }
    return changed;
  };
  follow(program, origins, after, join);
  return origins;
}

}  // namespace spile::jit
