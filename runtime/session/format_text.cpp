#include "runtime/session/format_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <optional>

namespace spile::session {

uint64_t Argument::number() const {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

int64_t Argument::signed_number() const {
  if (kind != Signed || bytes.empty() || bytes.size() >= sizeof(uint64_t)) return static_cast<int64_t>(number());
  const auto unused = static_cast<unsigned>(64 - 8 * bytes.size());
  return static_cast<int64_t>(number() << unused) >> unused;
}

std::string_view Argument::text() const {
  const std::string_view all(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  return all.substr(0, all.find('\0'));
}

namespace {

// Wider than any terminal; keeps a wrong format from filling the disk.
constexpr size_t kMaxWidth = 4096;

struct Conversion {
  bool left = false, plus = false, space = false, alternate = false, zero = false;
  size_t width = 0;
  std::optional<size_t> precision;
  char letter = 0;
  std::string_view extension;  // of %p: "I4"
  size_t size = 0;             // characters of the format that it takes
};

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

size_t read_count(std::string_view format, size_t &at) {
  size_t count = 0;
  for (; at < format.size() && is_one_of(format[at], "0123456789"); at++)
    count = std::min(kMaxWidth, count * 10 + static_cast<size_t>(format[at] - '0'));
  return count;
}

// [format] begins with the `%`.
Conversion read_conversion(std::string_view format) {
  Conversion c;
  size_t at = 1;
  for (; at < format.size() && is_one_of(format[at], "-+ #0"); at++) {
    c.left |= format[at] == '-';
    c.plus |= format[at] == '+';
    c.space |= format[at] == ' ';
    c.alternate |= format[at] == '#';
    c.zero |= format[at] == '0';
  }
  c.width = read_count(format, at);
  if (at < format.size() && format[at] == '.') c.precision = read_count(format, ++at);
  while (at < format.size() && is_one_of(format[at], "lhzjt")) at++;
  if (at < format.size()) c.letter = format[at++];
  if (c.letter == 'p')
    for (const std::string_view known : {"I4", "I6", "M", "h", "e", "t", "T"})
      if (format.substr(at).starts_with(known)) {
        c.extension = known;
        at += known.size();
        break;
      }
  c.size = at;
  return c;
}

void put_padded(const Conversion &c, std::string_view piece, std::string &text) {
  const size_t gap = c.width > piece.size() ? c.width - piece.size() : 0;
  if (!c.left) text.append(gap, ' ');
  text += piece;
  if (c.left) text.append(gap, ' ');
}

// Sign or prefix, then zeros up to the precision, or up to the width when the flag 0 asks for it.
void put_number(const Conversion &c, std::string_view prefix, std::string digits, std::string &text) {
  size_t least = c.precision.value_or(0);
  if (c.zero && !c.left && !c.precision && c.width > prefix.size()) least = c.width - prefix.size();
  if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  put_padded(c, std::string(prefix) + digits, text);
}

void put_signed(const Conversion &c, int64_t value, std::string &text) {
  const auto magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  put_number(c, value < 0 ? "-" : c.plus ? "+" : c.space ? " " : "", fmt::format("{}", magnitude), text);
}

std::string hex_bytes(std::span<const std::byte> bytes, std::string_view separator) {
  std::string text;
  for (const std::byte byte : bytes)
    text += fmt::format("{}{:02x}", text.empty() ? "" : separator, std::to_integer<unsigned>(byte));
  return text;
}

// Too few bytes for an address of [family] leave it as it is: in hex.
std::string address(int family, std::span<const std::byte> bytes) {
  char text[INET6_ADDRSTRLEN];
  const size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  if (bytes.size() < size) return hex_bytes(bytes, " ");
  return ::inet_ntop(family, bytes.data(), text, sizeof text);
}

std::string errno_name(int64_t number) {
  const auto magnitude = static_cast<int>(number < 0 ? -std::max<int64_t>(number, -INT32_MAX) : 0);
  const char *name = magnitude == 0 ? nullptr : ::strerrorname_np(magnitude);
  return name == nullptr ? fmt::format("{}", number) : fmt::format("-{}", name);
}

std::string wall_time(int64_t nanoseconds) {
  constexpr int64_t kSecond = 1'000'000'000;
  const std::time_t seconds = nanoseconds / kSecond;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}.{:06}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                     nanoseconds % kSecond / 1000);
}

std::string extended(std::string_view extension, const Argument &argument, int64_t wall_ahead_ns) {
  if (extension == "I4") return address(AF_INET, argument.bytes);
  if (extension == "I6") return address(AF_INET6, argument.bytes);
  if (extension == "M") return hex_bytes(argument.bytes, ":");
  if (extension == "h") return hex_bytes(argument.bytes, " ");
  if (extension == "e") return errno_name(argument.signed_number());
  return wall_time(argument.signed_number() + wall_ahead_ns);
}

// False for a conversion that does not exist, or that the argument cannot be put into.
bool put(const Conversion &c, const Argument &argument, int64_t wall_ahead_ns, std::string &text) {
  if (c.extension == "T") return false;
  if (c.letter == 'p' && !c.extension.empty())
    return put_padded(c, extended(c.extension, argument, wall_ahead_ns), text), true;
  if (c.letter == 's') {
    if (argument.is_number()) return false;
    return put_padded(c, argument.text().substr(0, c.precision.value_or(std::string_view::npos)), text), true;
  }
  if (!argument.is_number()) return false;
  const uint64_t value = argument.number();
  switch (c.letter) {
    case 'd':
    case 'i':
      return put_signed(c, argument.signed_number(), text), true;
    case 'u':
      return put_number(c, "", fmt::format("{}", value), text), true;
    case 'x':
      return put_number(c, c.alternate && value != 0 ? "0x" : "", fmt::format("{:x}", value), text), true;
    case 'X':
      return put_number(c, c.alternate && value != 0 ? "0X" : "", fmt::format("{:X}", value), text), true;
    case 'o':
      return put_number(c, c.alternate && value != 0 ? "0" : "", fmt::format("{:o}", value), text), true;
    case 'p':
      return put_padded(c, fmt::format("{:#x}", value), text), true;
    case 'c':
      return put_padded(c, std::string(1, static_cast<char>(value)), text), true;
    default:
      return false;
  }
}

}  // namespace

void append_formatted(std::string_view format, std::span<const Argument> arguments, int64_t wall_ahead_ns,
                      std::string &text, const ShowByType &by_type) {
  size_t next = 0;
  for (size_t at = 0; at < format.size();) {
    const size_t percent = std::min(format.find('%', at), format.size());
    text += format.substr(at, percent - at);
    at = percent;
    if (at == format.size()) return;
    const Conversion c = read_conversion(format.substr(at));
    if (c.letter == '%')
      text += '%';
    else if (c.extension == "T" && next < arguments.size() && by_type)
      put_padded(c, by_type(next++), text);
    else if (next >= arguments.size() || !put(c, arguments[next++], wall_ahead_ns, text))
      text += format.substr(at, c.size);
    at += c.size;
  }
}

}  // namespace spile::session
