#include "backend/object/libbpf_listener.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace spile::object {

namespace {

std::mutex &mutex() {
  static std::mutex one;
  return one;
}

std::string &heard() {
  static std::string one;
  return one;
}

[[gnu::format(printf, 2, 0)]] int listen(libbpf_print_level level, const char *format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char line[512];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  std::string text(line);
  while (text.ends_with('\n')) text.pop_back();
  for (const std::string_view prefix : {"libbpf: ", "linker: "})
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  // Its last words on a load say only that it failed.
  constexpr std::string_view kFailed[] = {"failed to load object", ": failed to load: -",
                                          ": failed to prepare load attributes: -"};
  const bool says_nothing = std::ranges::any_of(kFailed, [&](std::string_view words) { return text.contains(words); });
  if (!text.empty() && !says_nothing) heard() = std::move(text);
  return length;
}

}  // namespace

LibbpfListener::LibbpfListener() : lock_(mutex()) {
  heard().clear();
  libbpf_set_print(listen);
}
LibbpfListener::~LibbpfListener() { libbpf_set_print(nullptr); }

std::string LibbpfListener::text() { return heard(); }

}  // namespace spile::object
