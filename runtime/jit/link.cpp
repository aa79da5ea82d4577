#include "runtime/jit/link.h"

#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/Endian.h>

#include <algorithm>
#include <map>
#include <span>

#include "runtime/jit/lines.h"
#include "runtime/jit/symbols.h"
#include "runtime/jit/translate.h"

namespace spile::jit {
namespace {

namespace endian = llvm::support::endian;

// What a relocation puts into an instruction or a word. S: the symbol, or with a Got the word that holds its address;
// A: the addend; P: the place; Page(): without its lowest 12 bits.
enum class Field : uint8_t {
  Word32,    // S + A - P
  Word64,    // S + A - P
  Pointer,   // S + A, which the host makes
  Branch26,  // S + A - P, in units of an instruction
  Page21,    // Page(S + A) - Page(P)
  Low12,     // the lowest 12 bits of S + A, in units of the access
};
struct Kind {
  uint32_t type;
  Field field;
  bool got = false;
  unsigned shift = 0;  // the logarithm of the unit
};

constexpr Kind kX86[] = {
    {llvm::ELF::R_X86_64_PC32, Field::Word32},
    {llvm::ELF::R_X86_64_PLT32, Field::Word32},
    {llvm::ELF::R_X86_64_PC64, Field::Word64},
    {llvm::ELF::R_X86_64_64, Field::Pointer},
    {llvm::ELF::R_X86_64_GOTPCREL, Field::Word32, true},
    {llvm::ELF::R_X86_64_GOTPCRELX, Field::Word32, true},
    {llvm::ELF::R_X86_64_REX_GOTPCRELX, Field::Word32, true},
};
constexpr Kind kAArch64[] = {
    {llvm::ELF::R_AARCH64_PREL32, Field::Word32},
    {llvm::ELF::R_AARCH64_PREL64, Field::Word64},
    {llvm::ELF::R_AARCH64_ABS64, Field::Pointer},
    {llvm::ELF::R_AARCH64_CALL26, Field::Branch26},
    {llvm::ELF::R_AARCH64_JUMP26, Field::Branch26},
    {llvm::ELF::R_AARCH64_ADR_PREL_PG_HI21, Field::Page21},
    {llvm::ELF::R_AARCH64_ADD_ABS_LO12_NC, Field::Low12},
    {llvm::ELF::R_AARCH64_LDST8_ABS_LO12_NC, Field::Low12},
    {llvm::ELF::R_AARCH64_LDST16_ABS_LO12_NC, Field::Low12, false, 1},
    {llvm::ELF::R_AARCH64_LDST32_ABS_LO12_NC, Field::Low12, false, 2},
    {llvm::ELF::R_AARCH64_LDST64_ABS_LO12_NC, Field::Low12, false, 3},
    {llvm::ELF::R_AARCH64_LDST128_ABS_LO12_NC, Field::Low12, false, 4},
    {llvm::ELF::R_AARCH64_ADR_GOT_PAGE, Field::Page21, true},
    {llvm::ELF::R_AARCH64_LD64_GOT_LO12_NC, Field::Low12, true, 3},
};

uint64_t page_of(uint64_t address) { return address & ~uint64_t{0xfff}; }

class Linker {
 public:
  Linker(const llvm::object::ELFObjectFileBase &object, const vm::JitProgram &program)
      : object_(object), program_(program) {}

  llvm::Expected<Image> run(const std::string &entry_name, const Layout &layout) {
    if (auto error = place(layout)) return std::move(error);
    for (const llvm::object::SectionRef &section : object_.sections()) {
      auto target = section.getRelocatedSection();
      if (!target) return target.takeError();
      if (*target == object_.section_end() || !offsets_.contains(**target)) continue;
      for (const llvm::object::ELFRelocationRef relocation : section.relocations())
        if (auto error = apply(relocation, offsets_.at(**target))) return std::move(error);
    }
    if (auto error = find_functions(entry_name)) return std::move(error);
    out_.lines = read_lines(object_);
    return std::move(out_);
  }

 private:
  static llvm::Error failed(const llvm::Twine &what) { return llvm::createStringError("linking code: " + what); }

  // Code, in one section since functions have none of their own, is at offset 0.
  llvm::Error place(const Layout &layout) {
    std::vector<llvm::object::ELFSectionRef> constants;
    for (const llvm::object::ELFSectionRef section : object_.sections()) {
      if ((section.getFlags() & llvm::ELF::SHF_ALLOC) == 0 || section.getSize() == 0) continue;
      if (!section.isText()) {
        constants.push_back(section);
      } else {
        if (!offsets_.empty()) return failed("two sections of code");
        if (auto error = append(section)) return error;
      }
    }
    pad(layout.page);
    out_.bytes.resize(out_.bytes.size() + layout.gap);
    out_.data_offset = out_.bytes.size();
    for (const llvm::object::ELFSectionRef &section : constants)
      if (auto error = append(section)) return error;
    pad(sizeof(uint64_t));
    return llvm::Error::success();
  }
  void pad(uint64_t alignment) { out_.bytes.resize((out_.bytes.size() + alignment - 1) / alignment * alignment); }
  llvm::Error append(const llvm::object::ELFSectionRef &section) {
    pad(section.getAlignment().value());
    offsets_[section] = out_.bytes.size();
    if (section.isBSS()) return failed("data without contents");
    auto contents = section.getContents();
    if (!contents) return contents.takeError();
    const auto *const bytes = reinterpret_cast<const std::byte *>(contents->data());
    out_.bytes.insert(out_.bytes.end(), bytes, bytes + contents->size());
    return llvm::Error::success();
  }

  // Where the word lies that holds an object's address.
  uint64_t word_of(uint32_t object) {
    const auto [found, is_new] = words_.try_emplace(object, out_.bytes.size());
    if (is_new) {
      out_.relocations.push_back({static_cast<uint32_t>(found->second), object, 0});
      out_.bytes.resize(out_.bytes.size() + sizeof(uint64_t));
    }
    return found->second;
  }

  // Where a symbol of the image lies.
  llvm::Expected<uint64_t> offset_of(const llvm::object::ELFSymbolRef &symbol) const {
    auto section = symbol.getSection();
    if (!section) return section.takeError();
    auto value = symbol.getValue();
    if (!value) return value.takeError();
    return offsets_.at(**section) + *value;
  }

  llvm::Error apply(const llvm::object::ELFRelocationRef &relocation, uint64_t section) {
    const std::span<const Kind> kinds =
        object_.getArch() == llvm::Triple::aarch64 ? std::span<const Kind>(kAArch64) : kX86;
    const auto kind = std::ranges::find(kinds, relocation.getType(), &Kind::type);
    if (kind == kinds.end()) return failed("relocation " + llvm::Twine(relocation.getType()));
    auto addend = relocation.getAddend();
    if (!addend) return addend.takeError();
    const llvm::object::ELFSymbolRef symbol = *relocation.getSymbol();
    auto name = symbol.getName();
    if (!name) return name.takeError();
    const uint64_t place = section + relocation.getOffset();
    auto flags = symbol.getFlags();
    if (!flags) return flags.takeError();
    uint64_t value = 0;
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) != 0) {
      const auto object = object_of_symbol(program_, *name);
      if (!object) return failed("`" + *name + "` is not known");
      if (kind->field == Field::Pointer) {
        out_.relocations.push_back({static_cast<uint32_t>(place), *object, *addend});
        return llvm::Error::success();
      }
      if (!kind->got) return failed("`" + *name + "` is referred to without its word");
      value = word_of(*object) + static_cast<uint64_t>(*addend);
    } else {
      auto offset = offset_of(symbol);
      if (!offset) return offset.takeError();
      if (kind->got) return failed("`" + *name + "` has a word and needs none");
      value = *offset + static_cast<uint64_t>(*addend);
    }
    write(*kind, place, value);
    return llvm::Error::success();
  }

  void write(const Kind &kind, uint64_t place, uint64_t value) {
    std::byte *const at = &out_.bytes[place];
    const auto set_bits = [&](uint32_t mask, uint32_t bits) {
      endian::write32le(at, (endian::read32le(at) & ~mask) | (bits & mask));
    };
    switch (kind.field) {
      case Field::Word32:
        endian::write32le(at, static_cast<uint32_t>(value - place));
        break;
      case Field::Word64:
        endian::write64le(at, value - place);
        break;
      case Field::Pointer:
        out_.relocations.push_back({static_cast<uint32_t>(place), vm::kJitItself, static_cast<int64_t>(value)});
        break;
      case Field::Branch26:
        set_bits(0x03ff'ffff, static_cast<uint32_t>((value - place) >> 2));
        break;
      case Field::Page21: {
        const auto pages = static_cast<uint32_t>((page_of(value) - page_of(place)) >> 12);
        set_bits(0x60ff'ffe0, (pages & 3) << 29 | (pages >> 2 & 0x7'ffff) << 5);
        break;
      }
      case Field::Low12:
        set_bits(0x003f'fc00, static_cast<uint32_t>((value & 0xfff) >> kind.shift) << 10);
        break;
    }
  }

  llvm::Error find_functions(const std::string &entry_name) {
    out_.functions.resize(program_.subprogram_count);
    for (const llvm::object::ELFSymbolRef symbol : object_.symbols()) {
      auto name = symbol.getName();
      if (!name) return name.takeError();
      const auto index = subprogram_of_name(entry_name, *name);
      if (!index || symbol.getELFType() != llvm::ELF::STT_FUNC) continue;
      auto offset = offset_of(symbol);
      if (!offset) return offset.takeError();
      out_.functions[*index] = {static_cast<uint32_t>(*offset), static_cast<uint32_t>(symbol.getSize())};
    }
    return llvm::Error::success();
  }

  const llvm::object::ELFObjectFileBase &object_;
  const vm::JitProgram &program_;
  std::map<llvm::object::SectionRef, uint64_t> offsets_;  // in the image
  std::map<uint32_t, uint64_t> words_;                    // by object
  Image out_;
};

}  // namespace

llvm::Expected<Image> link(llvm::MemoryBufferRef object, const vm::JitProgram &program, const std::string &entry_name,
                           const Layout &layout) {
  auto read = llvm::object::ObjectFile::createELFObjectFile(object);
  if (!read) return read.takeError();
  return Linker(llvm::cast<llvm::object::ELFObjectFileBase>(**read), program).run(entry_name, layout);
}

}  // namespace spile::jit
