#include "backend/object/dump.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "backend/isa/disasm.h"
#include "backend/isa/info.h"
#include "backend/object/core_reloc.h"
#include "lang-spec/tables/tables.h"

namespace spile::object {

namespace {

using isa::Insn;

// A string constant is shown beside the instruction that takes its address, but not all of a long one.
constexpr size_t kMaxShownString = 48;

// Helpers that helpers.def does not have: the names of the kernel's own list, whose order is their numbers.
#define SPILE_NAME(name) #name
constexpr std::string_view kKernelHelpers[] = {__BPF_FUNC_MAPPER(SPILE_NAME)};
#undef SPILE_NAME

std::string helper_name(uint32_t number) {
  if (const tables::Helper *helper = tables::find_helper(number)) return fmt::format(" <{}>", c_name(*helper));
  return number < std::size(kKernelHelpers) ? fmt::format(" <bpf_{}>", kKernelHelpers[number]) : std::string();
}

bool is_code(const Section &section) {
  return section.kind == SectionKind::Program || section.kind == SectionKind::UserSide;
}

// The instructions of one section. Functions may overlap or leave gaps in a file of unknown origin, so the section is
// walked from its beginning to its end, and a function's name is printed where it begins.
class CodeDump {
 public:
  CodeDump(const Object &object, SectionId id, bool with_source, std::string &out)
      : object_(object), id_(id), section_(object[id]), out_(out) {
    insns_.resize(section_.bytes.size() / sizeof(Insn));
    if (!insns_.empty()) std::memcpy(insns_.data(), section_.bytes.data(), insns_.size() * sizeof(Insn));
    for (const Symbol &symbol : object.symbols)
      if (symbol.section == id && symbol.kind == SymbolKind::Function) functions_.emplace(symbol.value, &symbol);
    if (with_source) info_ = object.info_of(id);
    find_labels();
  }

  void print() {
    append("section {}:\n", section_.name);
    auto reloc = section_.relocs.begin();
    size_t next_line = 0;
    for (size_t i = 0; i < insns_.size(); i += width(i)) {
      const uint64_t offset = i * sizeof(Insn), end = offset + width(i) * sizeof(Insn);
      const auto [first, last] = functions_.equal_range(offset);
      for (auto function = first; function != last; ++function) append("\n{}:\n", function->second->name);
      if (first != last) shown_ = nullptr;
      for (; info_ != nullptr && next_line < info_->lines.size() && info_->lines[next_line].offset < end; next_line++)
        print_line(info_->lines[next_line]);
      if (const auto label = labels_.find(i); label != labels_.end()) append("L{}:\n", label->second);
      while (reloc != section_.relocs.end() && reloc->offset < offset) ++reloc;
      const bool has_reloc = reloc != section_.relocs.end() && reloc->offset < end;
      append("{:>8}: {}{}\n", i, isa::disassemble(insns_, i), annotation(i, has_reloc ? &*reloc : nullptr));
    }
  }

 private:
  template <class... Args>
  void append(fmt::format_string<Args...> format, Args &&...args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  size_t width(size_t i) const { return i + 1 < insns_.size() ? isa::width(insns_[i]) : 1; }

  // Where a jump goes to, as an index; -1 when [i] is no jump, or jumps out of the section.
  int64_t jump_target(size_t i) const {
    const isa::InsnInfo *info = isa::lookup(insns_[i]);
    if (info == nullptr) return -1;
    switch (info->shape) {
      case isa::Shape::BranchImm:
      case isa::Shape::BranchReg:
      case isa::Shape::Jump:
      case isa::Shape::JumpLong:
      case isa::Shape::MayGoto:
        break;
      case isa::Shape::AluImm:
      case isa::Shape::AluReg:
      case isa::Shape::AluUnary:
      case isa::Shape::AddressCast:
      case isa::Shape::CallHelper:
      case isa::Shape::CallLocal:
      case isa::Shape::CallKfunc:
      case isa::Shape::CallReg:
      case isa::Shape::Exit:
      case isa::Shape::Load:
      case isa::Shape::StoreImm:
      case isa::Shape::StoreReg:
      case isa::Shape::Atomic:
      case isa::Shape::LoadAcquire:
      case isa::Shape::StoreRelease:
      case isa::Shape::LoadImm64:
      case isa::Shape::PacketAbs:
      case isa::Shape::PacketInd:
        return -1;
    }
    const int64_t target = static_cast<int64_t>(i) + 1 + isa::distance(*info, insns_[i]);
    return target < static_cast<int64_t>(insns_.size()) ? target : -1;
  }

  void find_labels() {
    for (size_t i = 0; i < insns_.size(); i += width(i))
      if (const int64_t target = jump_target(i); target >= 0) labels_.emplace(static_cast<size_t>(target), 0);
    // From L1 in each function.
    size_t number = 0;
    auto function = functions_.begin();
    for (auto &[insn, label] : labels_) {
      for (; function != functions_.end() && function->first <= insn * sizeof(Insn); ++function) number = 0;
      label = ++number;
    }
  }

  void print_line(const LineInfo &line) {
    if (shown_ != nullptr && shown_->line == line.line && shown_->file == line.file) return;
    shown_ = &line;
    std::string_view text = line.text;
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    append("; {}:{}:{}: {}\n", line.file, line.line, line.column, text);
  }

  std::string annotation(size_t i, const Reloc *reloc) const {
    const Insn &insn = insns_[i];
    if (const int64_t target = jump_target(i); target >= 0)
      return fmt::format(" <L{}>", labels_.at(static_cast<size_t>(target)));
    const isa::InsnInfo *info = isa::lookup(insn);
    const bool is_call =
        info != nullptr && (info->shape == isa::Shape::CallLocal || info->shape == isa::Shape::CallHelper);
    if (reloc != nullptr && reloc->symbol.index < object_.symbols.size())
      return relocated(i, object_[reloc->symbol], is_call);
    if (!is_call) return {};
    if (info->shape == isa::Shape::CallLocal)
      return function_name(id_,
                           static_cast<int64_t>(i * sizeof(Insn)) + (int64_t{insn.imm} + 1) * int64_t{sizeof(Insn)});
    return helper_name(static_cast<uint32_t>(insn.imm));
  }

  std::string function_name(SectionId section, int64_t offset) const {
    for (const Symbol &symbol : object_.symbols)
      if (symbol.section == section && symbol.kind == SymbolKind::Function &&
          static_cast<int64_t>(symbol.value) == offset)
        return fmt::format(" <{}>", symbol.name);
    return {};
  }

  // A section symbol with an addend stands for a static function or variable.
  std::string relocated(size_t i, const Symbol &symbol, bool is_call) const {
    const Insn &insn = insns_[i];
    if (!symbol.section) return fmt::format(" <{}>", symbol.name);
    const int64_t addend = is_call ? (int64_t{insn.imm} + 1) * int64_t{sizeof(Insn)} : int64_t{insn.imm};
    const int64_t offset = static_cast<int64_t>(symbol.value) + addend;
    if (is_code(object_[symbol.section]))
      if (std::string name = function_name(symbol.section, offset); !name.empty()) return name;
    const std::string text = string_at(object_[symbol.section], offset);
    for (const Symbol &named : object_.symbols)
      if (named.section == symbol.section && named.kind == SymbolKind::Object &&
          static_cast<int64_t>(named.value) == offset)
        return fmt::format(" <{}{}>", named.name, text);
    return addend == 0 ? fmt::format(" <{}{}>", symbol.name, text)
                       : fmt::format(" <{}{:+#x}{}>", symbol.name, addend, text);
  }

  // The string constant at [offset], or nothing when there stands no text.
  static std::string string_at(const Section &section, int64_t offset) {
    if (section.kind != SectionKind::Rodata || offset < 0 || static_cast<uint64_t>(offset) >= section.bytes.size())
      return {};
    const auto *first = reinterpret_cast<const char *>(section.bytes.data()) + offset;
    const size_t room = section.bytes.size() - static_cast<size_t>(offset);
    const std::string_view text(first, strnlen(first, room));
    if (text.size() < 2 || text.size() == room) return {};
    std::string quoted = " \"";
    for (const char c : text.substr(0, kMaxShownString)) {
      if (c == '\n') {
        quoted += "\\n";
      } else if (std::isprint(static_cast<unsigned char>(c)) != 0) {
        quoted += c;
      } else {
        return {};
      }
    }
    return quoted + (text.size() > kMaxShownString ? "\"..." : "\"");
  }

  const Object &object_;
  SectionId id_;
  const Section &section_;
  std::string &out_;
  std::vector<Insn> insns_;
  std::multimap<uint64_t, const Symbol *> functions_;  // by byte
  std::map<size_t, size_t> labels_;                    // instruction → number
  const CodeInfo *info_ = nullptr;
  const LineInfo *shown_ = nullptr;
};

std::string name_of_type(const Btf &btf, BtfId id) {
  if (!id) return {};
  const BtfType type = btf.type(id);
  const std::string_view keyword = type.kind == BtfKind::Struct  ? "struct "
                                   : type.kind == BtfKind::Union ? "union "
                                   : type.kind == BtfKind::Enum  ? "enum "
                                                                 : "";
  return type.name.empty() ? std::string() : fmt::format(" ({}{})", keyword, type.name);
}

void dump_maps(const Object &object, const DumpOptions &options, std::string &out) {
  for (const Map &map : object.maps) {
    if (!options.section.empty() && object[map.section].name != options.section) continue;
    const tables::MapType *type = tables::find_map_type(map.type);
    out += fmt::format("map {}: {}, key {} bytes{}, value {} bytes{}, max_entries {}", map.name,
                       type != nullptr ? std::string(type->spoken) : fmt::format("type {}", map.type), map.key_size,
                       name_of_type(object.btf, map.key_type), map.value_size, name_of_type(object.btf, map.value_type),
                       map.max_entries);
    if (map.map_flags != 0) out += fmt::format(", map_flags {:#x}", map.map_flags);
    if (map.numa_node != 0) out += fmt::format(", numa_node {}", map.numa_node);
    if (map.map_extra != 0) out += fmt::format(", map_extra {:#x}", map.map_extra);
    if (map.pinning != 0) out += ", pinned by name";
    if (map.has_initial_values) out += ", with initial values";
    out += fmt::format(", in {}\n", object[map.section].name);
  }
}

std::string_view name_of(RelocType type) {
  switch (type) {
    case RelocType::None:
      return "R_BPF_NONE";
    case RelocType::Abs64_64:
      return "R_BPF_64_64";
    case RelocType::Abs64:
      return "R_BPF_64_ABS64";
    case RelocType::Abs32:
      return "R_BPF_64_ABS32";
    case RelocType::NoDyld32:
      return "R_BPF_64_NODYLD32";
    case RelocType::Call32:
      return "R_BPF_64_32";
  }
  return "unknown";
}

void dump_relocs(const Object &object, const DumpOptions &options, std::string &out) {
  for (size_t i = 0; i < object.sections.size(); i++) {
    const Section &section = object.sections[i];
    const CodeInfo *info = object.info_of(SectionId(i));
    const bool has_core = info != nullptr && !info->core.empty();
    if ((section.relocs.empty() && !has_core) || (!options.section.empty() && section.name != options.section))
      continue;
    out += fmt::format("section {}:\n", section.name);
    for (const Reloc &reloc : section.relocs) {
      const Symbol &symbol = object[reloc.symbol];
      out += fmt::format("{:#8x}  {:<18} {}{}\n", reloc.offset, name_of(reloc.type), symbol.name,
                         symbol.section                    ? ""
                         : symbol.binding == Binding::Weak ? " (extern, weak)"
                                                           : " (extern)");
    }
    if (!has_core) continue;
    for (const CoreReloc &core : info->core)
      out += fmt::format("{:#8x}  CO-RE {:<12}{} {}\n", core.offset, name_of_core_reloc(core.kind),
                         name_of_type(object.btf, core.type), core.access);
  }
}

}  // namespace

std::string dump(const Object &object, const DumpOptions &options) {
  std::string out;
  if (options.maps) dump_maps(object, options, out);
  if (options.relocs) dump_relocs(object, options, out);
  if (options.btf) out += dump_btf(object.btf);
  if (options.maps || options.relocs || options.btf) return out;
  for (size_t i = 0; i < object.sections.size(); i++) {
    const Section &section = object.sections[i];
    if (!is_code(section) || section.bytes.empty()) continue;
    if (!options.section.empty() && section.name != options.section) continue;
    if (!out.empty()) out += '\n';
    CodeDump(object, SectionId(i), options.source, out).print();
  }
  return out;
}

}  // namespace spile::object
