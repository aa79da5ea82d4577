#include "runtime/session/usdt_specs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace spile::session {

namespace {

constexpr size_t kMaxArguments = 12;  // BPF_USDT_MAX_ARG_CNT

enum class Place : uint8_t { Constant, Register, Memory, Indexed };  // enum __bpf_usdt_arg_type
struct Argument {
  uint64_t offset = 0;  // the constant, or the distance from the register
  Place place = Place::Constant;
  uint16_t index = 0;  // 12 bits: the index register's offset in struct pt_regs; above, the shift that scales it
  int16_t register_offset = 0;
  bool is_signed = false;
  int8_t shift = 0;  // 64 minus the bits of the argument
};
using Spec = std::vector<Argument>;

// Where the parts of struct __bpf_usdt_arg_spec lie: of libbpf up to 1.6 and of <bpf/usdt.bpf.h> here; of libbpf's own
// header from 1.7 on, whose bit-fields compilers lay out differently.
struct Layout {
  size_t size, place, index, register_offset, is_signed, shift;
};
constexpr Layout kLayouts[] = {{16, 8, 9, 12, 14, 15}, {24, 8, 10, 14, 16, 17}};

// struct __bpf_usdt_spec: the arguments, then the cookie and their count.
constexpr size_t size_of_spec(const Layout &layout) { return kMaxArguments * layout.size + 8 + 8; }

std::vector<std::byte> laid_out(const Spec &spec, const Layout &layout) {
  std::vector<std::byte> bytes(size_of_spec(layout));
  const auto put = [&](size_t at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
  for (size_t i = 0; i < spec.size(); i++) {
    const size_t at = i * layout.size;
    put(at, spec[i].offset);
    put(at + layout.place, spec[i].place);
    put(at + layout.index, spec[i].index);
    put(at + layout.register_offset, spec[i].register_offset);
    put(at + layout.is_signed, spec[i].is_signed);
    put(at + layout.shift, spec[i].shift);
  }
  put(kMaxArguments * layout.size + 8, static_cast<int16_t>(spec.size()));
  return bytes;
}

// Names of a register by its width, and where it is in struct pt_regs.
struct Register {
  std::array<std::string_view, 4> names;
  int16_t offset;
};
constexpr auto kRegisters = std::to_array<Register>({
    {{"rip", "eip", "", ""}, 128},
    {{"rax", "eax", "ax", "al"}, 80},
    {{"rbx", "ebx", "bx", "bl"}, 40},
    {{"rcx", "ecx", "cx", "cl"}, 88},
    {{"rdx", "edx", "dx", "dl"}, 96},
    {{"rsi", "esi", "si", "sil"}, 104},
    {{"rdi", "edi", "di", "dil"}, 112},
    {{"rbp", "ebp", "bp", "bpl"}, 32},
    {{"rsp", "esp", "sp", "spl"}, 152},
    {{"r8", "r8d", "r8w", "r8b"}, 72},
    {{"r9", "r9d", "r9w", "r9b"}, 64},
    {{"r10", "r10d", "r10w", "r10b"}, 56},
    {{"r11", "r11d", "r11w", "r11b"}, 48},
    {{"r12", "r12d", "r12w", "r12b"}, 24},
    {{"r13", "r13d", "r13w", "r13b"}, 16},
    {{"r14", "r14d", "r14w", "r14b"}, 8},
    {{"r15", "r15d", "r15w", "r15b"}, 0},
});

// Takes pieces from the front of an argument's text; a piece that is not there leaves it as it was.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int64_t> number() {
    int64_t value = 0;
    const bool is_hex = rest_.starts_with("0x");
    const char *const begin = rest_.data() + (is_hex ? 2 : 0);
    const auto [end, error] = std::from_chars(begin, rest_.data() + rest_.size(), value, is_hex ? 16 : 10);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }
  std::optional<int16_t> reg() {
    if (!rest_.starts_with('%')) return std::nullopt;
    const std::string_view name = rest_.substr(1, rest_.find_first_of(",)", 1) - 1);
    for (const Register &row : kRegisters)
      if (!name.empty() && std::ranges::find(row.names, name) != row.names.end()) {
        rest_.remove_prefix(1 + name.size());
        return row.offset;
      }
    return std::nullopt;
  }
  bool is_done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

//     -4@$7   8@%rax   -4@-20(%rbp)   1@(%rdi)   -1@-96(%rbp,%rax,8)
std::optional<Argument> read_argument(std::string_view text) {
  Cursor cursor(text);
  Argument argument;
  const auto size = cursor.number();
  constexpr int64_t kSizes[] = {1, 2, 4, 8};
  if (!size || std::ranges::find(kSizes, *size < 0 ? -*size : *size) == std::end(kSizes) || !cursor.take('@'))
    return std::nullopt;
  argument.is_signed = *size < 0;
  argument.shift = static_cast<int8_t>(64 - 8 * (argument.is_signed ? -*size : *size));
  if (cursor.take('$')) {
    const auto value = cursor.number();
    if (!value || !cursor.is_done()) return std::nullopt;
    argument.offset = static_cast<uint64_t>(*value);
    return argument;
  }
  if (const auto reg = cursor.reg()) {
    argument.place = Place::Register;
    argument.register_offset = *reg;
    return cursor.is_done() ? std::optional(argument) : std::nullopt;
  }
  argument.offset = static_cast<uint64_t>(cursor.number().value_or(0));
  if (!cursor.take('(')) return std::nullopt;
  const auto base = cursor.reg();
  if (!base) return std::nullopt;
  argument.place = Place::Memory;
  argument.register_offset = *base;
  if (cursor.take(',')) {
    const auto index = cursor.reg();
    const auto scale = cursor.take(',') ? cursor.number() : 1;
    const auto *const shift = std::ranges::find(kSizes, scale.value_or(0));
    if (!index || shift == std::end(kSizes)) return std::nullopt;
    argument.place = Place::Indexed;
    argument.index = static_cast<uint16_t>(*index | (shift - std::begin(kSizes)) << 12);
  }
  return cursor.take(')') && cursor.is_done() ? std::optional(argument) : std::nullopt;
}

Result<Spec> read_spec(std::string_view arguments, const std::string &path) {
  Spec spec;
  while (!arguments.empty()) {
    const size_t end = std::min(arguments.find(' '), arguments.size());
    const std::string_view one = arguments.substr(0, end);
    arguments.remove_prefix(std::min(end + 1, arguments.size()));
    if (one.empty()) continue;
    const auto argument = read_argument(one);
    if (!argument) {
      auto error = unsupported_error("{}: an argument of a USDT probe, `{}`, cannot be fetched", path, one);
      error.error().hint = "integers in registers, in memory that a register points to, and constants can";
      return error;
    }
    if (spec.size() == kMaxArguments)
      return unsupported_error("{}: a USDT probe has more than {} arguments", path, kMaxArguments);
    spec.push_back(*argument);
  }
  return spec;
}

}  // namespace

struct UsdtSpecs::Table {
  maps::Map *specs;
  const Layout *layout;

  bool put(uint32_t number, const Spec &spec) const {
    return specs->update(reinterpret_cast<const std::byte *>(&number), laid_out(spec, *layout).data(), 0) == 0;
  }
};

Result<std::optional<UsdtSpecs::Table>> UsdtSpecs::find_table(const object::Object &object, const MapSet &maps) const {
  const auto named = std::ranges::find(object.maps, "__bpf_usdt_specs", &object::Map::name);
  if (named == object.maps.end()) return std::nullopt;
  const auto *const layout = std::ranges::find(kLayouts, named->value_size, size_of_spec);
  if (layout == std::end(kLayouts))
    return unsupported_error("{}: `__bpf_usdt_specs` has values of {} bytes, as no <bpf/usdt.bpf.h> has them",
                             object.path, named->value_size);
  return Table{maps.pointers()[static_cast<size_t>(named - object.maps.begin())], layout};
}

Result<void> UsdtSpecs::add(const object::Object &object, const MapSet &maps, hooks::UserProbe &probe) {
  const auto table = find_table(object, maps);
  if (!table) return std::unexpected(table.error());
  if (!*table) return {};
  for (hooks::UserPlace &place : probe.places) {
    const auto [known, is_new] = numbers_.try_emplace(place.arguments, static_cast<uint32_t>(numbers_.size()));
    place.cookie = known->second;
    if (!is_new) continue;
    const auto spec = read_spec(place.arguments, probe.path);
    if (!spec) return std::unexpected(spec.error());
    if (!(*table)->put(known->second, *spec)) {
      auto error = unsupported_error("{}: its USDT probes have more than {} different lists of arguments", probe.path,
                                     (*table)->specs->definition().max_entries);
      error.error().hint = "#define BPF_USDT_MAX_SPEC_CNT, before <bpf/usdt.bpf.h> is included, makes room";
      return error;
    }
  }
  return {};
}

Result<uint64_t> UsdtSpecs::show(const object::Object &object, const MapSet &maps, std::string_view arguments,
                                 std::optional<uint64_t> number) {
  const auto table = find_table(object, maps);
  if (!table) return std::unexpected(table.error());
  if (!*table) return number.value_or(0);
  const uint32_t room = (*table)->specs->definition().max_entries;
  if (!number || *number >= room) {
    const auto known = numbers_.find(arguments);
    number = known != numbers_.end() ? known->second : next_++ % room;
  }
  const auto place = static_cast<uint32_t>(*number);
  const auto [shown, is_new] = shown_.try_emplace(place);
  if (!is_new && shown->second == arguments) return place;
  const auto spec = read_spec(arguments, "args");
  if (!spec) return std::unexpected(spec.error());
  if (!(*table)->put(place, *spec))
    return unsupported_error("{}: `__bpf_usdt_specs` takes no specification of arguments", object.path);
  if (const auto former = numbers_.find(shown->second); former != numbers_.end() && former->second == place)
    numbers_.erase(former);
  shown->second = arguments;
  numbers_.insert_or_assign(std::string(arguments), place);
  return place;
}

}  // namespace spile::session
