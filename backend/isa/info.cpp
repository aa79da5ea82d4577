#include "backend/isa/info.h"

namespace spile::isa {
namespace {

struct Selector {
  InsnInfo::Select select;
  int32_t value;
};
// The words of the Select column.
struct Any : Selector {
  constexpr Any() : Selector{InsnInfo::Select::Any, 0} {}
};
struct Off : Selector {
  constexpr explicit Off(int32_t wanted) : Selector{InsnInfo::Select::Off, wanted} {}
};
struct Imm : Selector {
  constexpr explicit Imm(int32_t wanted) : Selector{InsnInfo::Select::Imm, wanted} {}
};
struct Src : Selector {
  constexpr explicit Src(int32_t wanted) : Selector{InsnInfo::Select::Src, wanted} {}
};

// The enumeration that the Operation column is taken from, by shape.
enum class NoOperation : uint8_t { None };
template <Shape shape>
struct OperationOf {
  using Type = NoOperation;
};
template <>
struct OperationOf<Shape::AluImm> {
  using Type = Alu;
};
template <>
struct OperationOf<Shape::AluReg> {
  using Type = Alu;
};
template <>
struct OperationOf<Shape::AluUnary> {
  using Type = Alu;
};
template <>
struct OperationOf<Shape::AddressCast> {
  using Type = Alu;
};
template <>
struct OperationOf<Shape::BranchImm> {
  using Type = Cond;
};
template <>
struct OperationOf<Shape::BranchReg> {
  using Type = Cond;
};
template <>
struct OperationOf<Shape::Load> {
  using Type = Extend;
};
template <>
struct OperationOf<Shape::Atomic> {
  using Type = Atomic;
};

constexpr auto kInsns = std::to_array<InsnInfo>({
#define SPILE_INSN(Name, code, Select, TheShape, Operation, bits, text, cpu) \
  {Op::Name,                                                                 \
   #Name,                                                                    \
   static_cast<uint8_t>(code),                                               \
   (Select).select,                                                          \
   (Select).value,                                                           \
   Shape::TheShape,                                                          \
   static_cast<uint8_t>(OperationOf<Shape::TheShape>::Type::Operation),      \
   bits,                                                                     \
   text,                                                                     \
   cpu},
#include "lang-spec/tables/insns.def"
});
static_assert(kInsns.size() < 255, "insns.def: an index must fit in a byte of kChains");

// Rows of one opcode as a linked list: kChains.first[opcode], then kChains.next[row]; kNoRow ends it.
constexpr uint8_t kNoRow = 255;
struct Chains {
  std::array<uint8_t, 256> first;
  std::array<uint8_t, kInsns.size()> next;
};
constexpr Chains kChains = [] {
  Chains chains{};
  chains.first.fill(kNoRow);
  for (size_t i = kInsns.size(); i-- > 0;) {
    chains.next[i] = chains.first[kInsns[i].opcode];
    chains.first[kInsns[i].opcode] = static_cast<uint8_t>(i);
  }
  return chains;
}();

constexpr bool rows_are_distinct() {
  for (size_t i = 0; i < kInsns.size(); i++)
    for (uint8_t j = kChains.next[i]; j != kNoRow; j = kChains.next[j])
      if (kInsns[i].select != kInsns[j].select || kInsns[i].select == InsnInfo::Select::Any ||
          kInsns[i].select_value == kInsns[j].select_value)
        return false;
  return true;
}
static_assert(rows_are_distinct(), "insns.def: two rows of one opcode that no field tells apart");

enum Fields : uint8_t { kDst = 1, kSrc = 2, kOff = 4, kImm = 8 };
constexpr uint8_t operands_of(Shape shape) {
  switch (shape) {
    case Shape::AluImm:
      return kDst | kImm;
    case Shape::AluReg:
      return kDst | kSrc;
    case Shape::AluUnary:
      return kDst;
    case Shape::AddressCast:
      return kDst | kSrc | kImm;
    case Shape::BranchImm:
      return kDst | kImm | kOff;
    case Shape::BranchReg:
      return kDst | kSrc | kOff;
    case Shape::Jump:
    case Shape::MayGoto:
      return kOff;
    case Shape::JumpLong:
    case Shape::CallHelper:
    case Shape::CallLocal:
    case Shape::PacketAbs:
      return kImm;
    case Shape::CallKfunc:
      return kImm | kOff;
    case Shape::CallReg:
      return kDst;
    case Shape::Exit:
      return 0;
    case Shape::Load:
    case Shape::StoreReg:
    case Shape::Atomic:
    case Shape::LoadAcquire:
    case Shape::StoreRelease:
      return kDst | kSrc | kOff;
    case Shape::StoreImm:
      return kDst | kOff | kImm;
    case Shape::LoadImm64:
      return kDst | kImm;
    case Shape::PacketInd:
      return kSrc | kImm;
  }
  __builtin_unreachable();
}

}  // namespace

std::span<const InsnInfo> all_insns() { return kInsns; }

const InsnInfo &info_of(Op op) { return kInsns[static_cast<size_t>(op)]; }

const InsnInfo *lookup(const Insn &insn) {
  for (uint8_t row = kChains.first[insn.opcode]; row != kNoRow; row = kChains.next[row])
    if (kInsns[row].selects(insn)) return &kInsns[row];
  return nullptr;
}

std::string_view malformed(const InsnInfo &info, const Insn &insn) {
  const uint8_t operands = operands_of(info.shape);
  const auto must_be_zero = [&](Fields field, InsnInfo::Select selector) {
    return (operands & field) == 0 && info.select != selector;
  };
  if ((operands & kDst) != 0 && insn.dst >= kRegisterCount) return "the destination register does not exist";
  if ((operands & kSrc) != 0 && insn.src >= kRegisterCount) return "the source register does not exist";
  if ((operands & kDst) == 0 && insn.dst != 0) return "the destination register is not zero";
  if (must_be_zero(kSrc, InsnInfo::Select::Src) && insn.src != 0) return "the source register is not zero";
  if (must_be_zero(kOff, InsnInfo::Select::Off) && insn.off != 0) return "the offset is not zero";
  if (must_be_zero(kImm, InsnInfo::Select::Imm) && insn.imm != 0) return "the immediate is not zero";
  return {};
}

std::string_view malformed_second(const Insn &second) {
  if (second.opcode != 0) return "the second half of a 64-bit immediate has an opcode";
  if (second.dst != 0 || second.src != 0 || second.off != 0)
    return "the second half of a 64-bit immediate has operands";
  return {};
}

}  // namespace spile::isa
