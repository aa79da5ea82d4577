#include "verifier/obligations.h"

#include "support/check.h"

namespace spile::verifier {
namespace {

using isa::Shape;

void alu(const isa::Insn &insn, Obligations &out) {
  const uint8_t op = insn.alu_op();
  if (insn.source_is_reg() && op != isa::END) out.add({.must = Must::BeReadable, .reg = insn.src});
  if (op != isa::MOV) out.add({.must = Must::BeReadable, .reg = insn.dst});
  if (!insn.source_is_reg() && (op == isa::DIV || op == isa::MOD)) out.add({.must = Must::NotDivideByZero});
  if (!insn.source_is_reg() && (op == isa::LSH || op == isa::RSH || op == isa::ARSH))
    out.add({.must = Must::ShiftWithin});
  out.add({.must = Must::BeWritable, .reg = insn.dst});
  if (op != isa::MOV && op != isa::NEG && op != isa::END) out.add({.must = Must::ComputeSoundly, .reg = insn.dst});
}

void helper_call(const Env &env, const isa::Insn &insn, Obligations &out) {
  out.add({.must = Must::CallKnownHelper});
  const tables::Helper *helper = helper_of(insn);
  if (helper == nullptr) return;
  out.add({.must = Must::CallAllowedHelper});
  out.add({.must = Must::CallInSection});
  if ((helper->flags & tables::kGplOnly) != 0 && !env.is_user_side()) out.add({.must = Must::HaveLicence});
  for (size_t arg = 0; arg < helper->args.size(); arg++) {
    if (arguments_of(env, *helper)[arg].kind == tables::ArgKind::None) continue;
    const auto reg = static_cast<uint8_t>(arg + 1);
    out.add({.must = Must::BeReadable, .reg = reg});
    out.add({.must = Must::PassArgument, .reg = reg, .arg = static_cast<uint8_t>(arg)});
  }
  out.add({.must = Must::ObeyHelper});
  if (calls_back(*helper)) out.add({.must = Must::NestCalls});
}

}  // namespace

Obligations obligations(const Env &env, uint32_t index) {
  const isa::Insn &insn = env.insn(index);
  const isa::InsnInfo *info = env.structure.infos[index];
  SPILE_CHECK(info != nullptr, "exploration follows well-formed instructions only");
  const auto size = static_cast<uint8_t>(info->bytes());
  Obligations out;
  switch (info->shape) {
    case Shape::AluImm:
    case Shape::AluReg:
    case Shape::AluUnary:
    case Shape::AddressCast:
      alu(insn, out);
      break;
    case Shape::BranchReg:
      out.add({.must = Must::BeReadable, .reg = insn.dst});
      out.add({.must = Must::BeReadable, .reg = insn.src});
      break;
    case Shape::BranchImm:
      out.add({.must = Must::BeReadable, .reg = insn.dst});
      break;
    case Shape::Jump:
    case Shape::JumpLong:
      break;
    case Shape::MayGoto:
      break;
    case Shape::CallKfunc:
      out.add({.must = Must::CallKfunc});
      if (env.structure.facts[index].calls_callback) out.add({.must = Must::NestCalls});
      break;
    case Shape::CallReg:  // no program with one comes here: structure.cpp
      break;
    case Shape::CallHelper:
      helper_call(env, insn, out);
      break;
    case Shape::CallLocal: {
      const uint32_t callee = env.structure.subprogram_at(index + 1 + static_cast<uint32_t>(insn.imm));
      out.add({.must = Must::CallAllowedFunction});
      out.add({.must = env.structure.subprograms[callee].is_global ? Must::CallGlobally : Must::NestCalls});
      break;
    }
    case Shape::Exit:
      out.add({.must = Must::Return});
      break;
    case Shape::Load:
    case Shape::LoadAcquire:
      out.add({.must = Must::BeReadable, .reg = insn.src});
      out.add({.must = Must::BeWritable, .reg = insn.dst});
      out.add({.must = Must::Access, .reg = insn.src, .how = How::Read, .size = size, .off = insn.off});
      break;
    case Shape::StoreReg:
    case Shape::StoreRelease:
      out.add({.must = Must::BeReadable, .reg = insn.src});
      [[fallthrough]];
    case Shape::StoreImm:
      out.add({.must = Must::BeReadable, .reg = insn.dst});
      out.add({.must = Must::Access, .reg = insn.dst, .how = How::Write, .size = size, .off = insn.off});
      break;
    case Shape::Atomic:
      out.add({.must = Must::BeReadable, .reg = insn.src});
      out.add({.must = Must::BeReadable, .reg = insn.dst});
      if (insn.imm == isa::kAtomicCmpxchg)
        out.add({.must = Must::BeReadable, .reg = 0});
      else if ((insn.imm & isa::kAtomicFetch) != 0)
        out.add({.must = Must::BeWritable, .reg = insn.src});
      out.add({.must = Must::Access, .reg = insn.dst, .how = How::Atomic, .size = size, .off = insn.off});
      break;
    case Shape::LoadImm64:
      out.add({.must = Must::BeWritable, .reg = insn.dst});
      break;
    case Shape::PacketAbs:
    case Shape::PacketInd:
      out.add({.must = Must::BeReadable, .reg = 6});
      if (info->shape == Shape::PacketInd) out.add({.must = Must::BeReadable, .reg = insn.src});
      out.add({.must = Must::LoadFromPacket, .reg = 6});
      break;
  }
  return out;
}

const char *operator_text(uint8_t alu_op) {
  static constexpr const char *kText[16] = {
      "+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "endian", "?", "?"};
  return kText[alu_op >> 4];
}

}  // namespace spile::verifier
