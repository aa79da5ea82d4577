// Each line is matched against the text column of every row of insns.def; the row whose text matches to the end is the
// instruction. Distances to labels are filled in when all lines are read.
#include "backend/isa/asm.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "backend/isa/info.h"

namespace spile::isa {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Reads pieces of a line from the front.
struct Reader {
  std::string_view rest;

  void skip_space() {
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  }
  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  }
  std::optional<uint64_t> magnitude() {
    int base = 10;
    if (rest.starts_with("0x") || rest.starts_with("0X")) {
      base = 16;
      rest.remove_prefix(2);
    }
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
    if (error != std::errc()) return std::nullopt;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    if (!rest.empty() && is_name(rest.front())) return std::nullopt;
    return value;
  }
  // A number that fits in [bits], signed or unsigned; the bits of it.
  std::optional<uint64_t> number(unsigned bits, bool sign_required = false, bool signed_only = false) {
    const bool minus = take('-');
    if (!minus && !take('+') && sign_required) return std::nullopt;
    skip_space();
    const std::optional<uint64_t> value = magnitude();
    if (!value) return std::nullopt;
    const uint64_t half = 1ull << (bits - 1);
    const uint64_t limit = minus ? half : signed_only ? half - 1 : low_bits(~0ull, bits);
    if (*value > limit) return std::nullopt;
    return minus ? 0 - *value : *value;
  }
  std::string_view name() {
    size_t length = 0;
    if (!rest.empty() && is_name_start(rest.front()))
      while (length < rest.size() && is_name(rest[length])) length++;
    const std::string_view result = rest.substr(0, length);
    rest.remove_prefix(length);
    return result;
  }
};

struct Line {
  const InsnInfo *info = nullptr;
  Insn first, second;
  std::string_view label;  // of the target, when the distance was not a number
};

// Sets an operand that a text may name twice (`r1 = -r1`): both must agree.
bool set_register(uint64_t number, std::optional<uint8_t> &reg) {
  if (number >= kRegisterCount || (reg && *reg != number)) return false;
  reg = static_cast<uint8_t>(number);
  return true;
}

// A register whose lower half is all that matters: r and w mean the same.
bool lower_half_counts(const InsnInfo &info, char operand) {
  if (info.bits > 32) return false;
  return (info.shape == Shape::Load && info.extend() == Extend::Zero && operand == 'd') ||
         ((info.shape == Shape::StoreReg || info.shape == Shape::Atomic) && operand == 's');
}

std::optional<Line> match(const InsnInfo &info, std::string_view text) {
  Reader in{text};
  Line line{&info, {}, {}, {}};
  line.first.opcode = info.opcode;
  if (info.select == InsnInfo::Select::Off) line.first.off = static_cast<int16_t>(info.select_value);
  if (info.select == InsnInfo::Select::Imm) line.first.imm = info.select_value;
  std::optional<uint8_t> dst, src;
  if (info.select == InsnInfo::Select::Src) src = static_cast<uint8_t>(info.select_value);

  const auto read_distance = [&](unsigned bits) -> std::optional<uint64_t> {
    if (!in.rest.empty() && is_name_start(in.rest.front())) {
      line.label = in.name();
      return 0;
    }
    return in.number(bits, true, true);
  };
  // Its absence, as in "(r1)" and "skb[r2]", means 0.
  const auto read_offset = [&](unsigned bits, bool signed_only) -> std::optional<uint64_t> {
    in.skip_space();
    if (in.rest.empty() || (in.rest.front() != '+' && in.rest.front() != '-')) return 0;
    return in.number(bits, true, signed_only);
  };
  const std::string_view want = info.text;
  for (size_t i = 0; i < want.size(); i++) {
    if (want[i] == ' ') {
      if (i > 0 && is_name(want[i - 1]) && (in.rest.empty() || !is_space(in.rest.front()))) return std::nullopt;
      in.skip_space();
      continue;
    }
    if (want[i] != '{') {
      const bool either =
          (want[i] == 'r' || want[i] == 'w') && want.substr(i + 1, 1) == "{" && lower_half_counts(info, want[i + 2]);
      if (!(either && (in.take('r') || in.take('w'))) && !in.take(want[i])) return std::nullopt;
      continue;
    }
    const char operand = want[i + 1];
    i += 2;  // past the letter, on the closing brace
    std::optional<uint64_t> value;
    switch (operand) {
      case 'd':
      case 's':
        value = in.magnitude();
        if (!value || !set_register(*value, operand == 'd' ? dst : src)) return std::nullopt;
        break;
      case 'i':
        value = in.number(32);
        line.first.imm = static_cast<int32_t>(value.value_or(0));
        break;
      case 'o':
        value = read_offset(16, true);
        line.first.off = static_cast<int16_t>(value.value_or(0));
        break;
      case 'c': {
        const auto to = in.number(16);
        if (!to || !in.take(',')) return std::nullopt;
        in.skip_space();
        value = in.number(16);
        line.first.imm = static_cast<int32_t>((*to & 0xffff) << 16 | (value.value_or(0) & 0xffff));
        break;
      }
      case 'x':
        value = read_offset(32, true);
        line.first.imm = static_cast<int32_t>(value.value_or(0));
        break;
      case 'm':
        in.skip_space();
        value = 0;
        if (in.take("module")) {
          in.skip_space();
          value = in.number(16, false, true);
        }
        line.first.off = static_cast<int16_t>(value.value_or(0));
        break;
      case 'n':
        value = read_offset(32, false);
        line.second.imm = static_cast<int32_t>(value.value_or(0));
        break;
      case 'j':
        value = read_distance(16);
        line.first.off = static_cast<int16_t>(value.value_or(0));
        break;
      case 'p':
        if (Reader ahead{in.rest}; ahead.take("pc") && !ahead.rest.empty() && !is_name(ahead.rest.front())) in = ahead;
        [[fallthrough]];
      case 'l':
        value = read_distance(32);
        line.first.imm = static_cast<int32_t>(value.value_or(0));
        break;
      case 'q':
        value = in.number(64);
        line.first.imm = static_cast<int32_t>(value.value_or(0));
        line.second.imm = static_cast<int32_t>(value.value_or(0) >> 32);
        break;
    }
    if (!value) return std::nullopt;
  }
  in.skip_space();
  if (!in.rest.empty()) return std::nullopt;
  line.first.dst = dst.value_or(0);
  line.first.src = src.value_or(0);
  return line;
}

// Drops comments, `12:` and `<symbol+0x8>`.
std::string_view instruction_text(std::string_view line) {
  line = line.substr(0, std::min({line.find(';'), line.find("//"), line.find('#')}));
  line = trim(line);
  size_t digits = 0;
  while (digits < line.size() && is_digit(line[digits])) digits++;
  if (digits > 0 && digits < line.size() && line[digits] == ':') line = trim(line.substr(digits + 1));
  if (line.ends_with('>'))
    if (const size_t symbol = line.rfind(" <"); symbol != line.npos) line = trim(line.substr(0, symbol));
  return line;
}

}  // namespace

Result<std::vector<Insn>> assemble(std::string_view text) {
  struct Fixup {
    size_t insn;
    const InsnInfo *info;
    std::string_view label;
    size_t line_number;
  };
  std::vector<Insn> insns;
  std::vector<Fixup> fixups;
  std::map<std::string_view, size_t> labels;

  for (size_t line_number = 1; !text.empty(); line_number++) {
    const size_t end = text.find('\n');
    std::string_view source = instruction_text(text.substr(0, end));
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);

    Reader ahead{source};
    if (const std::string_view name = ahead.name(); !name.empty() && ahead.take(':')) {
      if (!labels.emplace(name, insns.size()).second)
        return input_error("line {}: label `{}` is defined twice", line_number, name);
      source = trim(ahead.rest);
    }
    if (source.empty()) continue;

    std::optional<Line> line;
    for (const InsnInfo &info : all_insns())
      if (line = match(info, source); line) break;
    if (!line) return input_error("line {}: `{}` is not an instruction", line_number, source);
    if (!line->label.empty()) fixups.push_back({insns.size(), line->info, line->label, line_number});
    insns.push_back(line->first);
    if (line->first.is_lddw()) insns.push_back(line->second);
  }

  for (const Fixup &fixup : fixups) {
    const auto label = labels.find(fixup.label);
    if (label == labels.end()) return input_error("line {}: no label `{}`", fixup.line_number, fixup.label);
    const int64_t distance = static_cast<int64_t>(label->second) - static_cast<int64_t>(fixup.insn) - 1;
    Insn &insn = insns[fixup.insn];
    const bool in_off = fixup.info->shape == Shape::BranchImm || fixup.info->shape == Shape::BranchReg ||
                        fixup.info->shape == Shape::Jump || fixup.info->shape == Shape::MayGoto;
    if (in_off) {
      if (distance != static_cast<int16_t>(distance))
        return input_error("line {}: label `{}` is {} instructions away, more than a 16-bit offset reaches",
                           fixup.line_number, fixup.label, distance);
      insn.off = static_cast<int16_t>(distance);
    } else {
      insn.imm = static_cast<int32_t>(distance);
    }
  }
  return insns;
}

}  // namespace spile::isa
