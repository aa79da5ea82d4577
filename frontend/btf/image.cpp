#include "frontend/btf/image.h"

#include <linux/btf.h>

#include <algorithm>
#include <cstring>

#include "backend/object/btf_check.h"
#include "frontend/types/types.h"

namespace spile::btf {

int64_t TypeView::enumerator_value(uint32_t i) const {
  if (kind == BtfKind::Enum64)
    return static_cast<int64_t>(uint64_t{tail[i * 3 + 1]} | (uint64_t{tail[i * 3 + 2]} << 32));
  const uint32_t value = tail[i * 2 + 1];
  return flag ? int64_t{static_cast<int32_t>(value)} : int64_t{value};
}

Result<Image> Image::view(std::span<const std::byte> bytes) {
  Image image;
  image.bytes_ = bytes;
  if (bytes.size() < sizeof(ImageHeader)) return input_error("an index of BTF with {} bytes", bytes.size());
  std::memcpy(&image.sections_, bytes.data(), sizeof(ImageHeader));
  const ImageHeader &header = image.sections_;
  if (header.magic != ImageHeader::kMagic) return input_error("not an index of BTF");
  const auto fits = [&](const Section &section, size_t size) {
    return section.offset % 4 == 0 && section.offset + uint64_t{section.count} * size <= bytes.size();
  };
  const uint32_t slots = header.slots.count;
  if (!fits(header.types, 4) || !fits(header.starts, 4) || !fits(header.slots, sizeof(Slot)) ||
      !fits(header.entries, sizeof(Entry)) || !fits(header.renames, sizeof(Rename)) || !fits(header.strings, 1) ||
      slots == 0 || (slots & (slots - 1)) != 0 || header.strings.count == 0 ||
      bytes[header.strings.offset + header.strings.count - 1] != std::byte{0})
    return input_error("a damaged index of BTF");
  return image;
}

TypeView Image::type(uint32_t id) const {
  TypeView view;
  const auto starts = section<uint32_t>(sections_.starts);
  const auto words = section<uint32_t>(sections_.types);
  if (id == 0 || id >= starts.size() || starts[id] + size_t{3} > words.size()) return view;
  const auto own = words.subspan(starts[id]);
  const auto kind = static_cast<BtfKind>((own[1] >> 24) & 31);
  const size_t tail = object::btf_tail_size(kind, own[1] & 0xffff) / sizeof(uint32_t);
  if (tail > own.size() - 3) return view;
  return {kind, (own[1] >> 31) != 0, own[0], own[2], own[1] & 0xffff, own.subspan(3, tail)};
}

std::string_view Image::string(uint32_t offset) const {
  // The last byte of the strings is a NUL.
  const auto strings = section<char>(sections_.strings);
  return offset < strings.size() ? std::string_view(strings.data() + offset) : std::string_view{};
}

std::string_view Image::name_of(uint32_t id, uint32_t part, uint32_t name) const {
  const auto renames = section<Rename>(sections_.renames);
  const auto it = std::ranges::lower_bound(renames, std::pair(id, part), {},
                                           [](const Rename &r) { return std::pair(r.id, r.part); });
  return string(it != renames.end() && it->id == id && it->part == part ? it->name : name);
}

uint32_t Image::hash(NameSpace space, std::string_view name) {
  uint32_t hash = 2166136261u + static_cast<uint32_t>(space) * 40389u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

const Entry *Image::find(NameSpace space, std::string_view name) const {
  const auto slots = section<Slot>(sections_.slots);
  const auto entries = section<Entry>(sections_.entries);
  const uint32_t hashed = hash(space, name);
  const size_t mask = slots.size() - 1;
  // A damaged table may have no free slot: no more steps than slots.
  for (size_t i = hashed & mask, steps = 0; slots[i].entry != 0 && steps < slots.size(); i = (i + 1) & mask, steps++) {
    if (slots[i].hash != hashed || slots[i].entry > entries.size()) continue;
    const Entry &entry = entries[slots[i].entry - 1];
    if (entry.space() == space && string(entry.name) == name) return &entry;
  }
  return nullptr;
}

bool Image::is_typedef(std::string_view name) const {
  const Entry *entry = find(NameSpace::Ordinary, name);
  return entry != nullptr && entry->part == Entry::kTypedef;
}

std::string_view Image::nearest(NameSpace space, std::string_view name) const {
  std::vector<std::string_view> names;
  for (const Entry &entry : section<Entry>(sections_.entries))
    if (entry.space() == space) names.push_back(string(entry.name));
  return types::nearest_name(names, name);
}

std::vector<std::byte> Image::raw() const {
  const auto types = std::as_bytes(section<uint32_t>(sections_.types));
  const auto strings = section<std::byte>(sections_.strings);
  btf_header header{};
  header.magic = BTF_MAGIC;
  header.version = BTF_VERSION;
  header.hdr_len = sizeof header;
  header.type_len = static_cast<uint32_t>(types.size());
  header.str_off = header.type_len;
  header.str_len = static_cast<uint32_t>(strings.size());
  const auto head = std::as_bytes(std::span(&header, 1));
  std::vector<std::byte> bytes;
  bytes.reserve(head.size() + types.size() + strings.size());
  for (const std::span<const std::byte> part : {head, types, std::as_bytes(strings)})
    bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

}  // namespace spile::btf
