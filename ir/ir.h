// The IR: SSA over typed 32-bit ids, between the language and the machine.
//
// A Module has functions, globals (variables and maps) and debug types. A Function has blocks, and side tables of
// instructions; a value *is* the instruction that makes it (ValueId). Constants, parameters and addresses are
// instructions that stand in no block and exist once per function. Integers have no sign; operations do.
// Text form: ir/text.h. What must hold: ir/checker.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/debug_types.h"
#include "lang-spec/tables/core_relocs.h"
#include "support/check.h"
#include "support/ids.h"
#include "support/source.h"

namespace spile::ir {

using ValueId = Id<struct ValueTag>;
using BlockId = Id<struct BlockTag>;
using FunctionId = Id<struct FunctionTag>;
using GlobalId = Id<struct GlobalTag>;

enum class Type : uint8_t { Void, I1, I8, I16, I32, I64, Ptr };
constexpr unsigned bits_of(Type t) {
  constexpr std::array<unsigned, 7> kBits = {0, 1, 8, 16, 32, 64, 64};
  return kBits[static_cast<size_t>(t)];
}
constexpr unsigned bytes_of(Type t) { return t == Type::I1 ? 1 : bits_of(t) / 8; }
constexpr bool is_integer(Type t) { return t != Type::Void && t != Type::Ptr; }
Type integer_type(unsigned bits);
std::string_view name_of(Type t);  // "void", "i1", ... "ptr"
// [value] truncated to the type and sign-extended to 64 bits: the form of every Const. An I1 is 0 or 1.
int64_t normalized(Type type, int64_t value);

enum class Op : uint8_t {
#define SPILE_IR_OP(Name, text, operands, result, effects) Name,
#include "ir/ops.def"
};
enum class Effects : uint8_t { Pure, Read, Write, Term };
enum class ResultRule : uint8_t { None, Same, Given, I1, Ptr };
struct OpInfo {
  std::string_view text;
  int operands;
  ResultRule result;
  Effects effects;
};
const OpInfo &info_of(Op op);

enum class Pred : uint8_t { Eq, Ne, Ult, Ule, Ugt, Uge, Slt, Sle, Sgt, Sge };
std::string_view name_of(Pred p);
Pred inverted(Pred p);  // !(a p b)
Pred swapped(Pred p);   // b p a
constexpr bool is_signed(Pred p) { return p >= Pred::Slt; }

constexpr int16_t kUnrollFull = -1;

struct Inst {
  Op op = Op::Undef;
  Type type = Type::Void;  // of the result
  Pred pred = Pred::Eq;    // ICmp
  uint8_t align = 0;       // Load, Store, MemCopy, MemSet: known alignment of the address in bytes; 0: natural
  bool is_volatile = false;
  int8_t weight = 0;  // Branch: > 0 the first target is likely, < 0 the second
  // Jump, Branch back to a loop's header: what `#pragma unroll` says. 0: nothing; kUnrollFull; 1: not at all; n: by n.
  int16_t unroll = 0;
  BlockId block;    // none: unplaced, or removed
  int64_t imm = 0;  // Const: normalized() for its type
  Loc loc;
  // What is not in the arguments of make(): for copies.
  void copy_flags(const Inst &from) {
    pred = from.pred;
    align = from.align;
    is_volatile = from.is_volatile;
    weight = from.weight;
    unroll = from.unroll;
  }
  // Slices of the function's pools.
  uint32_t operand_begin = 0, operand_count = 0;
  uint32_t target_begin = 0, target_count = 0;
  uint32_t case_begin = 0;  // Switch: target_count - 1 values
};

struct Block {
  std::vector<ValueId> insts;  // phis first, one terminator last
  std::string name;            // for text; may be empty
};

// A piece of the stack frame.
struct Slot {
  uint32_t size = 0, align = 8;
  std::string name;  // the variable's; empty for temporaries
  Loc loc;
};

// An `asm` of the source: what Asm and AsmGoto insert. Their operands are the values of those that are read, in order;
// their results (the instruction itself, then AsmOutputs) are the registers that are written, in order.
struct Assembly {
  struct Operand {
    enum class Kind : uint8_t { Register, Immediate, RegisterOrImmediate, Memory };
    Kind kind = Kind::Register;
    bool is_written = false, is_read = false;
    bool is_early = false;   // written before all is read: shares no register
    bool is_narrow = false;  // named as w register
    Loc loc;

    bool is_result() const { return is_written && kind != Kind::Memory; }
  };
  // In the text, %[n] is operand n and %l[n] label n (from 0: targets[1]); %% and %= mean what they do in C.
  std::string text;
  std::vector<Operand> operands;
  uint16_t clobbers = 0;  // bit n: rn
  bool clobbers_memory = false;
  // Where the text stands in the source, ordered: bytes from [offset] on are at [loc] and behind it.
  struct Origin {
    uint32_t offset = 0;
    Loc loc;
  };
  std::vector<Origin> origins;

  size_t output_count() const;
  bool writes_memory() const;
  Loc loc_of(size_t offset) const;  // of a byte of the text
};

enum class Linkage : uint8_t {
  Static,
  Global,
  Weak,    // gives way to another object's
  Hidden,  // of the linked object only: the kernel takes a hidden function for a static one
  WeakHidden,
  External,      // another object's, or the kernel's
  ExternalWeak,  // its address may be 0
};
constexpr bool is_extern(Linkage l) { return l == Linkage::External || l == Linkage::ExternalWeak; }
constexpr bool is_hidden(Linkage l) { return l == Linkage::Hidden || l == Linkage::WeakHidden; }
// Whether the linker may put another in its place.
constexpr bool is_weak(Linkage l) {
  return l == Linkage::Weak || l == Linkage::WeakHidden || l == Linkage::ExternalWeak;
}

// __attribute__((btf_decl_tag("text"))) of a function, its parameter or a variable.
struct DeclTag {
  std::string text;
  int32_t parameter = -1;  // from 0; -1: the whole
};

// What a body refers to outside of itself: FunctionId, GlobalId, or the place in Module::core_relocs.
struct NamedOutside {
  enum class Kind : uint8_t { Function, Global, Core } kind = Kind::Function;
  uint32_t id = 0;
};

// A body that nobody can read as it is: see ir/pack.h.
struct PackedBody {
  std::string bytes;
  std::vector<NamedOutside> names;  // the bytes have indices into it, so that names may be replaced
  struct Use {
    uint32_t name = 0;
    bool is_call = false;
    Loc loc;
  };
  std::vector<Use> uses;  // of functions and globals, by instructions that stand in a block

  bool empty() const { return bytes.empty(); }
};

// A declaration whose calls become something else where the argument is known (passes/simplify), and are errors where
// it stays unknown.
enum class Placeholder : uint8_t {
  None,
  PointerCall,   // a call of what the first argument points to
  StringLength,  // strlen(3) of its argument
};

struct Function {
  std::string name;
  std::string section;  // SEC(); empty: .text
  Linkage linkage = Linkage::Static;
  bool always_inline = false, no_inline = false, used = false;
  bool is_naked = false;  // is its assembly and nothing else
  Placeholder stands_for = Placeholder::None;
  bool is_user_side = false;  // SEC("begin"), "end", "interval/...": Spile runs it, the kernel never sees it
  Type result = Type::Void;
  bool result_is_signed = false;  // how a narrow result was widened to 64 bits by its ret
  std::vector<Type> params;
  DebugTypeId debug_type;  // a FuncProto
  std::vector<DeclTag> decl_tags;
  std::string call_error;  // __attribute__((error("..."))): said where a call of it is left after optimization
  Loc loc;
  Loc end_loc;

  std::vector<Block> blocks;  // blocks[0] is the entry; a removed block is empty
  std::vector<Slot> slots;
  std::vector<Assembly> assemblies;
  PackedBody packed;  // not empty: the body, and there are no blocks

  bool is_declaration() const { return blocks.empty() && packed.empty(); }
  bool is_kfunc() const { return is_declaration() && section == ".ksyms"; }
  // Whether others than this module may call it: functions that are not static, have a SEC() or are marked used.
  bool is_root() const { return linkage != Linkage::Static || !section.empty() || used; }

  Inst &operator[](ValueId v) { return insts[v.index]; }
  const Inst &operator[](ValueId v) const { return insts[v.index]; }
  Block &operator[](BlockId b) { return blocks[b.index]; }
  const Block &operator[](BlockId b) const { return blocks[b.index]; }

  std::span<ValueId> operands(ValueId v) {
    return {operand_pool.data() + (*this)[v].operand_begin, (*this)[v].operand_count};
  }
  std::span<const ValueId> operands(ValueId v) const {
    return {operand_pool.data() + (*this)[v].operand_begin, (*this)[v].operand_count};
  }
  ValueId operand(ValueId v, size_t i) const { return operand_pool[(*this)[v].operand_begin + i]; }
  std::span<BlockId> targets(ValueId v) {
    return {target_pool.data() + (*this)[v].target_begin, (*this)[v].target_count};
  }
  std::span<const BlockId> targets(ValueId v) const {
    return {target_pool.data() + (*this)[v].target_begin, (*this)[v].target_count};
  }
  std::span<const int64_t> cases(ValueId v) const {
    return {case_pool.data() + (*this)[v].case_begin, (*this)[v].target_count - 1};
  }
  ValueId terminator(BlockId b) const { return (*this)[b].insts.back(); }
  std::span<const BlockId> successors(BlockId b) const { return targets(terminator(b)); }

  // Unplaced values, made once and found again.
  ValueId constant(Type type, int64_t value);  // any value: normalized
  ValueId undef(Type type);
  ValueId param(uint32_t index);
  ValueId global_addr(GlobalId id);
  ValueId func_addr(FunctionId id);
  ValueId slot_addr(uint32_t slot);
  ValueId core_value(Type type, uint32_t reloc);

  BlockId add_block(std::string name_hint = {});
  // A new instruction, not yet in a block.
  ValueId make(Op op, Type type, std::span<const ValueId> ops, std::span<const BlockId> tgts = {}, int64_t imm = 0,
               Loc loc = {});
  void append(BlockId b, ValueId v);
  void insert(BlockId b, size_t at, ValueId v);
  void set_operands(ValueId v, std::span<const ValueId> ops);  // any count
  void set_targets(ValueId v, std::span<const BlockId> tgts);
  void set_switch(ValueId v, std::span<const BlockId> tgts, std::span<const int64_t> case_values);
  void add_phi_operand(ValueId phi, ValueId value, BlockId from);
  void remove_phi_operand(ValueId phi, size_t i);
  // What the phi is when its block is entered from [from], which is a predecessor.
  ValueId phi_operand(ValueId phi, BlockId from) const;
  // Which target, by number, a Branch or Switch takes when its condition is [value].
  size_t taken(ValueId terminator, int64_t value) const;
  // No phi of [to] has an operand for [from] any more.
  void remove_phi_operands(BlockId to, BlockId from);
  // Takes the instruction out of its block; its id stays, with op Undef.
  void remove(ValueId v);
  // Every use of [from] in placed instructions becomes [to]. O(instructions): passes that replace many use a map
  // from old to new values and rewrite once (ir/rewrite.h).
  void replace_all_uses(ValueId from, ValueId to);

  // Side tables. Stable ids; the pools only grow.
  std::vector<Inst> insts;
  std::vector<ValueId> operand_pool;
  std::vector<BlockId> target_pool;
  std::vector<int64_t> case_pool;

 private:
  friend class Packer;
  friend class Unpacker;
  ValueId unplaced(Op op, Type type, int64_t imm);
  struct Key {
    Op op;
    Type type;
    int64_t imm;
    friend bool operator==(const Key &, const Key &) = default;
  };
  struct KeyHash {
    size_t operator()(const Key &k) const noexcept {
      return (static_cast<uint64_t>(k.imm) * 0x9e3779b97f4a7c15ull) ^ (static_cast<size_t>(k.op) << 8) ^
             static_cast<size_t>(k.type);
    }
  };
  std::unordered_map<Key, ValueId, KeyHash> unplaced_;
};

// A place in a global's initial bytes that holds an address.
struct GlobalReloc {
  uint64_t offset = 0;
  GlobalId global;  // one of the two
  FunctionId function;
  int64_t addend = 0;
};

struct Global {
  std::string name;
  std::string
      section;  // always set: ".data", ".rodata", ".bss", ".maps", "maps", "license", ".rodata.str1.1", a custom one
  Linkage linkage = Linkage::Static;
  uint64_t size = 0;
  uint32_t align = 1;
  std::vector<std::byte> bytes;  // empty: all zero
  std::vector<GlobalReloc> relocs;
  bool is_const = false;     // the language says it never changes
  bool is_volatile = false;  // const volatile: the loader may change it; never folded
  bool used = false;         // kept though nothing refers to it
  DebugTypeId debug_type;    // of the variable
  std::vector<DeclTag> decl_tags;
  Loc loc;

  // A load of it reads [bytes]: neither the program nor a loader nor another object changes them.
  bool has_known_bytes() const { return is_const && !is_volatile && !is_extern(linkage) && !is_weak(linkage); }
};

// A number that the loader puts into an instruction: what holds for the types of the kernel at hand (CO-RE).
struct CoreReloc {
  DebugTypeId type;       // where [access] begins; void in a module that was read from text
  std::string type_name;  // of that type
  std::string access;     // "0:1:2": an index, then members and elements; of an enum value: its position
  tables::CoreKind kind = tables::CoreKind::FieldByteOffset;
  int64_t value = 0;  // by the types of this program; of a type's id: 0, emit knows it
  friend bool operator==(const CoreReloc &, const CoreReloc &) = default;
};

struct Module {
  std::string path;  // of the main source file
  std::vector<Function> functions;
  std::vector<Global> globals;
  DebugTypes debug_types;
  std::vector<CoreReloc> core_relocs;      // no two are equal
  const SourceManager *sources = nullptr;  // for locations; may be null (a module read from text)

  Function &operator[](FunctionId f) { return functions[f.index]; }
  const Function &operator[](FunctionId f) const { return functions[f.index]; }
  Global &operator[](GlobalId g) { return globals[g.index]; }
  const Global &operator[](GlobalId g) const { return globals[g.index]; }
};

}  // namespace spile::ir
