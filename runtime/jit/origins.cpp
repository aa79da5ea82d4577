#include "runtime/jit/origins.h"

#include <algorithm>
#include <span>

#include "runtime/jit/flow.h"

namespace spile::jit {
namespace {

using isa::Alu;
using isa::Insn;
using isa::InsnInfo;
using isa::Shape;

constexpr Origin kUnknown{Origin::Unknown};

// Of a constant: the map, or the memory that holds the address.
Origin origin_of(const vm::JitProgram &program, const InsnInfo &info, uint64_t value) {
  if (info.op == isa::Op::LddwMapIdx) {
    const std::span maps(program.maps, program.map_count);
    const auto map = std::ranges::find(maps, value, &vm::JitMap::map);
    return map == maps.end() ? kUnknown : Origin{Origin::Map, static_cast<uint32_t>(map - maps.begin())};
  }
  if (info.op != isa::Op::LddwMapIdxValue || program.unverified == nullptr) return kUnknown;
  const std::span regions(program.unverified->regions, program.unverified->region_count);
  const auto holder =
      std::ranges::find_if(regions, [&](const vm::JitRegion &region) { return value - region.address < region.size; });
  return holder == regions.end() ? kUnknown : Origin{Origin::Region, static_cast<uint32_t>(holder - regions.begin())};
}

void step(const vm::JitProgram &program, size_t index, Origins &regs) {
  const Insn &insn = program.insns[index];
  const InsnInfo &info = *isa::lookup(insn);
  const auto forget_arguments = [&] { std::fill_n(regs.begin(), 6, kUnknown); };
  switch (info.shape) {
    case Shape::AluImm:
    case Shape::AluUnary:
      if (info.bits != 64 || (info.alu() != Alu::Add && info.alu() != Alu::Sub)) regs[insn.dst] = kUnknown;
      return;
    case Shape::AluReg:
    case Shape::AddressCast: {
      const Origin dst = regs[insn.dst], src = regs[insn.src];
      regs[insn.dst] = kUnknown;
      if (info.bits != 64) return;
      if (info.alu() == Alu::Mov) regs[insn.dst] = src;
      if (info.alu() == Alu::Add || info.alu() == Alu::Sub) {
        if (src.kind == Origin::Unknown) regs[insn.dst] = dst;
        if (dst.kind == Origin::Unknown && info.alu() == Alu::Add) regs[insn.dst] = src;
      }
      return;
    }
    case Shape::Load:
    case Shape::LoadAcquire:
      regs[insn.dst] = kUnknown;
      return;
    case Shape::LoadImm64:
      regs[insn.dst] = origin_of(program, info, program.values[index]);
      return;
    case Shape::Atomic:
      regs[0] = regs[insn.src] = kUnknown;
      return;
    case Shape::PacketAbs:
    case Shape::PacketInd:
      regs[0] = kUnknown;
      return;
    case Shape::CallHelper:
      forget_arguments();
      if (insn.imm == vm::kMapLookup) regs[0] = {Origin::Value, static_cast<uint32_t>(index)};
      return;
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

std::vector<Origins> find_origins(const vm::JitProgram &program) {
  std::vector<Origins> origins(program.insn_count);
  for (size_t i = 0; i < program.subprogram_count; i++) {
    Origins &entry = origins[program.subprograms[i]];
    entry.fill(kUnknown);
    entry[isa::kFramePointer] = {Origin::Stack};
    if (i == 0) entry[1] = {Origin::Context};
  }
  // From "not reached" up, until nothing changes: a register goes from unset to one origin to unknown.
  const auto after = [&](size_t insn, Origins known) {
    if (known[isa::kFramePointer].kind != Origin::Unset) step(program, insn, known);
    return known;
  };
  const auto join = [](Origins &known, const Origins &with) {
    bool changed = false;
    for (size_t r = 0; r < with.size(); r++) {
      if (known[r] == with[r] || known[r].kind == Origin::Unknown || with[r].kind == Origin::Unset) continue;
      known[r] = known[r].kind == Origin::Unset ? with[r] : kUnknown;
      changed = true;
    }
    return changed;
  };
  follow(program, origins, after, join);
  return origins;
}

}  // namespace spile::jit
