#include "backend/object/btf_ext.h"

#include <linux/bpf.h>
#include <linux/btf.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace spile::object {

namespace {

// libbpf_internal.h has these; they are no uapi, but every loader reads them.
struct BtfExtHeader {
  uint16_t magic = BTF_MAGIC;
  uint8_t version = BTF_VERSION;
  uint8_t flags = 0;
  uint32_t header_size = sizeof(BtfExtHeader);
  uint32_t func_offset = 0, func_size = 0;
  uint32_t line_offset = 0, line_size = 0;
  uint32_t core_offset = 0, core_size = 0;
};
static_assert(sizeof(BtfExtHeader) == 32);
// Before CO-RE the header ended after line_size.
constexpr uint32_t kHeaderSizeWithoutCore = 24;

struct FuncRecord {
  uint32_t offset, type;
};
struct LineRecord {
  uint32_t offset, file, text, line_column;
};
struct CoreRecord {
  uint32_t offset, type, access, kind;
};
static_assert(sizeof(FuncRecord) == sizeof(bpf_func_info) && sizeof(LineRecord) == sizeof(bpf_line_info) &&
              sizeof(CoreRecord) == sizeof(bpf_core_relo));

template <class T>
T load(std::span<const std::byte> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const Object &object) : bytes_(bytes), object_(object) {
    by_section_.resize(object.sections.size());
  }

  Result<std::vector<CodeInfo>> run() {
    BtfExtHeader header{};
    if (bytes_.size() < kHeaderSizeWithoutCore) return input_error(".BTF.ext: {} bytes are too few", bytes_.size());
    std::memcpy(&header, bytes_.data(), kHeaderSizeWithoutCore);
    if (header.magic != BTF_MAGIC) return input_error(".BTF.ext: its magic is {:#06x}, not 0xeb9f", header.magic);
    if (header.version != BTF_VERSION) return unsupported_error(".BTF.ext: version {} is not known", header.version);
    if (header.header_size < kHeaderSizeWithoutCore || header.header_size > bytes_.size())
      return input_error(".BTF.ext: a header of {} bytes in a section of {}", header.header_size, bytes_.size());
    header.core_offset = header.core_size = 0;
    std::memcpy(&header, bytes_.data(), std::min<size_t>(header.header_size, sizeof header));

    body_ = bytes_.subspan(header.header_size);
    auto add_func = [this](CodeInfo &info, const FuncRecord &record) { return add(info, record); };
    auto add_line = [this](CodeInfo &info, const LineRecord &record) { return add(info, record); };
    auto add_core = [this](CodeInfo &info, const CoreRecord &record) { return add(info, record); };
    if (auto ok = table<FuncRecord>("function", header.func_offset, header.func_size, add_func); !ok)
      return std::unexpected(ok.error());
    if (auto ok = table<LineRecord>("line", header.line_offset, header.line_size, add_line); !ok)
      return std::unexpected(ok.error());
    if (auto ok = table<CoreRecord>("CO-RE", header.core_offset, header.core_size, add_core); !ok)
      return std::unexpected(ok.error());

    std::vector<CodeInfo> result;
    for (CodeInfo &info : by_section_) {
      if (!info.section) continue;
      std::ranges::stable_sort(info.lines, {}, &LineInfo::offset);
      std::ranges::stable_sort(info.funcs, {}, &FuncInfo::offset);
      std::ranges::stable_sort(info.core, {}, &CoreReloc::offset);
      result.push_back(std::move(info));
    }
    return result;
  }

 private:
  template <class Record, class Add>
  Result<void> table(const char *what, uint32_t offset, uint32_t size, Add add_record) {
    if (size == 0) return {};
    if (uint64_t{offset} + size > body_.size() || size < sizeof(uint32_t))
      return input_error(".BTF.ext: {} information at {:#x}, {:#x} bytes long, in {:#x} bytes", what, offset, size,
                         body_.size());
    const auto bytes = body_.subspan(offset, size);
    const auto record_size = load<uint32_t>(bytes, 0);
    if (record_size < sizeof(Record)) return input_error(".BTF.ext: {} records of {} bytes", what, record_size);
    size_t at = sizeof(uint32_t);
    while (at < bytes.size()) {
      if (bytes.size() - at < 2 * sizeof(uint32_t)) return input_error(".BTF.ext: {} information is cut off", what);
      const auto name = load<uint32_t>(bytes, at);
      const auto count = load<uint32_t>(bytes, at + 4);
      at += 2 * sizeof(uint32_t);
      if (uint64_t{count} * record_size > bytes.size() - at)
        return input_error(".BTF.ext: {} {} records do not fit", count, what);
      const SectionId section = object_.find_section(object_.btf.string(name));
      for (uint32_t i = 0; i < count; i++, at += record_size) {
        if (!section) continue;
        const auto record = load<Record>(bytes, at);
        if (record.offset >= object_[section].size)
          return input_error(".BTF.ext: {} information for byte {:#x} of `{}`, which has {:#x} bytes", what,
                             record.offset, object_[section].name, object_[section].size);
        by_section_[section.index].section = section;
        if (Result<void> added = add_record(by_section_[section.index], record); !added) return added;
      }
    }
    return {};
  }

  Result<std::string> text(uint32_t offset) {
    const std::string_view view = object_.btf.string(offset);
    if (view.data() == nullptr) return input_error(".BTF.ext: a string at {:#x} is past the end of .BTF's", offset);
    copied_ += view.size();
    if (copied_ > kMaxCopiedText) return input_error(".BTF.ext: more than {} bytes of text", kMaxCopiedText);
    return std::string(view);
  }

  Result<void> add(CodeInfo &info, const FuncRecord &record) {
    if (object_.btf.type(BtfId{record.type}).kind != BtfKind::Func)
      return input_error(".BTF.ext: the function at byte {:#x} has type [{}], which is no function", record.offset,
                         record.type);
    info.funcs.push_back({record.offset, BtfId{record.type}});
    return {};
  }
  Result<void> add(CodeInfo &info, const LineRecord &record) {
    auto file = text(record.file);
    if (!file) return std::unexpected(file.error());
    auto source = text(record.text);
    if (!source) return std::unexpected(source.error());
    info.lines.push_back({record.offset, BPF_LINE_INFO_LINE_NUM(record.line_column),
                          BPF_LINE_INFO_LINE_COL(record.line_column), *std::move(file), *std::move(source)});
    return {};
  }
  Result<void> add(CodeInfo &info, const CoreRecord &record) {
    if (record.type >= object_.btf.type_count())
      return input_error(".BTF.ext: the CO-RE relocation at byte {:#x} has type [{}], which does not exist",
                         record.offset, record.type);
    auto access = text(record.access);
    if (!access) return std::unexpected(access.error());
    info.core.push_back({record.offset, BtfId{record.type}, *std::move(access), record.kind});
    return {};
  }

  std::span<const std::byte> bytes_, body_;
  const Object &object_;
  std::vector<CodeInfo> by_section_;
  size_t copied_ = 0;
};

}  // namespace

Result<std::vector<CodeInfo>> parse_btf_ext(std::span<const std::byte> bytes, const Object &object) {
  return Parser(bytes, object).run();
}

// ---- Writing

BtfStrings::BtfStrings(std::span<const std::byte> btf) : btf_(btf) {
  const auto header = load<btf_header>(btf, 0);
  size_ = header.str_len;
  const auto *strings = reinterpret_cast<const char *>(btf.data()) + header.hdr_len + header.str_off;
  for (uint32_t at = 0; at < size_;) {
    const std::string_view text(strings + at);
    offsets_.emplace(text, at);
    at += static_cast<uint32_t>(text.size()) + 1;
  }
}

uint32_t BtfStrings::offset_of(std::string_view text) {
  const auto [found, is_new] = offsets_.try_emplace(text, size_);
  if (is_new) {
    added_.push_back(text);
    size_ += static_cast<uint32_t>(text.size()) + 1;
  }
  return found->second;
}

std::vector<std::byte> BtfStrings::section() const {
  auto header = load<btf_header>(btf_, 0);
  // What stands behind the strings, if anything, belongs to nobody.
  std::vector<std::byte> bytes(btf_.begin(), btf_.begin() + header.hdr_len + header.str_off + header.str_len);
  for (std::string_view text : added_) {
    const auto *first = reinterpret_cast<const std::byte *>(text.data());
    bytes.insert(bytes.end(), first, first + text.size());
    bytes.push_back(std::byte{0});
  }
  header.str_len = size_;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

namespace {

template <class T>
void append(std::vector<std::byte> &bytes, const T &value) {
  const auto *first = reinterpret_cast<const std::byte *>(&value);
  bytes.insert(bytes.end(), first, first + sizeof value);
}

// One table: [items] of each section that has some, turned into records. Returns its size in bytes.
template <class Item, class ToRecord>
uint32_t append_table(std::vector<std::byte> &bytes, const Object &object, BtfStrings &strings,
                      std::vector<Item> CodeInfo::*items, ToRecord to_record) {
  const size_t begin = bytes.size();
  for (const CodeInfo &info : object.code_info) {
    if ((info.*items).empty()) continue;
    if (bytes.size() == begin) append(bytes, static_cast<uint32_t>(sizeof(to_record((info.*items).front()))));
    append(bytes, strings.offset_of(object[info.section].name));
    append(bytes, static_cast<uint32_t>((info.*items).size()));
    for (const Item &item : info.*items) append(bytes, to_record(item));
  }
  return static_cast<uint32_t>(bytes.size() - begin);
}

// BPF_LINE_INFO_* of the kernel: 22 bits of line, 10 bits of column. What does not fit is unknown, not wrong.
uint32_t line_column(const LineInfo &line) {
  constexpr uint32_t kMaxLine = (1u << 22) - 1, kMaxColumn = (1u << 10) - 1;
  return (line.line > kMaxLine ? 0 : line.line) << 10 | (line.column > kMaxColumn ? 0 : line.column);
}

}  // namespace

std::vector<std::byte> build_btf_ext(const Object &object, BtfStrings &strings) {
  BtfExtHeader header;
  std::vector<std::byte> bytes(sizeof header);
  header.func_size = append_table(bytes, object, strings, &CodeInfo::funcs,
                                  [](const FuncInfo &f) { return FuncRecord{f.offset, f.type.value}; });
  header.line_offset = header.func_size;
  header.line_size = append_table(bytes, object, strings, &CodeInfo::lines, [&](const LineInfo &l) {
    return LineRecord{l.offset, strings.offset_of(l.file), strings.offset_of(l.text), line_column(l)};
  });
  header.core_offset = header.line_offset + header.line_size;
  header.core_size = append_table(bytes, object, strings, &CodeInfo::core, [&](const CoreReloc &c) {
    return CoreRecord{c.offset, c.type.value, strings.offset_of(c.access), c.kind};
  });
  if (bytes.size() == sizeof header) return {};
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

}  // namespace spile::object
