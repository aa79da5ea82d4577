// Helpers of strings and numbers (kernel/bpf/helpers.c).
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <optional>

#include "runtime/helpers/format.h"
#include "runtime/helpers/helpers.h"

namespace spile::helpers {

uint64_t strncmp(uint64_t a, uint64_t size, uint64_t b, uint64_t, uint64_t, vm::Env *) {
  const auto *left = reinterpret_cast<const unsigned char *>(bytes_at(a));
  const auto *right = reinterpret_cast<const unsigned char *>(bytes_at(b));
  for (uint32_t i = 0; i < static_cast<uint32_t>(size); i++) {
    if (left[i] != right[i]) return static_cast<uint64_t>(int64_t{left[i] < right[i] ? -1 : 1});
    if (left[i] == 0) break;
  }
  return 0;
}

namespace {

struct Parsed {
  bool negative = false;
  uint64_t magnitude = 0;
  int64_t consumed = 0;  // or a negative errno
};

std::optional<unsigned> digit_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

// isspace() of the kernel, whose letters are those of Latin-1.
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0 || c == '\xa0'; }

// __bpf_strtoull(): white space, a minus, a prefix as the base says, digits. Flags are the base: 0, 8, 10 or 16.
Parsed parse(std::string_view text, uint64_t flags) {
  constexpr size_t kMaxDigits = 63;  // the kernel looks at no more behind the sign
  unsigned base = flags & 0x1f;
  if (text.empty() || (flags & ~uint64_t{0x1f}) != 0 || (base != 0 && base != 8 && base != 10 && base != 16))
    return {.consumed = -EINVAL};
  size_t at = 0;
  while (at < text.size() && is_space(text[at])) at++;
  Parsed parsed;
  parsed.negative = at < text.size() && text[at] == '-';
  if (parsed.negative) at++;
  text = text.substr(0, std::min(text.size(), at + kMaxDigits));
  const auto peek = [&](size_t ahead) { return at + ahead < text.size() ? text[at + ahead] : '\0'; };
  const bool hex = peek(0) == '0' && (peek(1) | 0x20) == 'x';
  if (base == 0) base = hex && digit_of(peek(2)) ? 16 : peek(0) == '0' ? 8 : 10;
  if (base == 16 && hex) at += 2;
  const size_t first = at;
  bool overflow = false;
  for (; at < text.size(); at++) {
    const auto digit = digit_of(text[at]);
    if (!digit || *digit >= base) break;
    overflow |= __builtin_mul_overflow(parsed.magnitude, uint64_t{base}, &parsed.magnitude) ||
                __builtin_add_overflow(parsed.magnitude, uint64_t{*digit}, &parsed.magnitude);
  }
  parsed.consumed = overflow ? -ERANGE : at == first ? -EINVAL : static_cast<int64_t>(at);
  return parsed;
}

std::string_view text_at(uint64_t pointer, uint64_t size) {
  return {reinterpret_cast<const char *>(bytes_at(pointer)), size};
}

}  // namespace

uint64_t strtol(uint64_t text, uint64_t size, uint64_t flags, uint64_t result, uint64_t, vm::Env *env) {
  Parsed parsed = parse(text_at(text, size), flags);
  if (parsed.consumed >= 0 && parsed.magnitude > static_cast<uint64_t>(INT64_MAX) + parsed.negative)
    parsed.consumed = -ERANGE;
  const uint64_t value = parsed.negative ? 0 - parsed.magnitude : parsed.magnitude;
  std::memset(bytes_at(result), 0, sizeof value);
  if (parsed.consumed >= 0) std::memcpy(bytes_at(result), &value, sizeof value);
  return returned(env, k_strtol, parsed.consumed);
}

uint64_t strtoul(uint64_t text, uint64_t size, uint64_t flags, uint64_t result, uint64_t, vm::Env *env) {
  Parsed parsed = parse(text_at(text, size), flags);
  if (parsed.consumed >= 0 && parsed.negative) parsed.consumed = -EINVAL;
  std::memset(bytes_at(result), 0, sizeof parsed.magnitude);
  if (parsed.consumed >= 0) std::memcpy(bytes_at(result), &parsed.magnitude, sizeof parsed.magnitude);
  return returned(env, k_strtoul, parsed.consumed);
}

// The length of the whole text with its NUL, whatever fits.
uint64_t snprintf(uint64_t to, uint64_t size, uint64_t format, uint64_t data, uint64_t data_size, vm::Env *env) {
  constexpr size_t kMaxArgs = 12;  // MAX_BPRINTF_VARARGS
  const std::span<std::byte> buffer = buffer_at(to, size);
  const uint32_t bytes = static_cast<uint32_t>(data_size);
  if (bytes % 8 != 0 || bytes > kMaxArgs * 8 || (bytes != 0 && data == 0)) return returned(env, k_snprintf, -EINVAL);
  uint64_t args[kMaxArgs];
  if (bytes != 0) std::memcpy(args, bytes_at(data), bytes);
  const char *start = reinterpret_cast<const char *>(bytes_at(format));
  std::string text;
  const int64_t length = expand_format(env, Dialect::Kernel, {start, std::strlen(start) + 1}, {args, bytes / 8}, text);
  if (length < 0) return returned(env, k_snprintf, length);
  if (!buffer.empty()) {
    const size_t kept = std::min(text.size(), buffer.size() - 1);
    std::memcpy(buffer.data(), text.data(), kept);
    buffer[kept] = std::byte{0};
  }
  return static_cast<uint64_t>(length) + 1;
}

}  // namespace spile::helpers
