// One walk over the type writes what is to be seen. Without BTF_F_ZERO a struct or array inside another is first walked
// without writing: it is left out when nothing in it would be written.
//
// The kernel's walk has a state that its parts change behind them, and its text shows it: inside an array nothing has a
// name, however deep; elements of arrays of pointers and of arrays are all read at the same place. Programs that parse
// the text know it so: it is the same here (exec-snprintf-btf-kernel.test compares).
#include "runtime/helpers/btf_show.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/read.h"

namespace spile::helpers {

namespace {

using object::BtfId;
using object::BtfKind;
using object::BtfMember;
using object::BtfType;

// The kernel's: of pointers, arrays and typedefs between a name and what it stands for; bytes of ".member = (type)".
constexpr int kMaxSuffixes = 10;
constexpr size_t kMaxName = 79, kMaxIndent = 32;
// Bits of a bitfield, counted from the byte that it begins in. Kernel: the same.
constexpr uint32_t kMaxBits = 128;
// Types inside types. Kernel: what it loads is checked to be no deeper.
constexpr size_t kMaxDepth = 64;
// The text of a value with a length of many GB in its BTF; nobody has a buffer for it.
constexpr size_t kMaxText = size_t{1} << 24;

bool is_qualifier(BtfKind kind) {
  return kind == BtfKind::Volatile || kind == BtfKind::Const || kind == BtfKind::Restrict || kind == BtfKind::TypeTag;
}

// isprint() of the kernel: Latin-1.
bool is_printed(uint8_t c) { return (c >= 0x20 && c < 0x7f) || c >= 0xa0; }

class Walk {
 public:
  Walk(const vm::Env *env, const object::Btf &btf, uint64_t flags, std::string &text)
      : env_(env), btf_(btf), flags_(flags), text_(text) {}

  int64_t run(BtfId type, uint64_t address) {
    show(type, type, address);
    return status_;
  }

 private:
  bool has(uint64_t flag) const { return (flags_ & flag) != 0; }

  // [id]: as the member or array says it; [at]: where qualifiers and typedefs have led so far.
  void show(BtfId id, BtfId at, uint64_t address) {
    if (text_.size() > kMaxText || depth_ > kMaxDepth) return;
    const BtfType type = btf_.type(at);
    switch (type.kind) {
      case BtfKind::Int:
        return show_int(id, type, address);
      case BtfKind::Enum:
      case BtfKind::Enum64:
        return show_enum(id, at, type, address);
      case BtfKind::Ptr:
        return show_pointer(id, address);
      case BtfKind::Struct:
      case BtfKind::Union:
        return show_parts([&] { show_members(id, at, type, address); });
      case BtfKind::Array:
        return show_parts([&] { show_elements(id, type, address); });
      case BtfKind::Typedef:
      case BtfKind::Volatile:
      case BtfKind::Const:
      case BtfKind::Restrict:
      case BtfKind::TypeTag:
        return show(id, plain(at), address);
      // Kernel: it also shows variables and sections of them, of which programs know no number.
      case BtfKind::Var:
      case BtfKind::DataSec:
      case BtfKind::Void:
      case BtfKind::Fwd:
      case BtfKind::Func:
      case BtfKind::FuncProto:
      case BtfKind::Float:
      case BtfKind::DeclTag:
        return put(fmt::format("<unsupported kind:{}>", std::to_underlying(type.kind)));
    }
  }

  // Through typedefs, qualifiers and tags. Bounded: a BTF of nobody's making may go round in a circle.
  BtfId plain(BtfId id) const {
    for (size_t i = 0; i < kMaxDepth; i++) {
      const BtfType type = btf_.type(id);
      if (type.kind != BtfKind::Typedef && !is_qualifier(type.kind)) return id;
      id = type.type;
    }
    return {};
  }
  BtfId without_qualifiers(BtfId id) const {
    for (size_t i = 0; i < kMaxDepth; i++) {
      const BtfType type = btf_.type(id);
      if (!is_qualifier(type.kind)) return id;
      id = type.type;
    }
    return {};
  }

  // Of a struct, union or array: [parts] does it.
  template <class Parts>
  void show_parts(const Parts &parts) {
    if (depth_ > 0 && !has(ShowFlags::kZero)) {
      const BtfMember *const member = member_;
      if (is_looking_) return parts();
      is_looking_ = true;
      has_seen_ = false;
      parts();
      is_looking_ = false;
      member_ = member;
      if (!has_seen_) return;
    }
    parts();
  }

  void show_members(BtfId id, BtfId at, const BtfType &type, uint64_t address) {
    if (!begin(id, type, address)) return;
    for (const BtfMember &member : btf_.members(at)) {
      member_ = &member;
      const uint64_t offset = member.bit_offset / 8;
      if (member.bitfield_size != 0)
        show_bits(member, address + offset);
      else
        show(member.type, member.type, address + offset);
      member_ = nullptr;
    }
    end('}');
  }

  void show_elements(BtfId id, const BtfType &array, uint64_t address) {
    if (!begin(id, array, address)) return;
    const BtfId element = plain(array.type);
    const BtfType type = btf_.type(element);
    // Kernel: pointers and arrays have no size there.
    const bool has_size = type.kind != BtfKind::Ptr && type.kind != BtfKind::Array;
    const uint64_t size = has_size ? type.size : 0;
    const bool is_text = type.kind == BtfKind::Int && size == 1;
    of_characters_ = is_text || (type.kind == BtfKind::Int && type.is_char);
    is_ended_ = false;
    for (uint32_t i = 0; i < array.length && text_.size() <= kMaxText; i++) {
      in_array_ = true;
      member_ = nullptr;
      show(array.type, element, address + i * size);
      in_array_ = false;
      member_ = nullptr;
      if (is_ended_) break;
      if (size == 0 && status_ != 0) break;
    }
    of_characters_ = is_ended_ = false;
    end(']');
  }

  void show_int(BtfId id, const BtfType &type, uint64_t address) {
    std::array<uint8_t, 16> bytes{};
    if (!load(id, type, address, std::min<size_t>(type.size, bytes.size()), bytes)) return;
    uint64_t low = 0, high = 0;
    std::memcpy(&low, bytes.data(), sizeof low);
    std::memcpy(&high, bytes.data() + sizeof low, sizeof high);
    if (type.bits == 128) {
      show_wide(low, high);
    } else if (type.bits != 64 && type.bits != 32 && type.bits != 16 && type.bits != 8) {
      show_wide(type.bits < 64 ? low & ((uint64_t{1} << type.bits) - 1) : low, 0);
    } else if (type.bits == 8 && of_characters_ && (low == 0 || is_ended_)) {
      is_ended_ = true;
    } else if (type.bits == 8 && of_characters_ && is_printed(static_cast<uint8_t>(low))) {
      show_value(low != 0, fmt::format("'{}'", static_cast<char>(low)));
    } else {
      const unsigned unused = 64 - type.bits;
      const int64_t extended = static_cast<int64_t>(low << unused) >> unused;
      show_value(low != 0, type.is_signed ? fmt::format("{}", extended) : fmt::format("{}", low));
    }
    type_kind_ = BtfKind::Void;
  }

  void show_bits(const BtfMember &member, uint64_t address) {
    const uint32_t shift = member.bit_offset % 8, width = member.bitfield_size;
    const BtfType type = btf_.type(member.type);
    if (shift + width > kMaxBits) return put("<unsupported bitfield>");
    std::array<uint8_t, 16> bytes{};
    if (load(member.type, type, address, (shift + width + 7) / 8, bytes)) {
      unsigned __int128 value = 0;
      std::memcpy(&value, bytes.data(), sizeof value);
      value >>= shift;
      if (width < kMaxBits) value &= (static_cast<unsigned __int128>(1) << width) - 1;
      show_wide(static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64));
    }
    type_kind_ = BtfKind::Void;
  }

  void show_wide(uint64_t low, uint64_t high) {
    if (high == 0) return show_value(low != 0, fmt::format("{:#x}", low));
    show_value(true, fmt::format("{:#x}{:016x}", high, low));
  }

  void show_enum(BtfId id, BtfId at, const BtfType &type, uint64_t address) {
    std::array<uint8_t, 16> bytes{};
    const size_t size = type.kind == BtfKind::Enum64 ? 8 : 4;
    if (!load(id, type, address, size, bytes)) return;
    int64_t value = 0;
    if (size == 4) {
      int32_t narrow = 0;
      std::memcpy(&narrow, bytes.data(), sizeof narrow);
      value = type.is_signed ? narrow : static_cast<int64_t>(static_cast<uint32_t>(narrow));
    } else {
      std::memcpy(&value, bytes.data(), sizeof value);
    }
    const auto all = btf_.enumerators(at);
    const auto found = std::ranges::find(all, value, &object::BtfEnumerator::value);
    if (found != all.end())
      show_value(true, std::string(found->name));
    else
      show_value(value != 0,
                 type.is_signed ? fmt::format("{}", value) : fmt::format("{}", static_cast<uint64_t>(value)));
    type_kind_ = BtfKind::Void;
  }

  // Kernel: without BTF_F_PTR_RAW a hash of the address, but for null and errors. Here there are no secrets.
  void show_pointer(BtfId id, uint64_t address) {
    std::array<uint8_t, 16> bytes{};
    if (!load(id, {.kind = BtfKind::Ptr}, address, sizeof(uint64_t), bytes)) return;
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    show_value(value != 0, fmt::format("0x{:016x}", value));
    type_kind_ = BtfKind::Void;
  }

  bool load(BtfId id, const BtfType &type, uint64_t address, size_t size, std::array<uint8_t, 16> &bytes) {
    type_kind_ = type.kind;
    id_ = id;
    return can_read(address, std::as_writable_bytes(std::span(bytes).first(size)));
  }
  bool can_read(uint64_t address, std::span<std::byte> to) {
    if (read_memory(env_, Space::OwnThenTask, address, to) == 0) return true;
    // The kernel does not look at addresses that cannot be its own.
    constexpr uint64_t kUpperHalf = 0xffff'8000'0000'0000;
    status_ = address < kUpperHalf ? -ERANGE : -EFAULT;
    return false;
  }

  bool begin(BtfId id, const BtfType &type, uint64_t address) {
    // Of the whole: the kernel reads the first bytes before it writes anything.
    constexpr uint64_t kFirst = 32;
    std::array<std::byte, kFirst> first;
    const auto read = std::span(first).first(depth_ == 0 ? std::min(kFirst, btf_.size_of(id)) : 0);
    if (!can_read(address, read) && depth_ == 0) return false;
    type_kind_ = type.kind;
    id_ = id;
    put(fmt::format("{}{}{}", indent(), name(), newline()));
    depth_++;
    return true;
  }
  void end(char bracket) {
    depth_--;
    put(fmt::format("{}{}{}{}", indent(), bracket, delimiter(), newline()));
    type_kind_ = BtfKind::Void;
  }
  void show_value(bool is_set, std::string_view value) {
    if (!is_set && !has(ShowFlags::kZero) && depth_ != 0) return;
    put(fmt::format("{}{}{}{}{}", indent(), name(), value, delimiter(), newline()));
    has_seen_ = true;
  }
  void put(std::string_view piece) {
    if (!is_looking_) text_ += piece;
  }

  std::string indent() const {
    return has(ShowFlags::kCompact) ? std::string() : std::string(std::min(depth_, kMaxIndent), ' ');
  }
  const char *newline() const { return has(ShowFlags::kCompact) ? "" : "\n"; }
  const char *delimiter() const {
    if (depth_ == 0) return "";
    return has(ShowFlags::kCompact) && type_kind_ == BtfKind::Union ? "|" : ",";
  }

  // ".member = (struct type *[])" and the bracket that opens.
  std::string name() const {
    if (in_array_) return {};
    BtfType type = btf_.type(member_ != nullptr ? member_->type : id_);
    std::string_view name;
    std::string pointers, arrays;
    const char *prefix = "", *bracket = "";
    bool is_typedef = false;
    int steps = 0;
    for (; steps < kMaxSuffixes; steps++) {
      if (type.kind == BtfKind::Typedef) {
        if (!is_typedef && name.empty()) name = type.name;
        is_typedef = true;
      } else if (type.kind == BtfKind::Array) {
        bracket = "[";
        arrays += "[]";
      } else if (type.kind == BtfKind::Ptr) {
        pointers += '*';
      } else {
        break;
      }
      if (!type.type) break;
      type = btf_.type(without_qualifiers(type.type));
    }
    if (steps == kMaxSuffixes) return {};
    if (name.empty()) name = type.name;
    if (type.kind == BtfKind::Struct || type.kind == BtfKind::Union) {
      prefix = type.kind == BtfKind::Struct ? "struct" : "union";
      if (arrays.empty()) bracket = "{";
    } else if (type.kind == BtfKind::Enum || type.kind == BtfKind::Enum64) {
      prefix = "enum";
    }
    if (!pointers.empty()) bracket = "";
    if (is_typedef) prefix = "";
    if (has(ShowFlags::kNoName)) return bracket;
    const bool has_member = member_ != nullptr && !member_->name.empty();
    return fmt::format("{}{}{}({}{}{}{}{}{}){}", has_member ? "." : "", has_member ? member_->name : "",
                       has_member ? " = " : "", prefix, *prefix != '\0' && !name.empty() ? " " : "", name,
                       pointers.empty() ? "" : " ", pointers, arrays, bracket)
        .substr(0, kMaxName);
  }

  const vm::Env *env_;
  const object::Btf &btf_;
  const uint64_t flags_;
  std::string &text_;

  int64_t status_ = 0;
  size_t depth_ = 0;
  BtfKind type_kind_ = BtfKind::Void;  // what is being shown; Void between two
  BtfId id_;
  const BtfMember *member_ = nullptr;
  bool in_array_ = false;
  bool of_characters_ = false, is_ended_ = false;  // of an array: its elements are text, a NUL has come
  bool is_looking_ = false, has_seen_ = false;     // whether there is something to write, before it is written
};

}  // namespace

int64_t show_value(const vm::Env *env, const object::Btf &btf, BtfId type, uint64_t address, uint64_t flags,
                   std::string &text) {
  return Walk(env, btf, flags, text).run(type, address);
}

// The length of the whole text without its NUL, whatever fits.
uint64_t snprintf_btf(uint64_t to, uint64_t size, uint64_t pointer, uint64_t pointer_size, uint64_t flags,
                      vm::Env *env) {
  struct {  // struct btf_ptr
    uint64_t address;
    uint32_t type, flags;
  } what;
  if ((flags & ~ShowFlags::kAll) != 0 || static_cast<uint32_t>(pointer_size) != sizeof what || env->types == nullptr)
    return returned(env, k_snprintf_btf, -EINVAL);
  std::memcpy(&what, bytes_at(pointer), sizeof what);
  if (what.type == 0) return returned(env, k_snprintf_btf, -EINVAL);
  if (what.type >= env->types->type_count()) return returned(env, k_snprintf_btf, -ENOENT);
  std::string text;
  const int64_t status = show_value(env, *env->types, {what.type}, what.address, flags, text);
  const std::span<std::byte> buffer = buffer_at(to, size);
  const size_t kept = std::min(text.size(), buffer.size() - 1);
  std::memcpy(buffer.data(), text.data(), kept);
  buffer[kept] = std::byte{0};
  return returned(env, k_snprintf_btf, status != 0 ? status : static_cast<int64_t>(text.size()));
}

uint64_t btf_find_by_name_kind(uint64_t name, uint64_t size, uint64_t kind, uint64_t flags, uint64_t, vm::Env *env) {
  const std::span<std::byte> bytes = buffer_at(name, size);
  if (static_cast<uint32_t>(flags) != 0 || bytes.size() <= 1 || bytes.back() != std::byte{0} || env->types == nullptr)
    return returned(env, k_btf_find_by_name_kind, -EINVAL);
  const std::string_view text = reinterpret_cast<const char *>(bytes.data());
  const BtfId found = env->types->find(text, static_cast<BtfKind>(kind));
  return returned(env, k_btf_find_by_name_kind, found ? static_cast<int64_t>(found.value) : -ENOENT);
}

}  // namespace spile::helpers
