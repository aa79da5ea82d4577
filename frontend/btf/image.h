// Image: BTF with an index of its names, laid out so that it is used where it lies: in the binary, or in a mapped file.
//
// In: the bytes that build_image() wrote. Out: types by id, and what a name means, each by touching a few cache lines;
// nothing is read, copied or built at the start. A mapped file may be damaged, so that every offset is checked when it
// is followed: a bad one gives an empty string or a type of kind Void. Called by the importer, the parser (is this name
// a typedef?) and messages.
//
// Layout: an ImageHeader, then 32-bit words: the words of the types, as in a .BTF section; where each type begins in
// them; the slots of a hash table; its entries; names that differ from the BTF's own; and the strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "backend/object/btf.h"
#include "support/result.h"

namespace spile::btf {

using object::BtfKind;

// Structs, unions and enums have names of their own kind in C; typedefs, enumerators and kfuncs share the rest. No
// program can name the kernel's other functions, but be attached to one.
enum class NameSpace : uint8_t { Tag, Ordinary, Function };

struct Section {
  uint32_t offset = 0, count = 0;  // bytes from the start of the image; words, records or (strings) bytes
};
struct ImageHeader {
  static constexpr uint64_t kMagic = 0x3266746265707373;  // "sspebtf2"
  uint64_t magic = kMagic;
  uint64_t identity = 0;  // of the file that it was made from; 0: the frozen one
  Section types, starts, slots, entries, renames, strings;
};
struct Slot {
  uint32_t hash = 0, entry = 0;  // entry: from 1; 0: free
};
// What a name means.
struct Entry {
  static constexpr uint32_t kTag = UINT32_MAX, kTypedef = kTag - 1, kKfunc = kTag - 2, kFunction = kTag - 3;
  uint32_t name = 0;  // offset in the strings
  uint32_t id = 0;
  uint32_t part = kTag;  // kTag, kTypedef, kKfunc, kFunction, or the position of an enumerator in its enum

  NameSpace space() const {
    return part == kTag ? NameSpace::Tag : part == kFunction ? NameSpace::Function : NameSpace::Ordinary;
  }
};
// The second type of a name is called name___2, as bpftool calls it in vmlinux.h. In the order of (id, part).
struct Rename {
  uint32_t id = 0, part = 0, name = 0;
};

struct TypeView {
  BtfKind kind = BtfKind::Void;
  bool flag = false;        // kind_flag
  uint32_t name = 0;        // offset
  uint32_t size_or_id = 0;  // by kind
  uint32_t count = 0;       // vlen
  std::span<const uint32_t> tail;

  // Struct, Union
  uint32_t member_type(uint32_t i) const { return tail[i * 3 + 1]; }
  uint32_t member_name(uint32_t i) const { return tail[i * 3]; }
  uint32_t member_bit_offset(uint32_t i) const { return flag ? tail[i * 3 + 2] & 0xffffff : tail[i * 3 + 2]; }
  uint32_t member_bit_width(uint32_t i) const { return flag ? tail[i * 3 + 2] >> 24 : 0; }
  // Enum, Enum64
  uint32_t enumerator_name(uint32_t i) const { return tail[i * (kind == BtfKind::Enum ? 2 : 3)]; }
  int64_t enumerator_value(uint32_t i) const;
};

class Image {
 public:
  // [bytes] must outlive the image, and begin at a multiple of 8.
  static Result<Image> view(std::span<const std::byte> bytes);

  uint64_t identity() const { return header().identity; }
  uint32_t type_count() const { return sections_.starts.count; }  // ids run from 1 to type_count() - 1
  TypeView type(uint32_t id) const;
  std::string_view string(uint32_t offset) const;
  // The name of a type, or of enumerator [part] of an enum, as a program writes it.
  std::string_view name_of(uint32_t id, uint32_t part, uint32_t name) const;
  const Entry *find(NameSpace space, std::string_view name) const;
  bool is_typedef(std::string_view name) const;
  // The name most like [name]; empty when none is near. Looks at all names: for messages.
  std::string_view nearest(NameSpace space, std::string_view name) const;

  // The types as the bytes of a .BTF section, for those who want them whole.
  std::vector<std::byte> raw() const;

  static uint32_t hash(NameSpace space, std::string_view name);

 private:
  const ImageHeader &header() const { return *reinterpret_cast<const ImageHeader *>(bytes_.data()); }
  template <class T>
  std::span<const T> section(const Section &section) const {
    return {reinterpret_cast<const T *>(bytes_.data() + section.offset), section.count};
  }
  std::span<const std::byte> bytes_;
  ImageHeader sections_;  // a copy, so that what was checked is what is used
};

}  // namespace spile::btf
