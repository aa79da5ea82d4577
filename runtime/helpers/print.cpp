// Helpers that print. One formatter (format.h) for all of them.
#include <cerrno>
#include <cstring>

#include "runtime/helpers/format.h"
#include "runtime/helpers/helpers.h"

namespace spile::helpers {

namespace {

// MAX_TRACE_PRINTK_VARARGS, MAX_BPRINTF_VARARGS of the kernel.
constexpr size_t kMaxTraceArgs = 3, kMaxArgs = 12;

std::string_view format_at(uint64_t format, uint64_t size) {
  return {reinterpret_cast<const char *>(bytes_at(format)), static_cast<uint32_t>(size)};
}

// The output of trace_printk is made of lines.
int64_t print_line(vm::Env *env, std::string_view format, std::span<const uint64_t> args) {
  std::string text;
  const int64_t result = expand_format(env, Dialect::Kernel, format, args, text);
  if (result < 0) return result;
  if (!text.ends_with('\n')) text += '\n';
  env->print(text);
  return result;
}

// The u64 array of the vprintk family; false when its size is none.
bool read_args(uint64_t data, uint64_t size, std::span<uint64_t> storage, std::span<const uint64_t> &args) {
  const uint32_t bytes = static_cast<uint32_t>(size);
  if (bytes % 8 != 0 || bytes > storage.size_bytes() || (bytes != 0 && data == 0)) return false;
  if (bytes != 0) std::memcpy(storage.data(), bytes_at(data), bytes);
  args = storage.first(bytes / 8);
  return true;
}

}  // namespace

uint64_t trace_printk(uint64_t format, uint64_t size, uint64_t a, uint64_t b, uint64_t c, vm::Env *env) {
  const uint64_t args[kMaxTraceArgs] = {a, b, c};
  return returned(env, k_trace_printk, print_line(env, format_at(format, size), args));
}

uint64_t trace_vprintk(uint64_t format, uint64_t size, uint64_t data, uint64_t data_size, uint64_t, vm::Env *env) {
  uint64_t storage[kMaxArgs];
  std::span<const uint64_t> args;
  const bool readable = read_args(data, data_size, storage, args);
  return returned(env, k_trace_vprintk, readable ? print_line(env, format_at(format, size), args) : -EINVAL);
}

uint64_t spile_printf(uint64_t format, uint64_t size, uint64_t data, uint64_t data_size, uint64_t, vm::Env *env) {
  uint64_t storage[kMaxArgs];
  std::span<const uint64_t> args;
  if (!read_args(data, data_size, storage, args)) return returned(env, k_spile_printf, -EINVAL);
  std::string text;
  const int64_t result = expand_format(env, Dialect::Spile, format_at(format, size), args, text);
  if (result >= 0) env->print(text);
  return returned(env, k_spile_printf, result);
}

}  // namespace spile::helpers
