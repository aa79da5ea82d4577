#include "backend/object/btf_scan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/btf.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "support/file.h"

namespace spile::object {

namespace {

// Newer than some distributions' linux/btf.h.
constexpr uint32_t kDeclTag = 17, kTypeTag = 18, kEnum64 = 19;
constexpr unsigned kDeepest = 32;  // declarators in declarators; deeper ones turn in circles

// Bytes of a type behind its btf_type; none: no kind of today.
std::optional<size_t> more_of(uint32_t kind, uint32_t count) {
  switch (kind) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case kDeclTag:
      return 4;
    case BTF_KIND_PTR:
    case BTF_KIND_FWD:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case kTypeTag:
      return 0;
    case BTF_KIND_ARRAY:
      return sizeof(btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return count * sizeof(btf_member);
    case BTF_KIND_ENUM:
      return count * sizeof(btf_enum);
    case BTF_KIND_FUNC_PROTO:
      return count * sizeof(btf_param);
    case BTF_KIND_DATASEC:
      return count * sizeof(btf_var_secinfo);
    case kEnum64:
      return size_t{count} * 12;
    default:
      return std::nullopt;
  }
}

template <class T>
T load(std::span<const std::byte> bytes, size_t offset) {
  T value{};
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof value)
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

struct BtfScan::Type {
  uint32_t kind = 0, count = 0, of = 0;  // BTF_KIND_UNKN: void
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
    const auto more = more_of(BTF_INFO_KIND(type.info), BTF_INFO_VLEN(type.info));
    if (!more || *more > types_.size() - at - sizeof(btf_type)) return input_error("its types are damaged");
    offsets_.push_back(static_cast<uint32_t>(at));
    at += sizeof(btf_type) + *more;
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
  return {BTF_INFO_KIND(type.info), BTF_INFO_VLEN(type.info), type.type, string(type.name_off),
          offsets_[id] + sizeof type};
}

void BtfScan::each(uint32_t kind, const Visit &visit) const {
  for (size_t id = 1; id < offsets_.size(); id++) {
    const auto found = load<btf_type>(types_, offsets_[id]);
    if (BTF_INFO_KIND(found.info) == kind) visit(string(found.name_off), found.type);
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
  const uint32_t inner = type(found.of).kind;
  switch (found.kind) {
    case BTF_KIND_UNKN:
      return declarator.empty() ? "void" : "void " + declarator;
    case BTF_KIND_PTR:
      declarator.insert(0, "*");
      if (inner == BTF_KIND_ARRAY || inner == BTF_KIND_FUNC_PROTO) declarator = "(" + declarator + ")";
      return declare(found.of, std::move(declarator), depth + 1);
    case BTF_KIND_CONST:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_RESTRICT: {
      const std::string word = found.kind == BTF_KIND_CONST      ? "const"
                               : found.kind == BTF_KIND_VOLATILE ? "volatile"
                                                                 : "restrict";
      if (inner == BTF_KIND_PTR)
        return declare(found.of, declarator.empty() ? word : word + " " + declarator, depth + 1);
      return word + " " + declare(found.of, std::move(declarator), depth + 1);
    }
    case kTypeTag:
      return declare(found.of, std::move(declarator), depth + 1);
    case BTF_KIND_ARRAY: {
      const auto array = load<btf_array>(types_, found.more);
      return declare(array.type, fmt::format("{}[{}]", declarator, array.nelems), depth + 1);
    }
    case BTF_KIND_FUNC_PROTO: {
      std::string list;
      for (const std::string &parameter : parameters_at(id, depth + 1)) list += (list.empty() ? "" : ", ") + parameter;
      return declare(found.of, fmt::format("{}({})", declarator, list.empty() ? "void" : list), depth + 1);
    }
    case BTF_KIND_STRUCT:
      return named("struct ");
    case BTF_KIND_UNION:
      return named("union ");
    case BTF_KIND_FWD:
      return named("struct ");
    case BTF_KIND_ENUM:
    case kEnum64:
      return named("enum ");
    default:
      return named("");
  }
}

std::vector<std::string> BtfScan::parameters_at(uint32_t prototype, unsigned depth) const {
  const Type found = type(prototype);
  std::vector<std::string> declared;
  if (found.kind != BTF_KIND_FUNC_PROTO) return declared;
  for (uint32_t i = 0; i < found.count; i++) {
    const auto parameter = load<btf_param>(types_, found.more + i * sizeof(btf_param));
    const bool is_last = i + 1 == found.count && parameter.type == 0 && parameter.name_off == 0;
    declared.push_back(is_last ? "..." : declare(parameter.type, std::string(string(parameter.name_off)), depth));
  }
  return declared;
}

std::string BtfScan::result(uint32_t prototype) const { return declare(type(prototype).of, {}, 0); }

}  // namespace spile::object
