#include <fmt/format.h>

#include <iterator>
#include <unordered_set>

#include "ir/pack.h"
#include "ir/text.h"

namespace spile::ir {

namespace {

using Out = std::back_insert_iterator<std::string>;

bool is_identifier_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

void print_quoted_part(std::string &out, std::string_view text) {
  for (const char c : text) {
    if (c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '#')
      out += c;
    else
      fmt::format_to(Out(out), "\\{:02x}", static_cast<unsigned char>(c));
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  print_quoted_part(out, text);
  return out + '"';
}

// A name that no one else in [used] has: the name itself, or with the first free suffix.
std::string unique_handle(std::string_view name, std::unordered_set<std::string> &used) {
  std::string plain;
  bool identifier = !name.empty();
  for (const char c : name) identifier = identifier && is_identifier_char(c);
  if (identifier)
    plain = name;
  else
    print_quoted_part(plain, name);
  std::string handle = plain;
  for (unsigned n = 1; handle.empty() || used.contains(handle); n++) handle = fmt::format("{}#{}", plain, n);
  used.insert(handle);
  identifier = true;
  for (const char c : handle) identifier = identifier && (is_identifier_char(c) || c == '#');
  return identifier ? handle : '"' + handle + '"';
}

std::string_view linkage_word(Linkage linkage) {
  switch (linkage) {
    case Linkage::Static:
      return "";
    case Linkage::Global:
      return " global";
    case Linkage::Weak:
      return " weak";
    case Linkage::Hidden:
      return " hidden";
    case Linkage::WeakHidden:
      return " weak hidden";
    case Linkage::External:
      return " extern";
    case Linkage::ExternalWeak:
      return " weak extern";
  }
  SPILE_UNREACHABLE("a linkage that is not in Linkage");
}

class Printer {
 public:
  Printer(const Module &module, const PrintOptions &options) : module_(module), options_(options) {
    std::unordered_set<std::string> used;
    for (const Global &g : module.globals) global_handles_.push_back(unique_handle(g.name, used));
    for (const Function &f : module.functions) function_handles_.push_back(unique_handle(f.name, used));
  }

  std::string take() { return std::move(out_); }

  void module() {
    for (size_t i = 0; i < module_.globals.size(); i++) global(GlobalId(i));
    for (size_t i = 0; i < module_.core_relocs.size(); i++) {
      const CoreReloc &core = module_.core_relocs[i];
      write("core {} {} {} {} value {}\n", i, tables::info_of(core.kind).text, quoted(core.type_name),
            quoted(core.access), core.value);
    }
    for (const Function &f : module_.functions) {
      if (!out_.empty()) out_ += '\n';
      function(f);
    }
  }

  void function(const Function &f) {
    if (f.packed.empty()) return function(f, handle_of(f));
    Function open = f;
    unpack(open);
    function(open, handle_of(f));
  }

  void function(const Function &f, const std::string &name) {
    number(f);
    out_ += "func " + name + '(';
    for (size_t i = 0; i < f.params.size(); i++) write("{}{} %p{}", i == 0 ? "" : ", ", name_of(f.params[i]), i);
    write(") -> {}{}", name_of(f.result), linkage_word(f.linkage));
    if (!f.section.empty()) write(" section {}", quoted(f.section));
    if (f.result_is_signed) out_ += " signed";
    if (f.always_inline) out_ += " always_inline";
    if (f.no_inline) out_ += " noinline";
    if (f.used) out_ += " used";
    if (f.is_naked) out_ += " naked";
    if (f.stands_for == Placeholder::PointerCall) out_ += " indirect";
    if (f.stands_for == Placeholder::StringLength) out_ += " strlen";
    if (f.is_user_side) out_ += " user_side";
    if (f.is_declaration()) {
      out_ += '\n';
      return;
    }
    out_ += " {\n";
    for (size_t i = 0; i < f.slots.size(); i++) {
      const Slot &slot = f.slots[i];
      write("  slot ${} size {} align {}", i, slot.size, slot.align);
      if (!slot.name.empty()) write(" {}", quoted(slot.name));
      out_ += '\n';
    }
    for (size_t b = 0; b < f.blocks.size(); b++) {
      if (f.blocks[b].insts.empty()) continue;
      write("{}:\n", labels_[b]);
      for (const ValueId v : f.blocks[b].insts) {
        out_ += "  ";
        inst(f, v);
        if (options_.lines && f[v].loc.valid() && module_.sources != nullptr)
          write(" !{}", module_.sources->place(f[v].loc).line);
        out_ += '\n';
      }
    }
    out_ += "}\n";
  }

  // Gives every value a number and every block a label.
  void number(const Function &f) {
    numbers_.assign(f.insts.size(), 0);
    uint32_t next = 0;
    for (const Block &block : f.blocks)
      for (const ValueId v : block.insts)
        if (f[v].type != Type::Void) numbers_[v.index] = next++;
    labels_.clear();
    std::unordered_set<std::string> used;
    for (size_t b = 0; b < f.blocks.size(); b++) {
      std::string label = f.blocks[b].name;
      if (f.blocks[b].insts.empty()) label = "removed";
      if (label.empty()) label = fmt::format("b{}", b);
      for (char &c : label)
        if (!is_identifier_char(c)) c = '_';
      if (label.front() == '.' || (label.front() >= '0' && label.front() <= '9')) label.insert(0, "b");
      const std::string base = label;
      for (unsigned n = 1; used.contains(label); n++) label = fmt::format("{}.{}", base, n);
      used.insert(label);
      labels_.push_back(std::move(label));
    }
  }

  void inst(const Function &f, ValueId v) {
    const Inst &inst = f[v];
    if (inst.type != Type::Void) write("%{} = ", numbers_[v.index]);
    const OpInfo &info = info_of(inst.op);
    out_ += info.text;
    if (inst.op == Op::ICmp)
      write(".{}", name_of(inst.pred));
    else if (info.result == ResultRule::Same || info.result == ResultRule::Given)
      write(".{}", name_of(inst.type));
    if (inst.op == Op::Phi) {
      for (size_t i = 0; i < inst.operand_count; i++) {
        out_ += i == 0 ? " [" : ", [";
        operand(f, f.operand(v, i));
        write(", {}]", label(f.targets(v)[i]));
      }
    } else if (inst.op == Op::Call || inst.op == Op::CallHelper) {
      if (inst.op == Op::Call)
        write(" {}(", handle(function_handles_, inst.imm));
      else
        write(" {}(", inst.imm);
      operands(f, v, "");
      out_ += ')';
    } else if (inst.op == Op::Asm || inst.op == Op::AsmGoto) {
      assembly(f, v);
    } else {
      operands(f, v, " ");
    }
    imm(inst);
    targets(f, v);
    if (inst.align != 0) write(" align {}", inst.align);
    if (inst.is_volatile) out_ += " volatile";
    if (inst.weight != 0) write(" weight {}", inst.weight);
    if (inst.unroll != 0) write(" unroll {}", inst.unroll);
  }

 private:
  template <class... Args>
  void write(fmt::format_string<Args...> format, Args &&...args) {
    fmt::format_to(Out(out_), format, std::forward<Args>(args)...);
  }

  static std::string handle(const std::vector<std::string> &handles, int64_t index) {
    if (index < 0 || static_cast<uint64_t>(index) >= handles.size()) return fmt::format("@\"\\23{}\"", index);
    return '@' + handles[static_cast<size_t>(index)];
  }
  std::string handle_of(const Function &f) const {
    return '@' + function_handles_[static_cast<size_t>(&f - module_.functions.data())];
  }
  std::string_view label(BlockId b) const {
    return b.index < labels_.size() ? std::string_view(labels_[b.index]) : std::string_view("nowhere");
  }

  void operand(const Function &f, ValueId v) {
    if (v.index >= f.insts.size()) {
      out_ += "%none";
      return;
    }
    const Inst &inst = f[v];
    if (inst.block.valid()) {
      write("%{}", numbers_[v.index]);
      return;
    }
    if (inst.op == Op::Const)
      write("{} {}", name_of(inst.type), inst.imm);
    else if (inst.op == Op::Undef)
      write("undef.{}", name_of(inst.type));
    else if (inst.op == Op::Param)
      write("%p{}", inst.imm);
    else if (inst.op == Op::SlotAddr)
      write("${}", inst.imm);
    else if (inst.op == Op::GlobalAddr)
      out_ += handle(global_handles_, inst.imm);
    else if (inst.op == Op::FuncAddr)
      out_ += handle(function_handles_, inst.imm);
    else if (inst.op == Op::CoreValue)
      write("core.{} {}", name_of(inst.type), inst.imm);
    else
      out_ += "%unplaced";
  }

  void operands(const Function &f, ValueId v, std::string_view before_first) {
    std::string_view separator = before_first;
    for (const ValueId use : f.operands(v)) {
      out_ += separator;
      operand(f, use);
      separator = ", ";
    }
  }

  // "%[0] += %[1]" ("+r" %0, "ri" i64 5) clobber "r1,memory"
  void assembly(const Function &f, ValueId v) {
    const auto index = static_cast<uint64_t>(f[v].imm);
    if (index >= f.assemblies.size()) return write(" #{}", index);
    const Assembly &a = f.assemblies[index];
    write(" {} (", quoted(a.text));
    size_t next = 0;
    for (const Assembly::Operand &o : a.operands) {
      if (&o != a.operands.data()) out_ += ", ";
      write("\"{}\"", constraint_of(o));
      if (!o.is_read || next >= f[v].operand_count) continue;
      out_ += ' ';
      operand(f, f.operand(v, next++));
    }
    out_ += ')';
    std::string clobbers;
    for (unsigned n = 0; n < 16; n++)
      if ((a.clobbers >> n & 1) != 0) clobbers += fmt::format("{}r{}", clobbers.empty() ? "" : ",", n);
    if (a.clobbers_memory) clobbers += clobbers.empty() ? "memory" : ",memory";
    if (!clobbers.empty()) write(" clobber \"{}\"", clobbers);
  }

  static std::string constraint_of(const Assembly::Operand &o) {
    std::string text = !o.is_written ? "" : o.is_read && o.is_result() ? "+" : "=";
    if (o.is_early) text += '&';
    switch (o.kind) {
      case Assembly::Operand::Kind::Register:
        return text + (o.is_narrow ? 'w' : 'r');
      case Assembly::Operand::Kind::Immediate:
        return text + 'i';
      case Assembly::Operand::Kind::RegisterOrImmediate:
        return text + (o.is_narrow ? "wi" : "ri");
      case Assembly::Operand::Kind::Memory:
        return text + 'm';
    }
    SPILE_UNREACHABLE("a kind that is not in Kind");
  }

  void imm(const Inst &inst) {
    switch (inst.op) {
      case Op::Load:
      case Op::Store:
      case Op::AtomicAdd:
      case Op::AtomicOr:
      case Op::AtomicAnd:
      case Op::AtomicXor:
      case Op::AtomicXchg:
      case Op::CmpXchg:
        if (inst.imm != 0) write(", {}", inst.imm);
        return;
      case Op::AddrSpaceCast:
      case Op::AsmOutput:
      case Op::MemCopy:
      case Op::MemSet:
      case Op::LoadAbs:
      case Op::LoadInd:
        write(", {}", inst.imm);
        return;
      case Op::Const:
      case Op::Undef:
      case Op::Param:
      case Op::GlobalAddr:
      case Op::FuncAddr:
      case Op::SlotAddr:
      case Op::CoreValue:
      case Op::Add:
      case Op::Sub:
      case Op::Mul:
      case Op::UDiv:
      case Op::SDiv:
      case Op::UMod:
      case Op::SMod:
      case Op::And:
      case Op::Or:
      case Op::Xor:
      case Op::Shl:
      case Op::LShr:
      case Op::AShr:
      case Op::Bswap:
      case Op::PtrAdd:
      case Op::ICmp:
      case Op::Select:
      case Op::Zext:
      case Op::Sext:
      case Op::Trunc:
      case Op::PtrToInt:
      case Op::IntToPtr:
      case Op::IsConstant:
      case Op::Asm:
      case Op::AsmGoto:
      case Op::Opaque:
      case Op::Barrier:
      case Op::Phi:
      case Op::CallHelper:
      case Op::Call:
      case Op::Jump:
      case Op::Branch:
      case Op::Switch:
      case Op::Ret:
      case Op::Unreachable:
        return;
    }
  }

  void targets(const Function &f, ValueId v) {
    const auto to = f.targets(v);
    if (f[v].op == Op::Switch) {
      write(", {} [", to.empty() ? "nowhere" : label(to[0]));
      for (size_t i = 1; i < to.size(); i++) write("{}{}: {}", i == 1 ? "" : ", ", f.cases(v)[i - 1], label(to[i]));
      out_ += ']';
    } else if (f[v].op != Op::Phi) {
      for (size_t i = 0; i < to.size(); i++) write("{}{}", i == 0 && f[v].op == Op::Jump ? " " : ", ", label(to[i]));
    }
  }

  void global(GlobalId id) {
    const Global &g = module_[id];
    write("global @{}{} section {} size {} align {}", global_handles_[id.index], linkage_word(g.linkage),
          quoted(g.section), g.size, g.align);
    if (g.is_const) out_ += " const";
    if (g.is_volatile) out_ += " volatile";
    if (g.used) out_ += " used";
    if (!g.bytes.empty()) {
      out_ += " bytes \"";
      for (const std::byte b : g.bytes) write("{:02x}", static_cast<unsigned>(b));
      out_ += '"';
    }
    if (!g.relocs.empty()) {
      out_ += " {";
      for (const GlobalReloc &r : g.relocs) {
        write("{}{}: {}", &r == g.relocs.data() ? " " : ", ", r.offset,
              r.global ? handle(global_handles_, r.global.index) : handle(function_handles_, r.function.index));
        if (r.addend != 0) write(" + {}", r.addend);
      }
      out_ += " }";
    }
    out_ += '\n';
  }

  const Module &module_;
  const PrintOptions &options_;
  std::string out_;
  std::vector<std::string> global_handles_, function_handles_;
  std::vector<uint32_t> numbers_;    // by value
  std::vector<std::string> labels_;  // by block
};

}  // namespace

std::string print(const Module &module, const PrintOptions &options) {
  Printer printer(module, options);
  printer.module();
  return printer.take();
}

std::string print(const Module &module, const Function &function, const PrintOptions &options) {
  Printer printer(module, options);
  printer.function(function);
  return printer.take();
}

std::string print(const Module &module, const Function &function, ValueId inst) {
  const PrintOptions options;
  Printer printer(module, options);
  printer.number(function);
  printer.inst(function, inst);
  return printer.take();
}

}  // namespace spile::ir
