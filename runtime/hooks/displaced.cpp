#include "runtime/hooks/displaced.h"

#include <Zydis/Zydis.h>

#include <cstring>

#include "runtime/hooks/dynamic_library.h"

namespace spile::hooks {

namespace {

constexpr size_t kNextAt = kSlotSize - 16, kTargetAt = kSlotSize - 8;  // addresses that the slot's code reads
constexpr uint8_t kRsp = 4;                                            // as a number of registers; behind SIB.base too
constexpr uint8_t kRipRelative = 5;                                    // ModRM.rm with ModRM.mod 0

// Writes code and addresses into a slot.
class Writer {
 public:
  Writer(Displaced &to, uint64_t next) : to_(to) { put_address(kNextAt, next); }

  void put_address(size_t at, uint64_t address) { std::memcpy(to_.bytes.data() + at, &address, sizeof address); }
  void put(std::span<const std::byte> code) {
    std::memcpy(to_.bytes.data() + size_, code.data(), code.size());
    size_ += code.size();
  }
  void push(size_t address_at) { put_indirect(0x35, address_at); }
  void jump(size_t address_at) { put_indirect(0x25, address_at); }
  // The instruction is done here, and goes on at [address].
  void mark(uint64_t address) { to_.marks[to_.mark_count++] = {static_cast<uint8_t>(size_), address}; }
  size_t size() const { return size_; }

 private:
  // `ff /n` with an address relative to the end of the instruction.
  void put_indirect(uint8_t modrm, size_t address_at) {
    std::array<std::byte, 6> code{std::byte{0xff}, std::byte{modrm}};
    const auto distance = static_cast<int32_t>(address_at - (size_ + code.size()));
    std::memcpy(code.data() + 2, &distance, sizeof distance);
    put(code);
  }

  Displaced &to_;
  size_t size_ = 0;
};

std::unexpected<Error> cannot_displace(uint64_t address, std::string_view why) {
  return unsupported_error("the instruction at 0x{:x} cannot be probed: {}", address, why);
}

// Of a copy that runs at [to] what is relative to the instruction pointer, made anew. False: too far away.
bool move_displacement(const ZydisDecodedInstruction &insn, std::span<std::byte> copy, uint64_t from, uint64_t to) {
  const bool is_relative =
      (insn.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0 && insn.raw.modrm.mod == 0 && insn.raw.modrm.rm == kRipRelative;
  if (!is_relative) return true;
  const int64_t distance = insn.raw.disp.value + static_cast<int64_t>(from - to);
  const auto narrow = static_cast<int32_t>(distance);
  std::memcpy(copy.data() + insn.raw.disp.offset, &narrow, sizeof narrow);
  return narrow == distance;
}

bool uses_stack_pointer(const ZydisDecodedInstruction &insn) {
  if (insn.raw.modrm.mod == 3) return insn.raw.modrm.rm == kRsp && insn.raw.rex.B == 0;
  return (insn.attributes & ZYDIS_ATTRIB_HAS_SIB) != 0 && insn.raw.sib.base == kRsp && insn.raw.rex.B == 0;
}

}  // namespace

struct Displacer::Library : DynamicLibrary {
  decltype(&::ZydisDecoderInit) init = nullptr;
  decltype(&::ZydisDecoderDecodeInstruction) decode = nullptr;
  ZydisDecoder decoder{};

  bool load() {
    return open_library("libZydis.so.4.0") && find(init, "ZydisDecoderInit") &&
           find(decode, "ZydisDecoderDecodeInstruction") &&
           ZYAN_SUCCESS(init(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
  }
};

Result<Displacer> Displacer::open() {
  auto library = std::make_shared<Library>();
  if (!library->load())
    return std::unexpected(Error{Error::Kind::Environment, "libZydis.so.4.0, which decodes instructions, is not there",
                                 "install libzydis4.0", 0});
  return Displacer(std::move(library));
}

Result<Displaced> Displacer::displace(std::span<const std::byte> code, uint64_t address, uint64_t slot) const {
  ZydisDecodedInstruction insn;
  if (!ZYAN_SUCCESS(library_->decode(&library_->decoder, nullptr, code.data(), code.size(), &insn)))
    return cannot_displace(address, "it is none");
  if (insn.mnemonic == ZYDIS_MNEMONIC_INT3) return cannot_displace(address, "it is a breakpoint of somebody else");
  if (insn.mnemonic == ZYDIS_MNEMONIC_XBEGIN) return cannot_displace(address, "it begins a transaction");
  Displaced displaced;
  const uint64_t next = address + insn.length;
  Writer writer(displaced, next);
  std::array<std::byte, kMaxInsn> copied{};
  const auto copy = std::span(copied).first(insn.length);
  std::memcpy(copy.data(), code.data(), copy.size());

  if (insn.raw.imm[0].is_relative != 0) {
    const uint64_t target = next + static_cast<uint64_t>(insn.raw.imm[0].value.s);
    writer.put_address(kTargetAt, target);
    if (insn.meta.category == ZYDIS_CATEGORY_CALL) {
      writer.push(kNextAt);
      writer.mark(target);
      writer.jump(kTargetAt);
      return displaced;
    }
    if (insn.meta.category == ZYDIS_CATEGORY_UNCOND_BR) {
      writer.jump(kTargetAt);
      return displaced;
    }
    // A condition: over the jump to the next instruction.
    constexpr std::byte kOver{6};
    std::memset(copy.data() + insn.raw.imm[0].offset, 0, insn.raw.imm[0].size / 8);
    copy[insn.raw.imm[0].offset] = kOver;
    writer.put(copy);
    writer.mark(next);
    writer.jump(kNextAt);
    writer.mark(target);
    writer.jump(kTargetAt);
    return displaced;
  }

  const bool is_call = insn.meta.category == ZYDIS_CATEGORY_CALL;
  if (is_call) {
    constexpr uint8_t kNearCall = 2;
    if (insn.opcode != 0xff || insn.raw.modrm.reg != kNearCall) return cannot_displace(address, "it is a far call");
    if (uses_stack_pointer(insn)) return cannot_displace(address, "it calls by way of the stack pointer");
    writer.push(kNextAt);
    copy[insn.raw.modrm.offset] ^= std::byte{0x30};  // `ff /2` is a call, `ff /4` a jump
  }
  if (!move_displacement(insn, copy, address, slot + writer.size()))
    return cannot_displace(address, "no memory is free near to what it refers to");
  writer.put(copy);
  if (is_call) return displaced;
  writer.mark(next);
  writer.jump(kNextAt);
  return displaced;
}

}  // namespace spile::hooks
