#include "driver/exec_input.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>

#include "runtime/hooks/packet_buffer.h"
#include "runtime/hooks/packets.h"
#include "support/numbers.h"
#include "support/source.h"

namespace spile::driver {

namespace {

constexpr int kEthernet = 1;  // DLT_EN10MB

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0 || std::isspace(c) != 0; });
}

// A place in a context: an array of numbers is one with several units.
struct Place {
  std::string_view name;
  uint32_t offset = 0, size = 0, unit = 0;
};

void add_members(const object::Btf &btf, object::BtfId type, uint32_t base, std::vector<Place> &places) {
  for (const object::BtfMember &member : btf.members(type)) {
    if (member.bitfield_size != 0) continue;
    const object::BtfType inner = btf.type(btf.resolve(member.type));
    const uint32_t offset = base + member.bit_offset / 8;
    const bool is_struct = inner.kind == object::BtfKind::Struct || inner.kind == object::BtfKind::Union;
    if (is_struct && member.name.empty()) {
      add_members(btf, btf.resolve(member.type), offset, places);
      continue;
    }
    const auto size = static_cast<uint32_t>(btf.size_of(member.type));
    const auto unit = inner.kind == object::BtfKind::Array ? static_cast<uint32_t>(btf.size_of(inner.type)) : size;
    if (!is_struct && unit != 0 && unit <= 8) places.push_back({member.name, offset, size, unit});
  }
}

// The struct that the program's only parameter points to; none where BTF does not say.
object::BtfId struct_of(const object::Program &program) {
  if (program.object == nullptr || program.subprograms.empty()) return {};
  const object::Btf &btf = program.object->btf;
  const std::vector<object::BtfParam> params = btf.params(btf.type(program.subprograms[0].func).type);
  if (params.empty()) return {};
  const object::BtfType pointer = btf.type(btf.resolve(params[0].type));
  if (pointer.kind != object::BtfKind::Ptr) return {};
  const object::BtfId pointee = btf.resolve(pointer.type);
  return btf.type(pointee).kind == object::BtfKind::Struct ? pointee : object::BtfId{};
}

// Programs of packets all get what is put into a __sk_buff.
tables::CtxKind context_of(const tables::ProgramType &type) {
  return type.hook == tables::HookKind::Packet ? tables::CtxKind::SkBuff : type.ctx;
}

std::vector<Place> places_of(const object::Program &program, const tables::ProgramType &type) {
  std::vector<Place> places;
  if (type.ctx == tables::CtxKind::Tracepoint) {
    if (const object::BtfId id = struct_of(program)) add_members(program.object->btf, id, 0, places);
    return places;
  }
  for (const tables::CtxField &field : tables::kCtxFields)
    if (field.ctx == context_of(type) && field.access != tables::kNever && field.result == tables::CtxResult::Scalar)
      // `cb` may be read by eights, and has five numbers of four bytes.
      places.push_back({field.name, field.offset, field.size, field.size % field.unit == 0 ? field.unit : 4});
  return places;
}

Result<session::CtxValue> parse_one(std::string_view text, std::span<const Place> places) {
  const size_t equals = text.find('=');
  const auto value = equals == std::string_view::npos ? std::nullopt : parse_number(text.substr(equals + 1));
  if (!value) return usage_error("--ctx: `{}` is not NAME=NUMBER", text);
  std::string_view name = text.substr(0, equals);
  uint32_t index = 0;
  if (const size_t bracket = name.find('['); bracket != std::string_view::npos && name.ends_with(']')) {
    const auto parsed = whole_number<uint32_t>(name.substr(bracket + 1, name.size() - bracket - 2));
    if (!parsed) return usage_error("--ctx: `{}` has no index", name);
    index = *parsed;
    name = name.substr(0, bracket);
  }
  const auto place = std::ranges::find(places, name, &Place::name);
  if (place == places.end()) {
    std::string have;
    for (const Place &other : places) have += (have.empty() ? "" : ", ") + std::string(other.name);
    auto error = usage_error("--ctx: the program's context has no number `{}`", name);
    error.error().hint = have.empty() ? "its fields have no names here: give its bytes with --mem" : "it has " + have;
    return error;
  }
  if (index >= place->size / place->unit)
    return usage_error("--ctx: `{}` has {} elements", name, place->size / place->unit);
  const unsigned bits = place->unit * 8;
  if (bits < 64 && *value >> bits != 0 && ~*value >> (bits - 1) != 0)
    return usage_error("--ctx: {} does not fit into the {} bytes of `{}`", text.substr(equals + 1), place->unit, name);
  return session::CtxValue{place->offset + index * place->unit, place->unit, *value};
}

}  // namespace

Result<std::vector<std::byte>> parse_hex(std::string_view text, std::string_view what) {
  std::vector<std::byte> bytes;
  std::optional<unsigned> high;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0)
      return usage_error("{}: `{}` is no hexadecimal digit", what, c);
    const unsigned digit = *whole_number<unsigned>({&c, 1}, 16);
    if (high) {
      bytes.push_back(static_cast<std::byte>(*high << 4 | digit));
      high.reset();
    } else {
      high = digit;
    }
  }
  if (high) return usage_error("{}: an odd number of hexadecimal digits", what);
  return bytes;
}

Result<std::vector<std::byte>> read_bytes(const std::string &text, std::string_view what) {
  if (is_hex(text)) return parse_hex(text, what);
  SourceManager files;
  const auto file = files.load(text);
  if (!file) return std::unexpected(file.error());
  const auto bytes = std::as_bytes(std::span((*file)->text));
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

Result<std::vector<isa::Insn>> decode_insns(std::span<const std::byte> bytes, std::string_view what) {
  if (bytes.empty() || bytes.size() % sizeof(isa::Insn) != 0)
    return input_error("{}: {} bytes are no whole number of instructions (8 bytes each)", what, bytes.size());
  std::vector<isa::Insn> insns(bytes.size() / sizeof(isa::Insn));
  std::memcpy(insns.data(), bytes.data(), bytes.size());
  return insns;
}

Result<void> read_packet(const std::string &text, session::TrialInput &input) {
  if (is_hex(text)) {
    auto bytes = parse_hex(text, "--packet");
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->size() > hooks::PacketBuffer::kMaxPacket)
      return usage_error("--packet: {} bytes; the longest has {}", bytes->size(), hooks::PacketBuffer::kMaxPacket);
    input.packet = std::move(*bytes);
    input.link_type = kEthernet;
    return {};
  }
  const size_t hash = text.rfind('#');
  const auto chosen = hash == std::string::npos ? std::nullopt : whole_number<uint64_t>(text.substr(hash + 1));
  const std::string path = chosen ? text.substr(0, hash) : text;
  const uint64_t number = chosen.value_or(1);
  auto packet = hooks::read_captured_packet(path, number);
  if (!packet) return std::unexpected(packet.error());
  input.packet = std::move(packet->bytes);
  input.link_type = packet->link_type;
  return {};
}

Result<std::vector<session::CtxValue>> parse_ctx(std::span<const std::string> texts, const object::Program &program,
                                                 const tables::ProgramType &type) {
  const std::vector<Place> places = places_of(program, type);
  std::vector<session::CtxValue> values;
  for (std::string_view text : texts) {
    while (!text.empty()) {
      const size_t comma = text.find(',');
      const auto value = parse_one(text.substr(0, comma), places);
      if (!value) return std::unexpected(value.error());
      values.push_back(*value);
      text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    }
  }
  return values;
}

std::vector<std::byte> empty_context(const object::Program &program, const tables::ProgramType &type) {
  const auto row = std::ranges::find(tables::kContexts, type.ctx, &tables::Ctx::kind);
  size_t size = row == tables::kContexts.end() ? 0 : row->size;
  // A program may read no further than its type's context goes, whatever its struct says.
  if (const object::BtfId id = struct_of(program)) size = std::max<size_t>(size, program.object->btf.size_of(id));
  return std::vector<std::byte>(size);
}

}  // namespace spile::driver
