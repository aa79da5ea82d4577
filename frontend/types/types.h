// C types, for the ABI of BPF (LP64, little endian, the layout rules of the kernel's x86-64 and arm64).
//
// A Type never changes once made and two types are the same type when their [canonical] pointers are equal. What the
// programmer wrote (typedef names, btf_type_tags, names of parameters) is kept as sugar around it, for messages and for
// BTF. Every Type answers [plain] (no sugar, no qualifiers: switch over its kind) and [quals] at once, so nobody walks
// sugar by hand. Made by a types::Context; records and enums are filled in later, when their body is read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "support/arena.h"
#include "support/source.h"

namespace spile::types {

enum class Kind : uint8_t {
  Error,  // of an expression that was reported; silences what follows from it
  Void,
  Bool,
  Char,
  SChar,
  UChar,
  Short,
  UShort,
  Int,
  UInt,
  Long,
  ULong,
  LongLong,
  ULongLong,
  Int128,
  UInt128,
  Float,
  Double,
  LongDouble,
  Enum,
  Pointer,
  Array,
  Function,
  Record,
  // Sugar: never the kind of a plain type.
  Typedef,
  Qualified,
  Tagged,
};

// The bits of ast::Qualifier, and address_space(1): what lies in an arena, reached through a cast of its address.
enum Quals : uint8_t { kConst = 1, kVolatile = 2, kRestrict = 4, kAtomic = 8, kArena = 16 };

struct Type;
struct Record;
struct Enum;

struct Parameter {
  std::string_view name;  // may be empty
  const Type *type = nullptr;
};

struct Type {
  Kind kind = Kind::Error;
  uint8_t quals = 0;                  // of the whole type, also those inside a typedef; of an array: its elements'
  bool is_variadic = false;           // Function
  bool has_prototype = true;          // Function: false for f()
  bool has_length = false;            // Array: false for T[]
  uint32_t depth = 1;                 // of derivations, to bound every recursion over types
  const Type *canonical = nullptr;    // without sugar, with qualifiers
  const Type *plain = nullptr;        // without sugar and qualifiers
  const Type *base = nullptr;         // pointee, element, result; what a Typedef, Qualified or Tagged stands for
  uint64_t length = 0;                // Array
  std::span<const Parameter> params;  // Function
  Record *record = nullptr;
  Enum *enumeration = nullptr;
  std::string_view name;  // Typedef: its name; Tagged: the tag
  Range range;            // Typedef: where it was declared
  uint32_t align = 0;     // Typedef: from an aligned attribute; 0: none
};

struct Field {
  std::string_view name;  // empty: an anonymous record, or an unnamed bitfield
  const Type *type = nullptr;
  Range range;
  uint64_t bit_position = 0;  // from the start of the record
  uint32_t bit_width = 0;     // bitfields
  bool is_bitfield = false;
  bool is_packed = false;
  uint32_t align = 0;  // from an aligned attribute; 0: none
  std::span<std::string_view> decl_tags;
  uint64_t offset() const { return bit_position / 8; }
};

// Who can define a record whose members nobody has asked for yet.
class PendingFields {
 public:
  PendingFields() = default;
  PendingFields(const PendingFields &) = delete;
  virtual void define(Record &record) = 0;

 protected:
  ~PendingFields() = default;
};

struct Record {
  // [pending] set: it has members that are still to be read. complete() reads them, and must be called before fields,
  // is_complete, size, align or has_… are looked at; the functions below that take a Type do.
  PendingFields *pending = nullptr;
  bool is_union = false, is_complete = false, is_being_defined = false;
  bool is_packed = false;
  bool has_const_member = false;       // then it cannot be assigned to
  bool preserve_access_index = false;  // CO-RE: its offsets are relocated
  bool is_weak = false;                // of a header: the program may define another of its name, which counts then
  bool has_flexible_array = false;
  uint32_t pack = 0;            // #pragma pack(n): no member is aligned to more; 0: none
  uint32_t explicit_align = 0;  // from an aligned attribute
  uint32_t depth = 1;           // of records by value inside it
  std::string_view tag;         // empty: anonymous
  Range range;
  std::span<Field> fields;
  uint64_t size = 0;
  uint32_t align = 1;
  std::span<std::string_view> decl_tags;
  const Type *type = nullptr;
};

inline const Record &complete(const Record &record) {
  if (record.pending != nullptr) [[unlikely]]
    record.pending->define(*record.type->record);
  return record;
}

struct EnumConstant {
  std::string_view name;
  int64_t value = 0;
};
struct Enum {
  bool is_complete = false, is_packed = false, has_fixed_type = false;
  std::string_view tag;
  Range range;
  std::span<EnumConstant> constants;
  const Type *underlying = nullptr;  // an integer type; int until complete
  const Type *type = nullptr;
};

// Derivations and records by value nest no deeper than this (diagnostic TypeTooDeep), so recursion over a type is safe.
inline constexpr uint32_t kMaxDepth = 200;
// No object is larger (diagnostic ObjectTooLarge): sizes and bit positions never overflow.
inline constexpr uint64_t kMaxSize = uint64_t{1} << 40;

class Context {
 public:
  explicit Context(Arena &arena);
  ~Context();
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  const Type *basic(Kind kind) const { return basic_[static_cast<size_t>(kind)]; }
  const Type *error() const { return basic(Kind::Error); }
  const Type *void_type() const { return basic(Kind::Void); }
  const Type *int_type() const { return basic(Kind::Int); }

  const Type *pointer_to(const Type *pointee);
  const Type *array_of(const Type *element, uint64_t length);
  const Type *incomplete_array_of(const Type *element);
  const Type *function(const Type *result, std::span<const Parameter> params, bool is_variadic, bool has_prototype);
  const Type *qualified(const Type *type, uint8_t quals);
  const Type *unqualified(const Type *type);  // keeps as much sugar as it can
  const Type *typedef_of(std::string_view name, const Type *aliased, Range range, uint32_t align);
  const Type *tagged(std::string_view tag, const Type *type);
  Record *new_record(bool is_union, std::string_view tag, Range range);
  Enum *new_enum(std::string_view tag, Range range);

  Arena &arena() { return *arena_; }

 private:
  struct Tables;
  const Type *intern(const Type &key);
  const Type *finish(Type *made);
  Arena *arena_;
  std::unique_ptr<Tables> tables_;
  const Type *basic_[static_cast<size_t>(Kind::Record) + 1] = {};
};

// ---------------------------------------------------------------- questions

inline bool is_error(const Type *t) { return t->plain->kind == Kind::Error; }
inline bool is_void(const Type *t) { return t->plain->kind == Kind::Void; }
inline bool is_pointer(const Type *t) { return t->plain->kind == Kind::Pointer; }
inline bool is_array(const Type *t) { return t->plain->kind == Kind::Array; }
inline bool is_function(const Type *t) { return t->plain->kind == Kind::Function; }
inline bool is_record(const Type *t) { return t->plain->kind == Kind::Record; }
inline bool is_enum(const Type *t) { return t->plain->kind == Kind::Enum; }
inline bool is_bool(const Type *t) { return t->plain->kind == Kind::Bool; }
inline bool is_int128(const Type *t) { return t->plain->kind == Kind::Int128 || t->plain->kind == Kind::UInt128; }
inline bool is_float(const Type *t) { return t->plain->kind >= Kind::Float && t->plain->kind <= Kind::LongDouble; }
inline bool is_integer(const Type *t) {  // enums too
  return (t->plain->kind >= Kind::Bool && t->plain->kind <= Kind::UInt128) || t->plain->kind == Kind::Enum;
}
inline bool is_arithmetic(const Type *t) { return is_integer(t) || is_float(t); }
inline bool is_scalar(const Type *t) { return is_arithmetic(t) || is_pointer(t); }
inline bool is_aggregate(const Type *t) { return is_record(t) || is_array(t); }
inline bool is_atomic(const Type *t) { return (t->quals & kAtomic) != 0; }
// Others look at the object too: no access of it is left out, moved or repeated.
inline bool is_shared(const Type *t) { return (t->quals & (kVolatile | kAtomic)) != 0; }
// Nobody changes it: it is what it was initialized with.
inline bool is_fixed(const Type *t) { return (t->quals & (kConst | kVolatile | kAtomic)) == kConst; }
inline bool is_arena(const Type *t) { return (t->quals & kArena) != 0; }
inline bool is_function_pointer(const Type *t) { return is_pointer(t) && is_function(t->plain->base); }
bool is_signed(const Type *t);  // of an integer type
bool is_char_array(const Type *t);
bool is_complete(const Type *t);  // has a size
// In bytes. Of complete types; void and functions have size 1 (GNU).
uint64_t size_of(const Type *t);
uint32_t align_of(const Type *t);
// The type of what a pointer points to or an array holds.
inline const Type *base_of(const Type *t) { return t->plain->base; }
// The unsigned type of an integer type's width, and the other way.
const Type *with_sign(Context &context, const Type *t, bool is_signed);

// C11 6.2.7. Qualifiers of the types themselves count, as everywhere in C.
bool compatible(const Type *a, const Type *b);
inline bool same(const Type *a, const Type *b) { return a->canonical == b->canonical; }
// The type of two compatible declarations of one thing: the length of the array, the prototype.
const Type *composite(Context &context, const Type *a, const Type *b);

// C11 6.7.2.1: fills offsets, size and alignment from fields, is_packed, pack and explicit_align. Fields are complete.
void lay_out(Record &record);

// In C syntax: "struct key *", "int (*)(void *, u32)"; with a name: "int (*name)(void)".
std::string to_string(const Type *t, std::string_view name = {});
// As messages show it: `u32` (aka `unsigned int`).
std::string spoken(const Type *t);

// A member of a record or of the anonymous records inside it.
struct FoundField {
  const Field *field = nullptr;  // null: none
  uint64_t bit_position = 0;     // anonymous members added up
  uint8_t quals = 0;             // of the anonymous records on the way
};
FoundField find_field(const Record &record, std::string_view name);
// The name most like [name] among the record's members; empty when none is near.
std::string_view nearest_field(const Record &record, std::string_view name);
// The same for any list of names.
std::string_view nearest_name(std::span<const std::string_view> names, std::string_view wanted);

}  // namespace spile::types
