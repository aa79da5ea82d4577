#include <charconv>
#include <limits>
#include <unordered_map>
#include <utility>

#include "ir/checker.h"
#include "ir/text.h"
#include "ir/text_lex.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/ir.def"
#include "support/diag_table.h"

namespace spile::ir {

namespace {

using Kind = TextToken::Kind;

// Larger ones are no frame: the limit keeps a wrong number from costing gigabytes.
constexpr uint64_t kMaxSlotSize = 1u << 20;
constexpr uint64_t kMaxGlobalSize = 1u << 30;

std::optional<Op> find_op(std::string_view text) {
  constexpr auto kTexts = std::to_array<std::string_view>({
#define SPILE_IR_OP(Name, text, operands, result, effects) text,
#include "ir/ops.def"
  });
  for (size_t i = 0; i < kTexts.size(); i++)
    if (kTexts[i] == text) return static_cast<Op>(i);
  return std::nullopt;
}

std::optional<Type> find_type(std::string_view text) {
  for (const Type t : {Type::Void, Type::I1, Type::I8, Type::I16, Type::I32, Type::I64, Type::Ptr})
    if (name_of(t) == text) return t;
  return std::nullopt;
}

std::optional<Pred> find_pred(std::string_view text) {
  for (const Pred p :
       {Pred::Eq, Pred::Ne, Pred::Ult, Pred::Ule, Pred::Ugt, Pred::Uge, Pred::Slt, Pred::Sle, Pred::Sgt, Pred::Sge})
    if (name_of(p) == text) return p;
  return std::nullopt;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Undoes the quotes and \xx of a string; a bare word is itself.
std::string unquoted(std::string_view text) {
  if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\\' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The name inside a handle: without the #n that makes it unique.
std::string name_of_handle(std::string_view handle) {
  const bool is_quoted = handle.starts_with('"');
  if (is_quoted) handle = handle.substr(1, handle.size() - 2);
  return unquoted(handle.substr(0, handle.find('#')));
}

// Every parse_ and take_ function returns false (or nothing) after it has reported the first fault; callers stop then.
class Parser {
 public:
  Parser(const SourceManager::File &file, Diagnostics &diags)
      : file_(file), diags_(diags), tokens_(lex_text(file.text)) {}

  std::optional<Module> run() {
    module_.path = file_.path;
    if (!collect_names()) return std::nullopt;
    while (peek().kind != Kind::End) {
      if (is_word("global")) {
        if (!parse_global()) return std::nullopt;
      } else if (is_word("func")) {
        if (!parse_function()) return std::nullopt;
      } else if (is_word("core")) {
        if (!parse_core()) return std::nullopt;
      } else {
        expected("`func`, `global` or `core`");
        return std::nullopt;
      }
    }
    return std::move(module_);
  }

 private:
  // ---- tokens

  const TextToken &peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  Loc loc(const TextToken &t) const { return file_.begin + t.offset; }
  Range range(const TextToken &t) const { return {loc(t), loc(t) + static_cast<uint32_t>(t.text.size())}; }
  bool is_word(std::string_view w) const { return peek().kind == Kind::Word && peek().text == w; }
  bool is_punct(std::string_view p) const { return peek().kind == Kind::Punct && peek().text == p; }
  bool skip_word(std::string_view w) { return is_word(w) && (at_++, true); }
  bool skip_punct(std::string_view p) { return is_punct(p) && (at_++, true); }

  bool expected(std::string_view what) {
    const TextToken &t = peek();
    diags_.report<diag::IrSyntax>(range(t), what, t.kind == Kind::End ? std::string_view("the end") : t.text);
    return false;
  }
  bool take_punct(std::string_view p) { return skip_punct(p) || expected(fmt::format("`{}`", p)); }

  bool take_number(int64_t &out) {
    const TextToken &t = peek();
    std::string_view digits = t.text;
    const bool negative = digits.starts_with('-');
    if (negative) digits.remove_prefix(1);
    const int base = digits.starts_with("0x") ? 16 : 10;
    if (base == 16) digits.remove_prefix(2);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (t.kind != Kind::Number || error != std::errc{} || end != digits.data() + digits.size() ||
        (negative && value > uint64_t{1} << 63))
      return expected("a 64-bit number");
    out = static_cast<int64_t>(negative ? 0 - value : value);
    at_++;
    return true;
  }
  bool take_number_up_to(uint64_t limit, uint64_t &out) {
    const TextToken &t = peek();
    int64_t value = 0;
    if (!take_number(value)) return false;
    if (value < 0 || static_cast<uint64_t>(value) > limit) {
      diags_.report<diag::IrSyntax>(range(t), fmt::format("a number from 0 to {}", limit), t.text);
      return false;
    }
    out = static_cast<uint64_t>(value);
    return true;
  }
  bool take_type(Type &out) {
    const auto type = peek().kind == Kind::Word ? find_type(peek().text) : std::nullopt;
    if (!type) return expected("a type");
    out = *type;
    at_++;
    return true;
  }
  bool take_string(std::string &out) {
    if (peek().kind != Kind::String) return expected("a string");
    out = unquoted(peek().text);
    at_++;
    return true;
  }
  Linkage skip_linkage() {
    if (skip_word("global")) return Linkage::Global;
    if (skip_word("weak")) {
      if (skip_word("hidden")) return Linkage::WeakHidden;
      return skip_word("extern") ? Linkage::ExternalWeak : Linkage::Weak;
    }
    if (skip_word("hidden")) return Linkage::Hidden;
    if (skip_word("extern")) return Linkage::External;
    return Linkage::Static;
  }

  bool unknown(const TextToken &t) {
    diags_.report<diag::IrUnknownName>(range(t), t.text);
    return false;
  }
  bool twice(const TextToken &t) {
    diags_.report<diag::IrDuplicateName>(range(t), t.text);
    return false;
  }

  // ---- module

  struct Named {
    GlobalId global;
    FunctionId function;
  };

  // Functions and globals may be used before they are defined, so their ids are given first.
  bool collect_names() {
    for (size_t i = 0; i + 1 < tokens_.size(); i++) {
      const TextToken &t = tokens_[i + 1];
      if (tokens_[i].kind != Kind::Word || t.kind != Kind::Name) continue;
      Named named;
      if (tokens_[i].text == "global")
        named.global = GlobalId(module_.globals.size());
      else if (tokens_[i].text == "func")
        named.function = FunctionId(module_.functions.size());
      else
        continue;
      if (!names_.try_emplace(t.text, named).second) return twice(t);
      if (named.global)
        module_.globals.emplace_back().name = name_of_handle(t.text);
      else
        module_.functions.emplace_back().name = name_of_handle(t.text);
    }
    return true;
  }

  bool take_name(Named &out) {
    if (peek().kind != Kind::Name) return expected("`@` and a name");
    const auto found = names_.find(peek().text);
    if (found == names_.end()) return unknown(peek());
    out = found->second;
    at_++;
    return true;
  }

  bool parse_global() {
    at_++;
    const Loc at = loc(peek());
    Named named;
    if (!take_name(named)) return false;
    Global &g = module_[named.global];
    g.loc = at;
    g.linkage = skip_linkage();
    uint64_t align = 1;
    if (!skip_word("section")) return expected("`section`");
    if (!take_string(g.section)) return false;
    if (!skip_word("size")) return expected("`size`");
    if (!take_number_up_to(kMaxGlobalSize, g.size)) return false;
    if (skip_word("align") && !take_number_up_to(1u << 16, align)) return false;
    g.align = static_cast<uint32_t>(align);
    g.is_const = skip_word("const");
    g.is_volatile = skip_word("volatile");
    g.used = skip_word("used");
    if (skip_word("bytes") && !parse_bytes(g)) return false;
    if (!skip_punct("{")) return true;
    do {
      GlobalReloc reloc;
      Named target;
      if (!take_number_up_to(kMaxGlobalSize, reloc.offset) || !take_punct(":") || !take_name(target)) return false;
      if (skip_punct("+") && !take_number(reloc.addend)) return false;
      reloc.global = target.global;
      reloc.function = target.function;
      g.relocs.push_back(reloc);
    } while (skip_punct(","));
    return take_punct("}");
  }

  bool parse_core() {
    at_++;
    const TextToken &t = peek();
    int64_t number = 0;
    CoreReloc core;
    if (!take_number(number)) return false;
    if (number != static_cast<int64_t>(module_.core_relocs.size())) {
      diags_.report<diag::IrSyntax>(range(t), fmt::format("the number {}", module_.core_relocs.size()), t.text);
      return false;
    }
    const auto kind = peek().kind == Kind::Word ? tables::core_kind(peek().text) : std::nullopt;
    if (!kind) return expected("a kind of CO-RE relocation");
    core.kind = *kind;
    at_++;
    if (!take_string(core.type_name) || !take_string(core.access)) return false;
    if (!skip_word("value")) return expected("`value`");
    if (!take_number(core.value)) return false;
    module_.core_relocs.push_back(std::move(core));
    return true;
  }

  bool parse_bytes(Global &g) {
    const std::string_view text = peek().text;
    if (peek().kind != Kind::String || text.size() % 2 != 0)
      return expected("a string of two hexadecimal digits a byte");
    for (size_t i = 1; i + 2 < text.size(); i += 2) {
      const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
      if (high < 0 || low < 0) return expected("a string of two hexadecimal digits a byte");
      g.bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
    if (g.bytes.size() > g.size) return expected("at most as many bytes as `size` says");
    at_++;
    return true;
  }

  // ---- functions

  bool parse_function() {
    at_++;
    const Loc at = loc(peek());
    Named named;
    if (!take_name(named)) return false;
    f_ = &module_[named.function];
    f_->loc = at;
    values_.clear();
    labels_.clear();
    slots_.clear();
    if (!parse_signature()) return false;
    if (!skip_punct("{")) return true;
    if (!parse_slots() || !collect_values_and_labels()) return false;
    while (!is_punct("}"))
      if (!parse_block()) return false;
    f_->end_loc = loc(peek());
    at_++;
    if (f_->blocks.empty()) {
      at_--;
      return expected("a block");
    }
    return true;
  }

  bool parse_signature() {
    if (!take_punct("(")) return false;
    std::vector<std::pair<const TextToken *, uint32_t>> names;
    while (!is_punct(")")) {
      if (!f_->params.empty() && !take_punct(",")) return false;
      Type type{};
      if (!take_type(type)) return false;
      f_->params.push_back(type);
      if (peek().kind == Kind::Value) names.emplace_back(&tokens_[at_++], static_cast<uint32_t>(f_->params.size() - 1));
    }
    at_++;
    for (const auto &[token, index] : names)
      if (!values_.try_emplace(token->text, f_->param(index)).second) return twice(*token);
    if (!take_punct("->") || !take_type(f_->result)) return false;
    f_->linkage = skip_linkage();
    if (skip_word("section") && !take_string(f_->section)) return false;
    f_->result_is_signed = skip_word("signed");
    f_->always_inline = skip_word("always_inline");
    f_->no_inline = skip_word("noinline");
    f_->used = skip_word("used");
    f_->is_naked = skip_word("naked");
    if (skip_word("indirect")) f_->stands_for = Placeholder::PointerCall;
    if (skip_word("strlen")) f_->stands_for = Placeholder::StringLength;
    f_->is_user_side = skip_word("user_side");
    return true;
  }

  bool parse_slots() {
    while (skip_word("slot")) {
      if (peek().kind != Kind::Slot) return expected("`$` and a name");
      const TextToken &t = tokens_[at_++];
      if (!slots_.try_emplace(t.text, static_cast<uint32_t>(f_->slots.size())).second) return twice(t);
      uint64_t size = 0, align = 8;
      if (!skip_word("size")) return expected("`size`");
      if (!take_number_up_to(kMaxSlotSize, size)) return false;
      if (skip_word("align") && !take_number_up_to(4096, align)) return false;
      Slot slot{.size = static_cast<uint32_t>(size), .align = static_cast<uint32_t>(align), .loc = loc(t)};
      if (peek().kind == Kind::String && !take_string(slot.name)) return false;
      f_->slots.push_back(std::move(slot));
    }
    return true;
  }

  // Values and labels may be used before they are defined as well. Reads to the closing brace, and goes back.
  bool collect_values_and_labels() {
    for (size_t i = at_; tokens_[i].kind != Kind::End && !(tokens_[i].kind == Kind::Punct && tokens_[i].text == "}");
         i++) {
      const TextToken &next = tokens_[i + 1];
      if (next.kind != Kind::Punct) continue;
      if (tokens_[i].kind == Kind::Value && next.text == "=") {
        const ValueId v = f_->make(Op::Undef, Type::Void, {});
        if (!values_.try_emplace(tokens_[i].text, v).second) return twice(tokens_[i]);
      } else if (tokens_[i].kind == Kind::Word && next.text == ":") {
        const BlockId b = f_->add_block(std::string(tokens_[i].text));
        if (!labels_.try_emplace(tokens_[i].text, b).second) return twice(tokens_[i]);
      }
    }
    return true;
  }

  bool parse_block() {
    if (peek().kind != Kind::Word || peek(1).text != ":" || peek(1).kind != Kind::Punct)
      return expected("a label and `:`");
    const BlockId b = labels_.at(peek().text);
    at_ += 2;
    for (bool done = false; !done;)
      if (!parse_inst(b, done)) return false;
    return true;
  }

  bool take_label(BlockId &out) {
    if (peek().kind != Kind::Word) return expected("a label");
    const auto found = labels_.find(peek().text);
    if (found == labels_.end()) return unknown(peek());
    out = found->second;
    at_++;
    return true;
  }

  bool take_operand(ValueId &out) {
    const TextToken &t = peek();
    if (t.kind == Kind::Value) {
      const auto found = values_.find(t.text);
      if (found == values_.end()) return unknown(t);
      out = found->second;
    } else if (t.kind == Kind::Slot) {
      const auto found = slots_.find(t.text);
      if (found == slots_.end()) return unknown(t);
      out = f_->slot_addr(found->second);
    } else if (t.kind == Kind::Name) {
      Named named;
      if (!take_name(named)) return false;
      out = named.global ? f_->global_addr(named.global) : f_->func_addr(named.function);
      return true;
    } else if (t.kind == Kind::Word && t.text.starts_with("undef.")) {
      const auto type = find_type(t.text.substr(6));
      if (!type || *type == Type::Void) return expected("a type behind `undef.`");
      out = f_->undef(*type);
    } else if (t.kind == Kind::Word && t.text.starts_with("core.")) {
      const auto type = find_type(t.text.substr(5));
      if (!type) return expected("a type behind `core.`");
      at_++;
      uint64_t number = 0;
      if (!take_number_up_to(UINT32_MAX, number)) return false;
      out = f_->core_value(*type, static_cast<uint32_t>(number));
      return true;
    } else {
      const auto type = t.kind == Kind::Word ? find_type(t.text) : std::nullopt;
      if (!type || *type == Type::Void) return expected("an operand");
      at_++;
      int64_t value = 0;
      if (!take_number(value)) return false;
      out = f_->constant(*type, value);
      return true;
    }
    at_++;
    return true;
  }

  bool parse_inst(BlockId b, bool &ends_block) {
    const Loc at = loc(peek());
    ValueId v;
    if (peek().kind == Kind::Value) {
      v = values_.find(peek().text) == values_.end() ? ValueId{} : values_.at(peek().text);
      at_++;
      if (!take_punct("=")) return false;
    }
    const TextToken &word = peek();
    const size_t dot = word.text.find('.');
    const auto op = word.kind == Kind::Word ? find_op(word.text.substr(0, dot)) : std::nullopt;
    if (!op) return expected("an instruction");
    const std::string_view suffix = dot == std::string_view::npos ? "" : word.text.substr(dot + 1);
    const OpInfo &info = info_of(*op);
    Inst head{.op = *op, .loc = at};
    if (info.result == ResultRule::I1) head.type = Type::I1;
    if (info.result == ResultRule::Ptr) head.type = Type::Ptr;
    if (*op == Op::ICmp) {
      const auto pred = find_pred(suffix);
      if (!pred) return expected("a comparison behind `icmp.`");
      head.pred = *pred;
    } else if (info.result == ResultRule::Given || info.result == ResultRule::Same) {
      const auto type = find_type(suffix);
      if (!type) return expected(fmt::format("a type behind `{}.`", info.text));
      head.type = *type;
    } else if (!suffix.empty()) {
      return expected("an instruction");
    }
    if ((head.type != Type::Void) != v.valid())
      return expected(v ? "an instruction that has a result" : "`%name =` before an instruction that has a result");
    at_++;

    operands_.clear();
    targets_.clear();
    cases_.clear();
    if (!parse_rest(head)) return false;
    if (!parse_tail(head)) return false;

    if (!v) v = f_->make(Op::Undef, Type::Void, {});
    f_->set_operands(v, operands_);
    if (*op == Op::Switch)
      f_->set_switch(v, targets_, cases_);
    else
      f_->set_targets(v, targets_);
    Inst &inst = (*f_)[v];
    inst.op = head.op;
    inst.type = head.type;
    inst.pred = head.pred;
    inst.align = head.align;
    inst.is_volatile = head.is_volatile;
    inst.weight = head.weight;
    inst.unroll = head.unroll;
    inst.imm = head.imm;
    inst.loc = head.loc;
    f_->append(b, v);
    ends_block = info.effects == Effects::Term;
    return true;
  }

  // What follows the op: operands, immediate and targets, in the order that the op has them.
  bool parse_rest(Inst &head) {
    if (head.op == Op::Phi) return parse_phi();
    if (head.op == Op::Call || head.op == Op::CallHelper) return parse_call(head);
    if (head.op == Op::Asm || head.op == Op::AsmGoto) return parse_assembly(head);
    if (head.op == Op::Jump) return take_label(targets_.emplace_back());
    const int count = info_of(head.op).operands;
    if (count < 0) {  // ret
      const bool has_value =
          peek().kind == Kind::Value || peek().kind == Kind::Name || peek().kind == Kind::Slot ||
          (peek().kind == Kind::Word && (peek(1).kind == Kind::Number || peek().text.starts_with("undef.")));
      return !has_value || take_operand(operands_.emplace_back());
    }
    for (int i = 0; i < count; i++)
      if ((i != 0 && !take_punct(",")) || !take_operand(operands_.emplace_back())) return false;
    if (head.op == Op::Branch)
      return take_punct(",") && take_label(targets_.emplace_back()) && take_punct(",") &&
             take_label(targets_.emplace_back());
    if (head.op == Op::Switch) return parse_cases();
    const bool needs_imm = head.op == Op::MemCopy || head.op == Op::MemSet || head.op == Op::LoadAbs ||
                           head.op == Op::LoadInd || head.op == Op::AddrSpaceCast || head.op == Op::AsmOutput;
    const bool may_have_imm = head.op == Op::Load || head.op == Op::Store || head.op == Op::AtomicAdd ||
                              head.op == Op::AtomicOr || head.op == Op::AtomicAnd || head.op == Op::AtomicXor ||
                              head.op == Op::AtomicXchg || head.op == Op::CmpXchg;
    if (needs_imm) return take_punct(",") && take_number(head.imm);
    if (may_have_imm && skip_punct(",")) return take_number(head.imm);
    return true;
  }

  bool parse_phi() {
    do {
      if (!take_punct("[") || !take_operand(operands_.emplace_back()) || !take_punct(",") ||
          !take_label(targets_.emplace_back()) || !take_punct("]"))
        return false;
    } while (skip_punct(","));
    return true;
  }

  bool parse_call(Inst &head) {
    if (head.op == Op::CallHelper) {
      uint64_t number = 0;
      if (!take_number_up_to(0x7fff'ffff, number)) return false;
      head.imm = static_cast<int64_t>(number);
    } else {
      Named callee;
      const TextToken &t = peek();
      if (!take_name(callee)) return false;
      if (!callee.function) return unknown(t);
      head.imm = callee.function.index;
    }
    if (!take_punct("(")) return false;
    while (!is_punct(")"))
      if ((!operands_.empty() && !take_punct(",")) || !take_operand(operands_.emplace_back())) return false;
    at_++;
    return true;
  }

  bool parse_assembly(Inst &head) {
    Assembly made;
    made.origins = {{0, loc(peek()) + 1}};
    if (!take_string(made.text) || !take_punct("(")) return false;
    while (!is_punct(")")) {
      if (!made.operands.empty() && !take_punct(",")) return false;
      Assembly::Operand operand{.loc = loc(peek())};
      if (!parse_constraint(operand)) return false;
      made.operands.push_back(operand);
      if (operand.is_read && !take_operand(operands_.emplace_back())) return false;
    }
    at_++;
    if (skip_word("clobber") && !parse_clobbers(made)) return false;
    if (head.op == Op::AsmGoto)
      while (skip_punct(","))
        if (!take_label(targets_.emplace_back())) return false;
    head.imm = static_cast<int64_t>(f_->assemblies.size());
    f_->assemblies.push_back(std::move(made));
    return true;
  }

  bool parse_constraint(Assembly::Operand &operand) {
    using enum Assembly::Operand::Kind;
    const size_t at = at_;
    std::string text;
    if (!take_string(text)) return false;
    std::string_view rest = text;
    const auto skip = [&rest](char c) {
      if (!rest.starts_with(c)) return false;
      rest.remove_prefix(1);
      return true;
    };
    operand.is_read = operand.is_written = skip('+');
    operand.is_written |= skip('=');
    operand.is_early = operand.is_written && skip('&');
    operand.is_narrow = rest.starts_with('w');
    if (rest == "r" || rest == "w") {
      operand.kind = Register;
      operand.is_read |= !operand.is_written;
    } else if ((rest == "ri" || rest == "wi" || rest == "i") && !operand.is_written) {
      operand.kind = rest == "i" ? Immediate : RegisterOrImmediate;
      operand.is_read = true;
    } else if (rest == "m" && !operand.is_early) {
      operand.kind = Memory;
      operand.is_read = true;  // its address
    } else {
      at_ = at;
      return expected("a constraint: `r`, `w`, `i`, `ri`, `m`, with `=`, `+`, `=&` or `+&` before it");
    }
    return true;
  }

  bool parse_clobbers(Assembly &assembly) {
    const size_t at = at_;
    std::string text;
    if (!take_string(text)) return false;
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(word.size() + 1, rest.size()));
      if (word == "memory") {
        assembly.clobbers_memory = true;
      } else if (word.size() == 2 && word[0] == 'r' && word[1] >= '0' && word[1] <= '9') {
        assembly.clobbers |= static_cast<uint16_t>(1u << (word[1] - '0'));
      } else {
        at_ = at;
        return expected("r0 to r9 and `memory`, separated by commas");
      }
    }
    return true;
  }

  bool parse_cases() {
    if (!take_punct(",") || !take_label(targets_.emplace_back()) || !take_punct("[")) return false;
    while (!is_punct("]"))
      if ((!cases_.empty() && !take_punct(",")) || !take_number(cases_.emplace_back()) || !take_punct(":") ||
          !take_label(targets_.emplace_back()))
        return false;
    at_++;
    return true;
  }

  bool parse_tail(Inst &head) {
    if (skip_word("align")) {
      uint64_t align = 0;
      if (!take_number_up_to(128, align)) return false;
      head.align = static_cast<uint8_t>(align);
    }
    head.is_volatile = skip_word("volatile");
    if (skip_word("weight")) {
      int64_t weight = 0;
      const TextToken &t = peek();
      if (!take_number(weight)) return false;
      if (weight < -128 || weight > 127) {
        diags_.report<diag::IrSyntax>(range(t), "a number from -128 to 127", t.text);
        return false;
      }
      head.weight = static_cast<int8_t>(weight);
    }
    if (skip_word("unroll")) {
      int64_t count = 0;
      const TextToken &t = peek();
      if (!take_number(count)) return false;
      if (count < kUnrollFull || count > std::numeric_limits<int16_t>::max()) {
        diags_.report<diag::IrSyntax>(range(t), "a number from -1 to 32767", t.text);
        return false;
      }
      head.unroll = static_cast<int16_t>(count);
    }
    if (peek().kind == Kind::Line) at_++;
    return true;
  }

  const SourceManager::File &file_;
  Diagnostics &diags_;
  std::vector<TextToken> tokens_;
  size_t at_ = 0;
  Module module_;
  std::unordered_map<std::string_view, Named> names_;
  // Of the function that is being read.
  Function *f_ = nullptr;
  std::unordered_map<std::string_view, ValueId> values_;
  std::unordered_map<std::string_view, BlockId> labels_;
  std::unordered_map<std::string_view, uint32_t> slots_;
  // Of the instruction that is being read.
  std::vector<ValueId> operands_;
  std::vector<BlockId> targets_;
  std::vector<int64_t> cases_;
};

}  // namespace

std::optional<Module> parse_text(const SourceManager::File &file, Diagnostics &diags) {
  auto module = Parser(file, diags).run();
  if (!module) return std::nullopt;
  module->sources = &diags.sources();
  if (const auto fault = check(*module)) {
    diags.report<diag::IrMalformed>(fault->loc, fault->function, fault->what);
    return std::nullopt;
  }
  return module;
}

}  // namespace spile::ir
