#include "runtime/helpers/format.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/helpers/read.h"

namespace spile::helpers {

namespace {

// MAX_BPRINTF_BUF and MAX_BPRINTF_BIN_ARGS of the kernel: the text with its NUL, and the arguments when stored.
constexpr size_t kKernelText = 1024, kKernelArgs = 512;
constexpr size_t kSpileText = 64 * 1024, kSpileString = 4096;
// FIELD_WIDTH_MAX of lib/vsprintf.c.
constexpr uint32_t kMaxWidth = (1u << 23) - 1;

// ASCII only and independent of the locale, unlike <cctype>.
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_print(char c) { return c >= ' ' && c <= '~'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_punct(char c) { return is_print(c) && c != ' ' && !is_alnum(c); }
// What may follow %s and %p, so that a later kernel can give letters there a meaning.
bool ends_pointer(char c) { return c == 0 || is_space(c) || is_punct(c); }

// RFC 5952, as inet_ntop() does it.
std::string compress_ip6(const std::array<uint8_t, 16> &ip) {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, ip.data(), text, sizeof text);
}

struct Spec {
  bool left = false, plus = false, space = false, alternate = false, zero = false;
  uint32_t width = 0;
  int32_t precision = -1;
};

class Expander {
 public:
  Expander(const vm::Env *env, Dialect dialect, std::string_view format, std::span<const uint64_t> args,
           std::string &text)
      : env_(env),
        kernel_(dialect == Dialect::Kernel),
        format_(format),
        args_(args),
        text_(text),
        room_(kernel_ ? kKernelText - 1 : kSpileText) {}

  int64_t run();

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < format_.size() ? format_[at_ + ahead] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    at_++;
    return true;
  }

  void put(std::string_view piece);
  void pad(char c, size_t count);
  void put_padded(const Spec &spec, std::string_view piece);
  void put_number(const Spec &spec, uint64_t magnitude, bool negative, unsigned base, bool upper, bool is_signed);

  // Each handles one directive from behind its flags and width; 0 or a negative errno.
  int64_t directive();
  Spec parse_spec();
  int64_t integer(const Spec &spec, uint64_t arg);
  int64_t pointer(const Spec &spec, uint64_t arg);
  int64_t string(const Spec &spec, uint64_t arg, Space space);
  int64_t address(uint64_t arg);
  int64_t reserve(size_t size, size_t align);

  const vm::Env *env_;
  const bool kernel_;
  std::string_view format_;
  std::span<const uint64_t> args_;
  std::string &text_;
  size_t room_;          // bytes that may still be appended to text_
  uint64_t length_ = 0;  // of the whole expansion
  size_t at_ = 0;        // in format_
  size_t next_arg_ = 0;
  size_t stored_ = 0;  // bytes that the kernel's copy of the arguments takes
};

void Expander::put(std::string_view piece) {
  length_ += piece.size();
  const std::string_view kept = piece.substr(0, room_);
  text_ += kept;
  room_ -= kept.size();
}

void Expander::pad(char c, size_t count) {
  length_ += count;
  const size_t kept = std::min(count, room_);
  text_.append(kept, c);
  room_ -= kept;
}

void Expander::put_padded(const Spec &spec, std::string_view piece) {
  const size_t gap = spec.width > piece.size() ? spec.width - piece.size() : 0;
  if (!spec.left) pad(' ', gap);
  put(piece);
  if (spec.left) pad(' ', gap);
}

void Expander::put_number(const Spec &spec, uint64_t magnitude, bool negative, unsigned base, bool upper,
                          bool is_signed) {
  std::array<char, 24> buffer;  // 22 octal digits
  size_t first = buffer.size();
  for (uint64_t rest = magnitude; rest != 0 || first == buffer.size(); rest /= base)
    buffer[--first] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[rest % base];
  const std::string_view digits(buffer.data() + first, buffer.size() - first);

  std::string_view prefix;
  if (negative)
    prefix = "-";
  else if (is_signed && spec.plus)
    prefix = "+";
  else if (is_signed && spec.space)
    prefix = " ";
  else if (spec.alternate && base == 16 && magnitude != 0)
    prefix = upper ? "0X" : "0x";
  else if (spec.alternate && base == 8 && magnitude != 0)
    prefix = "0";

  const size_t least = spec.precision > 0 ? static_cast<size_t>(spec.precision) : 0;
  size_t zeros = least > digits.size() ? least - digits.size() : 0;
  size_t size = prefix.size() + zeros + digits.size();
  size_t gap = spec.width > size ? spec.width - size : 0;
  if (spec.zero && !spec.left && spec.precision < 0) {
    zeros += gap;
    gap = 0;
  }
  if (!spec.left) pad(' ', gap);
  put(prefix);
  pad('0', zeros);
  put(digits);
  if (spec.left) pad(' ', gap);
}

// The kernel stores all arguments in 512 bytes before it prints; ours prints at once but keeps its limit.
int64_t Expander::reserve(size_t size, size_t align) {
  if (!kernel_) return 0;
  stored_ = (stored_ + align - 1) / align * align;
  if (stored_ + size > kKernelArgs) return -ENOSPC;
  stored_ += size;
  return 0;
}

Spec Expander::parse_spec() {
  Spec spec;
  for (bool more = true; more;) switch (peek()) {
      case '0':
        spec.zero = true;
        at_++;
        break;
      case '+':
        spec.plus = true;
        at_++;
        break;
      case '-':
        spec.left = true;
        at_++;
        break;
      case ' ':
        spec.space = true;
        at_++;
        break;
      case '#':
        if (kernel_) return spec;  // then no conversion follows
        spec.alternate = true;
        at_++;
        break;
      default:
        more = false;
    }
  for (; is_digit(peek()); at_++)
    spec.width = std::min(kMaxWidth, spec.width * 10 + static_cast<uint32_t>(peek() - '0'));
  if (!kernel_ && take('.'))
    for (spec.precision = 0; is_digit(peek()); at_++)
      spec.precision = std::min<int32_t>(kMaxWidth, spec.precision * 10 + (peek() - '0'));
  return spec;
}

int64_t Expander::integer(const Spec &spec, uint64_t arg) {
  unsigned bits = 32;
  if (take('l')) {
    bits = 64;
    take('l');
  } else if (!kernel_ && (take('z') || take('j') || take('t'))) {
    bits = 64;
  } else if (!kernel_ && take('h')) {
    bits = take('h') ? 8 : 16;
  }
  if (const int64_t error = reserve(bits == 64 ? 8 : 4, bits == 64 ? 8 : 4)) return error;
  const uint64_t shifted = arg << (64 - bits);
  const uint64_t unsigned_value = shifted >> (64 - bits);
  const int64_t signed_value = static_cast<int64_t>(shifted) >> (64 - bits);
  const char conversion = peek();
  at_++;
  switch (conversion) {
    case 'd':
    case 'i': {
      const bool negative = signed_value < 0;
      put_number(spec, negative ? 0 - static_cast<uint64_t>(signed_value) : unsigned_value, negative, 10, false, true);
      return 0;
    }
    case 'u':
      put_number(spec, unsigned_value, false, 10, false, false);
      return 0;
    case 'x':
      put_number(spec, unsigned_value, false, 16, false, false);
      return 0;
    case 'X':
      put_number(spec, unsigned_value, false, 16, true, false);
      return 0;
    case 'o':
      if (kernel_) return -EINVAL;
      put_number(spec, unsigned_value, false, 8, false, false);
      return 0;
    default:
      return -EINVAL;
  }
}

// Of all strings together the kernel keeps kKernelArgs bytes; the last one is cut to fit.
int64_t Expander::string(const Spec &spec, uint64_t arg, Space space) {
  std::array<std::byte, kSpileString> buffer;
  if (kernel_ && stored_ == kKernelArgs) return -ENOSPC;
  const std::span<std::byte> to(buffer.data(), kernel_ ? kKernelArgs - stored_ : buffer.size());
  const int64_t size = read_string(env_, space, arg, to);
  std::string_view piece;  // a string that cannot be read prints as nothing
  if (size > 0) piece = {reinterpret_cast<const char *>(buffer.data()), static_cast<size_t>(size) - 1};
  stored_ += piece.size() + 1;
  if (spec.precision >= 0) piece = piece.substr(0, static_cast<size_t>(spec.precision));
  put_padded(spec, piece);
  return 0;
}

// %pI4, %pi4: four bytes; %pI6, %pi6: sixteen; %pM: six.
int64_t Expander::address(uint64_t arg) {
  const char kind = peek();
  const char family = peek(1);
  if (kind == 'M') {
    if (kernel_) return -EINVAL;
    at_++;
    std::array<uint8_t, 6> mac{};
    if (read_memory(env_, Space::OwnThenTask, arg, std::as_writable_bytes(std::span(mac))) < 0) mac.fill(0);
    put(fmt::format("{:02x}", fmt::join(mac, ":")));
    return 0;
  }
  if ((kind != 'I' && kind != 'i') || (family != '4' && family != '6')) return -EINVAL;
  at_ += 2;
  std::array<uint8_t, 16> ip{};
  const std::span<uint8_t> used(ip.data(), family == '4' ? 4 : 16);
  if (read_memory(env_, Space::OwnThenTask, arg, std::as_writable_bytes(used)) < 0) std::ranges::fill(used, 0);
  std::string text;
  if (family == '4') {
    text = kind == 'I' ? fmt::format("{}", fmt::join(used, ".")) : fmt::format("{:03}", fmt::join(used, "."));
  } else {
    for (size_t i = 0; i < 16; i += 2)
      text += fmt::format("{}{:02x}{:02x}", kind == 'I' && i != 0 ? ":" : "", ip[i], ip[i + 1]);
    if (!kernel_ && kind == 'I' && take('c')) text = compress_ip6(ip);
  }
  if (const int64_t error = reserve(text.size() + 1, 1)) return error;
  put(text);
  return 0;
}

int64_t Expander::pointer(const Spec &spec, uint64_t arg) {
  Spec digits = spec;
  digits.zero = digits.zero || spec.width == 0;
  if (spec.width == 0) digits.width = 16;
  if (ends_pointer(peek())) {
    if (const int64_t error = reserve(8, 8)) return error;
    put_number(digits, arg, false, 16, false, false);
    return 0;
  }
  if ((peek() == 'k' || peek() == 'u') && peek(1) == 's') {
    const Space space = peek() == 'k' ? Space::Own : Space::Task;
    at_ += 2;
    if (kernel_ && !ends_pointer(peek())) return -EINVAL;
    return string(kernel_ ? Spec{} : spec, arg, space);  // the kernel pads no string of this kind
  }
  switch (peek()) {
    case 'K':
    case 'x':
      at_++;
      if (const int64_t error = reserve(8, 8)) return error;
      put_number(digits, arg, false, 16, false, false);
      return 0;
    case 's':
    case 'S':
    case 'B': {
      at_++;
      if (const int64_t error = reserve(8, 8)) return error;
      put_padded(spec, fmt::format("{:#x}", arg));
      return 0;
    }
    default:
      return address(arg);
  }
}

int64_t Expander::directive() {
  if (next_arg_ >= args_.size()) return -EINVAL;
  const uint64_t arg = args_[next_arg_++];
  const Spec spec = parse_spec();
  if (take('p')) {
    const int64_t error = pointer(spec, arg);
    // bstr_printf() takes all letters that follow as part of the directive.
    if (kernel_)
      while (is_alnum(peek())) at_++;
    return error;
  }
  if (take('s')) {
    if (kernel_ && !ends_pointer(peek())) return -EINVAL;
    return string(spec, arg, Space::OwnThenTask);
  }
  if (take('c')) {
    if (const int64_t error = reserve(1, 1)) return error;
    const char c = static_cast<char>(arg);
    put_padded(spec, {&c, 1});
    return 0;
  }
  return integer(spec, arg);
}

int64_t Expander::run() {
  const size_t end = format_.find('\0');
  if (end == std::string_view::npos && kernel_) return -EINVAL;
  format_ = format_.substr(0, end);
  while (at_ < format_.size()) {
    const char c = format_[at_++];
    if (kernel_ && !is_print(c) && !is_space(c)) return -EINVAL;
    if (c != '%') {
      put({&c, 1});
    } else if (take('%')) {
      put("%");
    } else if (const int64_t error = directive()) {
      return error;
    }
  }
  return static_cast<int64_t>(length_);
}

}  // namespace

int64_t expand_format(const vm::Env *env, Dialect dialect, std::string_view format, std::span<const uint64_t> args,
                      std::string &text) {
  return Expander(env, dialect, format, args, text).run();
}

}  // namespace spile::helpers
