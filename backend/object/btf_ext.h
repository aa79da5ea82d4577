// .BTF.ext: which line, which function type and which CO-RE access belongs to an instruction.
//
// The layout is that of the kernel and libbpf (struct btf_ext_header): three tables, each a record size followed by
// blocks of { section name, count, records }. Names, files and source lines are offsets into the strings of .BTF,
// which is why writing goes through BtfStrings. Called by read_elf and write_elf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/object/object.h"
#include "support/result.h"

namespace spile::object {

// Copied text is bounded: a file of n bytes can name one long string n times. Past it, reading fails with an Error.
inline constexpr size_t kMaxCopiedText = size_t{256} << 20;

// Reads the section's [bytes] for an object whose sections and BTF are known. Blocks of sections that the object does
// not keep are skipped.
Result<std::vector<CodeInfo>> parse_btf_ext(std::span<const std::byte> bytes, const Object &object);

// The strings of a .BTF section, growing: what .BTF.ext names is added behind what the types name.
class BtfStrings {
 public:
  // [btf]: a whole .BTF section; outlives this.
  explicit BtfStrings(std::span<const std::byte> btf);
  uint32_t offset_of(std::string_view text);  // [text] outlives this
  // The .BTF section with every string that was asked for.
  std::vector<std::byte> section() const;

 private:
  std::span<const std::byte> btf_;
  uint32_t size_ = 0;
  std::unordered_map<std::string_view, uint32_t> offsets_;
  std::vector<std::string_view> added_;
};

// The section's bytes; empty when no instruction of the object has any information.
std::vector<std::byte> build_btf_ext(const Object &object, BtfStrings &strings);

}  // namespace spile::object
