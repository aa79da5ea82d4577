#include "backend/object/btf_scan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/btf.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "backend/object/btf.h"
#include "backend/object/btf_check.h"
#include "support/file.h"

namespace spile::object {

namespace {

constexpr unsigned kDeepest = 32;  // declarators in declarators; deeper ones turn in circles

BtfKind kind_of(const btf_type &type) { return static_cast<BtfKind>(BTF_INFO_KIND(type.info)); }

template <class T>
T load(std::span<const std::byte> bytes, size_t offset) {
  T value{};
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof value)
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

struct BtfScan::Type {
  BtfKind kind = BtfKind::Void;
  uint32_t count = 0, of = 0;
  std::string_view name;
  size_t more = 0;  // where what follows lies in types_
};

Result<BtfScan> BtfScan::open(const std::string &path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return os_error(errno, path);
  auto bytes = std::make_unique<std::vector<std::byte>>(static_cast<size_t>(status.st_size));
  const auto got = read_at(file, 0, *bytes, path);
  if (!got) return std::unexpected(got.error());
  bytes->resize(*got);
  auto scan = of(*bytes);
  if (!scan) return input_error("{}: {}", path, scan.error().message);
  scan->file_ = std::move(bytes);
  return scan;
}

Result<BtfScan> BtfScan::of(std::span<const std::byte> bytes) {
  BtfScan scan;
  if (auto indexed = scan.index(bytes); !indexed) return std::unexpected(indexed.error());
  return scan;
}

Result<void> BtfScan::index(std::span<const std::byte> bytes) {
  const auto header = load<btf_header>(bytes, 0);
  const auto part = [&](uint32_t offset, uint32_t size) -> std::span<const std::byte> {
    const uint64_t begin = uint64_t{header.hdr_len} + offset;
    if (begin > bytes.size() || size > bytes.size() - begin) return {};
    return bytes.subspan(begin, size);
  };
  if (header.magic != BTF_MAGIC) return input_error("it is no BTF of this machine's byte order");
  types_ = part(header.type_off, header.type_len);
  strings_ = part(header.str_off, header.str_len);
  offsets_.reserve(types_.size() / 24);
  offsets_.push_back(0);
  for (size_t at = 0; at + sizeof(btf_type) <= types_.size();) {
    const auto type = load<btf_type>(types_, at);
    const size_t more = btf_tail_size(kind_of(type), BTF_INFO_VLEN(type.info));
    if (more > types_.size() - at - sizeof(btf_type)) return input_error("its types are damaged");
    offsets_.push_back(static_cast<uint32_t>(at));
    at += sizeof(btf_type) + more;
  }
  return {};
}

std::string_view BtfScan::string(uint32_t offset) const {
  if (offset >= strings_.size()) return {};
  const auto *begin = reinterpret_cast<const char *>(strings_.data()) + offset;
  return {begin, ::strnlen(begin, strings_.size() - offset)};
}

BtfScan::Type BtfScan::type(uint32_t id) const {
  if (id == 0 || id >= offsets_.size()) return {};
  const auto type = load<btf_type>(types_, offsets_[id]);
  return {kind_of(type), BTF_INFO_VLEN(type.info), type.type, string(type.name_off), offsets_[id] + sizeof type};
}

void BtfScan::each_function(const Visit &visit) const { each(BtfKind::Func, visit); }
void BtfScan::each_typedef(const Visit &visit) const { each(BtfKind::Typedef, visit); }
void BtfScan::each(BtfKind kind, const Visit &visit) const {
  for (size_t id = 1; id < offsets_.size(); id++) {
    const auto found = load<btf_type>(types_, offsets_[id]);
    if (kind_of(found) == kind) visit(string(found.name_off), found.type);
  }
}

// Declarators grow from the name outwards, as C has them.
std::string BtfScan::declare(uint32_t id, std::string declarator, unsigned depth) const {
  if (depth > kDeepest) return "...";
  const Type found = type(id);
  const auto named = [&](std::string_view what) {
    std::string text(what);
    text += found.name.empty() ? "{ ... }" : found.name;
    return declarator.empty() ? text : text + " " + declarator;
  };
  const BtfKind inner = type(found.of).kind;
  switch (found.kind) {
    case BtfKind::Void:
      return declarator.empty() ? "void" : "void " + declarator;
    case BtfKind::Ptr:
      declarator.insert(0, "*");
      if (inner == BtfKind::Array || inner == BtfKind::FuncProto) declarator = "(" + declarator + ")";
      return declare(found.of, std::move(declarator), depth + 1);
    case BtfKind::Const:
    case BtfKind::Volatile:
    case BtfKind::Restrict: {
      const std::string word = found.kind == BtfKind::Const      ? "const"
                               : found.kind == BtfKind::Volatile ? "volatile"
                                                                 : "restrict";
      if (inner == BtfKind::Ptr)
        return declare(found.of, declarator.empty() ? word : word + " " + declarator, depth + 1);
      return word + " " + declare(found.of, std::move(declarator), depth + 1);
    }
    case BtfKind::TypeTag:
      return declare(found.of, std::move(declarator), depth + 1);
    case BtfKind::Array: {
      const auto array = load<btf_array>(types_, found.more);
      return declare(array.type, fmt::format("{}[{}]", declarator, array.nelems), depth + 1);
    }
    case BtfKind::FuncProto: {
      std::string list;
      for (const std::string &parameter : parameters_at(id, depth + 1)) list += (list.empty() ? "" : ", ") + parameter;
      return declare(found.of, fmt::format("{}({})", declarator, list.empty() ? "void" : list), depth + 1);
    }
    case BtfKind::Struct:
    case BtfKind::Fwd:
      return named("struct ");
    case BtfKind::Union:
      return named("union ");
    case BtfKind::Enum:
    case BtfKind::Enum64:
      return named("enum ");
    default:
      return named("");
  }
}

std::vector<std::string> BtfScan::parameters_at(uint32_t prototype, unsigned depth) const {
  Type found = type(prototype);
  if (found.kind == BtfKind::Ptr) found = type(found.of);
  std::vector<std::string> declared;
  if (found.kind != BtfKind::FuncProto) return declared;
  for (uint32_t i = 0; i < found.count; i++) {
    const auto parameter = load<btf_param>(types_, found.more + i * sizeof(btf_param));
    const bool is_last = i + 1 == found.count && parameter.type == 0 && parameter.name_off == 0;
    declared.push_back(is_last ? "..." : declare(parameter.type, std::string(string(parameter.name_off)), depth));
  }
  return declared;
}

std::string BtfScan::result(uint32_t prototype) const { return declare(type(prototype).of, {}, 0); }

}  // namespace spile::object
