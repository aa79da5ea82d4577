#include "backend/object/kconfig.h"

#include <linux/bpf.h>
#include <linux/btf.h>
#include <sys/utsname.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <tuple>
#include <vector>

#include "backend/object/map_definitions.h"

namespace spile::object {

namespace {

// More than any kernel's configuration has (about 300 KB).
constexpr size_t kMaxConfig = size_t{16} << 20;

constexpr uint32_t kernel_version(uint32_t major, uint32_t minor, uint32_t patch) {
  return major << 16 | minor << 8 | std::min(patch, 255u);
}

// "6.1.0-13-amd64" → KERNEL_VERSION(6, 1, 0); 0 when [text] begins with no version.
uint32_t version_of(std::string_view text) {
  uint32_t parts[3] = {};
  const char *at = text.data(), *end = text.data() + text.size();
  for (uint32_t &part : parts) {
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc{}) break;
    at = next;
    if (at == end || *at != '.') break;
    at++;
  }
  return kernel_version(parts[0], parts[1], parts[2]);
}

Result<std::string> read_text(const std::string &path) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "re"), gzclose);
  if (file == nullptr) return os_error(errno != 0 ? errno : ENOMEM, fmt::format("opening `{}`", path));
  std::string text;
  for (;;) {
    const size_t filled = text.size();
    if (filled > kMaxConfig)
      return input_error("{}: larger than {} bytes, so no kernel's configuration", path, kMaxConfig);
    text.resize(filled + 65536);
    const int got = gzread(file.get(), text.data() + filled, 65536);
    if (got < 0) return input_error("{}: it cannot be read as text or gzip", path);
    text.resize(filled + static_cast<size_t>(got));
    if (got == 0) return text;
  }
}

// Types that libbpf lets an option have.
enum class OptionType : uint8_t { Unknown, Bool, Tristate, Char, Int, String };

struct Option {
  std::string_view name;
  OptionType type = OptionType::Unknown;
  bool is_signed = false, is_weak = false;
  uint32_t size = 0, align = 1, offset = 0;
  SymbolId symbol;
};

void find_type(const Btf &btf, BtfId id, Option &option) {
  const BtfId resolved = btf.resolve(id);
  const BtfType type = btf.type(resolved);
  option.size = static_cast<uint32_t>(btf.size_of(resolved));
  option.align = std::clamp(option.size, 1u, 8u);
  option.is_signed = type.is_signed;
  switch (type.kind) {
    case BtfKind::Int:
      option.type = type.is_bool ? OptionType::Bool : option.size == 1 ? OptionType::Char : OptionType::Int;
      if (option.size > 8 || (option.size & (option.size - 1)) != 0) option.type = OptionType::Unknown;
      return;
    case BtfKind::Enum:
      if (option.size == 4 && type.name == "libbpf_tristate") option.type = OptionType::Tristate;
      return;
    case BtfKind::Array:
      option.align = 1;
      if (btf.size_of(type.type) == 1 && type.length != 0) option.type = OptionType::String;
      return;
    default:
      return;
  }
}

class Placer {
 public:
  Placer(Object &object, const Kconfig *values) : object_(object), values_(values) {}

  Result<void> run() {
    if (Result<void> collected = collect(); !collected || options_.empty()) return collected;
    lay_out();
    std::vector<std::byte> bytes(size_);
    for (const Option &option : options_)
      if (values_ != nullptr || holds_everywhere(option))
        if (Result<void> set = set_value(option, bytes.data() + option.offset); !set) return set;
    const SectionId id(object_.sections.size());
    object_.sections.push_back({.name = ".kconfig",
                                .kind = SectionKind::Rodata,
                                .size = size_,
                                .align = 8,
                                .bytes = std::move(bytes),
                                .relocs = {}});
    for (const Option &option : options_) {
      Symbol &symbol = object_.symbols[option.symbol.index];
      symbol.kind = SymbolKind::Object;
      symbol.section = id;
      symbol.value = option.offset;
      symbol.size = option.size;
    }
    Map map = global_data_map(object_, id);
    map.is_readonly = values_ != nullptr;
    map.value_type = {};  // its DATASEC still has every variable at byte 0
    object_.maps.push_back(std::move(map));
    return {};
  }

 private:
  template <class... Args>
  std::unexpected<Error> fail(const Option &option, fmt::format_string<Args...> format, Args &&...args) const {
    return input_error("{}: the kernel option `{}` {}", object_.path, option.name,
                       fmt::format(format, std::forward<Args>(args)...));
  }

  Result<void> collect() {
    const BtfId section = object_.btf.find(".kconfig", BtfKind::DataSec);
    for (const BtfVarSecInfo &part : object_.btf.variables(section)) {
      const BtfType variable = object_.btf.type(part.var);
      const auto symbol =
          std::ranges::find_if(object_.symbols, [&](const Symbol &s) { return !s.section && s.name == variable.name; });
      if (symbol == object_.symbols.end()) continue;
      Option option;
      option.name = variable.name;
      option.symbol = SymbolId(static_cast<size_t>(symbol - object_.symbols.begin()));
      option.is_weak = symbol->binding == Binding::Weak;
      find_type(object_.btf, variable.type, option);
      if (option.type == OptionType::Unknown)
        return fail(option, "has a type that no option has: bool, char, an integer, `enum libbpf_tristate` or char[]");
      options_.push_back(option);
    }
    return {};
  }

  // The largest alignment first, as libbpf does it: no gaps.
  void lay_out() {
    std::ranges::stable_sort(options_, [](const Option &a, const Option &b) {
      return std::tuple(b.align, b.size, a.name) < std::tuple(a.align, a.size, b.name);
    });
    for (Option &option : options_) {
      option.offset = (size_ + option.align - 1) / option.align * option.align;
      size_ = option.offset + option.size;
    }
  }

  // On every kernel that can be asked for here: 5.15 and later, on x86-64 or arm64.
  static bool holds_everywhere(const Option &option) {
    return option.name == "LINUX_HAS_BPF_COOKIE" || option.name == "LINUX_HAS_SYSCALL_WRAPPER";
  }

  Result<void> set_value(const Option &option, std::byte *into) const {
    constexpr std::string_view kVirtual = "LINUX_";
    if (option.name == "LINUX_KERNEL_VERSION") return set_number(option, values_->version(), into);
    if (holds_everywhere(option)) return set_number(option, 1, into);
    if (option.name.starts_with(kVirtual)) {
      if (option.is_weak) return {};
      return fail(option,
                  "is none that libbpf provides: LINUX_KERNEL_VERSION, LINUX_HAS_BPF_COOKIE, "
                  "LINUX_HAS_SYSCALL_WRAPPER");
    }
    const auto value = values_->find(option.name);
    if (!value) {
      if (option.is_weak) return {};
      auto error = fail(option, "is not set in this kernel's configuration");
      error.error().hint = "declare it `__kconfig __weak`: it is 0 then";
      return error;
    }
    if (*value == "y" || *value == "m" || *value == "n") return set_letter(option, value->front(), into);
    if (value->starts_with('"')) return set_string(option, *value, into);
    const bool is_hex = value->starts_with("0x") || value->starts_with("0X");
    const std::string_view digits = value->substr(is_hex ? 2 : 0);
    uint64_t number = 0;
    const bool is_negative = digits.starts_with('-');
    const auto [end, error] =
        std::from_chars(digits.data() + (is_negative ? 1 : 0), digits.data() + digits.size(), number, is_hex ? 16 : 10);
    if (error != std::errc{} || end != digits.data() + digits.size())
      return fail(option, "has the value `{}`, which is no number", *value);
    return set_number(option, is_negative ? 0 - number : number, into);
  }

  Result<void> set_letter(const Option &option, char letter, std::byte *into) const {
    const int32_t tristate = letter == 'y' ? 1 : letter == 'm' ? 2 : 0;
    if (option.type == OptionType::Bool && letter != 'm')
      *into = static_cast<std::byte>(tristate);
    else if (option.type == OptionType::Tristate)
      std::memcpy(into, &tristate, sizeof tristate);
    else if (option.type == OptionType::Char)
      *into = static_cast<std::byte>(letter);
    else
      return fail(option, "is `{}`, so its type must be {}`enum libbpf_tristate` or `char`", letter,
                  letter == 'm' ? "" : "`bool`, ");
    return {};
  }

  Result<void> set_string(const Option &option, std::string_view value, std::byte *into) const {
    if (option.type != OptionType::String) return fail(option, "is {}, so its type must be an array of char", value);
    value.remove_prefix(1);
    if (value.ends_with('"')) value.remove_suffix(1);
    const size_t length = std::min<size_t>(value.size(), option.size - 1);  // the rest is cut, as libbpf does
    std::memcpy(into, value.data(), length);
    return {};
  }

  Result<void> set_number(const Option &option, uint64_t value, std::byte *into) const {
    if (option.type == OptionType::String || option.type == OptionType::Tristate)
      return fail(option, "is {}, so its type must be an integer", value);
    const unsigned bits = option.size * 8;
    const bool fits = option.type == OptionType::Bool ? value <= 1
                      : bits == 64                    ? true
                      : option.is_signed              ? value + (uint64_t{1} << (bits - 1)) < (uint64_t{1} << bits)
                                                      : value >> bits == 0;
    if (!fits) return fail(option, "is {}, which does not fit in {} byte(s)", value, option.size);
    std::memcpy(into, &value, option.size);
    return {};
  }

  Object &object_;
  const Kconfig *values_;
  std::vector<Option> options_;
  uint32_t size_ = 0;
};

}  // namespace

Kconfig Kconfig::parse(std::string_view text, uint32_t version) {
  Kconfig config;
  config.version_ = version;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = line.find('=');
    if (!line.starts_with("CONFIG_") || equals == std::string_view::npos) continue;
    config.values_.insert_or_assign(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
  }
  return config;
}

Result<Kconfig> Kconfig::of_host() {
  utsname name{};
  if (uname(&name) != 0) return os_error(errno, "asking for the kernel's version");
  auto text = read_text(fmt::format("/boot/config-{}", name.release));
  if (!text) text = read_text("/proc/config.gz");
  if (!text) {
    text.error().message = "this kernel's configuration is neither in /boot nor in /proc/config.gz";
    text.error().hint = "give one with --kconfig=FILE";
    return std::unexpected(text.error());
  }
  return parse(*text, version_of(name.release));
}

Result<Kconfig> Kconfig::of_file(const std::string &path) {
  auto text = read_text(path);
  if (!text) return std::unexpected(text.error());
  const size_t comment = text->find("# Linux/");
  uint32_t version = 0;
  if (comment != std::string::npos)
    if (const size_t space = text->find(' ', comment + 2); space != std::string::npos)
      version = version_of(std::string_view(*text).substr(space + 1));
  return parse(*text, version);
}

std::optional<std::string_view> Kconfig::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

bool reads_kconfig(const Object &object) { return static_cast<bool>(object.btf.find(".kconfig", BtfKind::DataSec)); }

Result<void> place_kconfig(Object &object, const Kconfig *values) {
  if (!reads_kconfig(object) || object.find_section(".kconfig")) return {};
  return Placer(object, values).run();
}

}  // namespace spile::object
