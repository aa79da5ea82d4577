#include "frontend/btf/build_image.h"

#include <linux/btf.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "backend/object/btf_check.h"
#include "frontend/btf/image.h"

namespace spile::btf {

namespace {

class Builder {
 public:
  Builder(std::span<const std::byte> types, std::span<const std::byte> strings)
      : words_(types.size() / 4), strings_(strings.size()) {
    if (!types.empty()) std::memcpy(words_.data(), types.data(), types.size());
    std::memcpy(strings_.data(), strings.data(), strings.size());
  }

  std::vector<std::byte> run(uint64_t identity) {
    find_starts();
    size_slots();
    // In the order of ids, which is that in which bpftool writes them, so that name___2 is the same type as there.
    for (uint32_t id = 1; id < starts_.size(); id++) index_type(id);
    // A forward declaration counts only where nothing defines the tag.
    for (const uint32_t id : forwards_)
      if (lookup(NameSpace::Tag, text(name(id))) == nullptr) add({name(id), id, Entry::kTag}, text(name(id)));
    for (const uint32_t id : kfuncs_)
      if (lookup(NameSpace::Ordinary, text(name(id))) == nullptr) add({name(id), id, Entry::kKfunc}, text(name(id)));
    return write(identity);
  }

 private:
  BtfKind kind(uint32_t id) const { return static_cast<BtfKind>((words_[starts_[id] + 1] >> 24) & 31); }
  uint32_t count(uint32_t id) const { return words_[starts_[id] + 1] & 0xffff; }
  uint32_t name(uint32_t id) const { return words_[starts_[id]]; }
  std::string_view text(uint32_t offset) const { return {strings_.data() + offset}; }

  void find_starts() {
    starts_.push_back(0);
    for (size_t at = 0; at < words_.size();) {
      const auto id = static_cast<uint32_t>(starts_.size());
      starts_.push_back(static_cast<uint32_t>(at));
      at += 3 + object::btf_tail_size(kind(id), count(id)) / sizeof(uint32_t);
    }
  }

  void size_slots() {
    size_t names = 0;
    for (uint32_t id = 1; id < starts_.size(); id++) {
      const BtfKind k = kind(id);
      names += 1;
      if (k == BtfKind::Enum || k == BtfKind::Enum64) names += count(id);
    }
    // An upper bound for half of the names: types without one and functions are no entries.
    slots_.resize(std::bit_ceil(names + names / 4 + 16));
    counts_.reserve(names);
    entries_.reserve(names);
  }

  void index_type(uint32_t id) {
    switch (kind(id)) {
      case BtfKind::Struct:
      case BtfKind::Union:
        insert({name(id), id, Entry::kTag});
        break;
      case BtfKind::Enum:
      case BtfKind::Enum64: {
        insert({name(id), id, Entry::kTag});
        const size_t size = kind(id) == BtfKind::Enum ? 2 : 3;
        for (uint32_t i = 0; i < count(id); i++) insert({words_[starts_[id] + 3 + i * size], id, i});
        break;
      }
      case BtfKind::Typedef:
        insert({name(id), id, Entry::kTypedef});
        break;
      case BtfKind::Func:
        add({name(id), id, Entry::kFunction}, text(name(id)));
        break;
      case BtfKind::Fwd:
        if (name(id) != 0) forwards_.push_back(id);
        break;
      case BtfKind::DeclTag:
        if (text(name(id)) == "bpf_kfunc") {
          const uint32_t function = words_[starts_[id] + 2];
          if (function != 0 && kind(function) == BtfKind::Func) kfuncs_.push_back(function);
        }
        break;
      case BtfKind::Void:
      case BtfKind::Int:
      case BtfKind::Ptr:
      case BtfKind::Array:
      case BtfKind::Volatile:
      case BtfKind::Const:
      case BtfKind::Restrict:
      case BtfKind::FuncProto:
      case BtfKind::Var:
      case BtfKind::DataSec:
      case BtfKind::Float:
      case BtfKind::TypeTag:
        break;
    }
  }

  size_t slot_of(NameSpace space, std::string_view name, uint32_t hashed) const {
    const size_t mask = slots_.size() - 1;
    size_t i = hashed & mask;
    for (; slots_[i].entry != 0; i = (i + 1) & mask) {
      const Entry &entry = entries_[slots_[i].entry - 1];
      if (slots_[i].hash == hashed && entry.space() == space && text(entry.name) == name) break;
    }
    return i;
  }
  const Entry *lookup(NameSpace space, std::string_view name) const {
    const Slot &slot = slots_[slot_of(space, name, Image::hash(space, name))];
    return slot.entry != 0 ? &entries_[slot.entry - 1] : nullptr;
  }
  // The count of its name; 1 for the first.
  uint32_t add(const Entry &entry, std::string_view name) {
    const uint32_t hashed = Image::hash(entry.space(), name);
    Slot &slot = slots_[slot_of(entry.space(), name, hashed)];
    if (slot.entry != 0) return ++counts_[slot.entry - 1];
    entries_.push_back(entry);
    counts_.push_back(1);
    slot = {hashed, static_cast<uint32_t>(entries_.size())};
    return 1;
  }
  void insert(Entry entry) {
    if (entry.name == 0) return;
    const std::string_view original = text(entry.name);
    const uint32_t number = add(entry, original);
    if (number == 1) return;
    const std::string renamed = fmt::format("{}___{}", original, number);
    entry.name = static_cast<uint32_t>(strings_.size());
    strings_.insert(strings_.end(), renamed.c_str(), renamed.c_str() + renamed.size() + 1);
    renames_.push_back({entry.id, entry.part, entry.name});
    add(entry, renamed);
  }

  std::vector<std::byte> write(uint64_t identity) {
    ImageHeader header;
    header.identity = identity;
    std::vector<std::byte> out(sizeof header);
    const auto append = [&](Section &section, const auto &items) {
      out.resize((out.size() + 7) & ~size_t{7});
      section = {static_cast<uint32_t>(out.size()), static_cast<uint32_t>(items.size())};
      const auto bytes = std::as_bytes(std::span(items));
      out.insert(out.end(), bytes.begin(), bytes.end());
    };
    append(header.types, words_);
    append(header.starts, starts_);
    append(header.slots, slots_);
    append(header.entries, entries_);
    // An enum's own name comes after its enumerators in the order of renames: kTag is the largest part.
    std::ranges::sort(renames_, {}, [](const Rename &r) { return std::pair(r.id, r.part); });
    append(header.renames, renames_);
    append(header.strings, strings_);
    std::memcpy(out.data(), &header, sizeof header);
    return out;
  }

  std::vector<uint32_t> words_, starts_;
  std::vector<char> strings_;
  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> counts_;  // by entry: types of its name
  std::vector<Rename> renames_;
  std::vector<uint32_t> forwards_, kfuncs_;
};

}  // namespace

Result<std::vector<std::byte>> build_image(std::span<const std::byte> btf, uint64_t identity) {
  if (Result<void> checked = object::check_btf(btf); !checked) return std::unexpected(checked.error());
  btf_header header{};
  std::memcpy(&header, btf.data(), sizeof header);
  const auto types = btf.subspan(size_t{header.hdr_len} + header.type_off, header.type_len);
  const auto strings = btf.subspan(size_t{header.hdr_len} + header.str_off, header.str_len);
  // Offsets in an image have 32 bits, and an index is at most some six times its BTF.
  constexpr size_t kMaxBtf = size_t{256} << 20;
  if (btf.size() > kMaxBtf) return unsupported_error(".BTF: {} bytes; at most {} are taken", btf.size(), kMaxBtf);
  return Builder(types, strings).run(identity);
}

}  // namespace spile::btf
