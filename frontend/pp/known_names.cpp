#include "frontend/pp/known_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/pp/headers.h"
#include "lang-spec/tables/constants.h"

namespace spile::pp {

namespace {

constexpr std::string_view kSpace = " \t";
constexpr size_t kNone = std::string_view::npos;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Where [name] stands in [text] as a whole word, from [at] on.
size_t find_word(std::string_view text, std::string_view name, size_t at = 0) {
  for (at = text.find(name, at); at != kNone; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || !is_name_character(text[at - 1])) && (end == text.size() || !is_name_character(text[end])))
      return at;
  }
  return kNone;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

std::string_view line_before(std::string_view text, size_t at) {
  const size_t newline = text.rfind('\n', at);
  const size_t begin = newline == kNone ? 0 : newline + 1;
  return text.substr(begin, at - begin);
}
std::string_view line_behind(std::string_view text, size_t at) {
  text = text.substr(at, std::min(text.find('\n', at), text.size()) - at);
  return trimmed(text.substr(0, std::min(text.find("/*"), text.size())));
}

// What a header of the architecture defines is had by one of linux/: fcntl.h of asm-generic/fcntl.h.
std::string_view public_header(std::string_view path) {
  const std::string_view folder = directory_of(path);
  if (folder != "asm-generic/" && folder != "asm/") return path;
  std::string_view stem = path.substr(folder.size());
  stem.remove_suffix(2);
  for (const std::string_view part : {"-common", "-base", "-defs"})
    if (stem.ends_with(part)) stem.remove_suffix(part.size());
  const ShippedHeader *const header = find_shipped_header(fmt::format("linux/{}.h", stem));
  return header != nullptr ? header->path : path;
}

bool is_define(std::string_view before) {
  before = trimmed(before);
  if (!before.starts_with('#')) return false;
  return trimmed(before.substr(1)) == "define";
}

// Of a macro or an enumerator of that name in [header].
std::optional<KnownConstant> constant_in(const ShippedHeader &header, std::string_view name) {
  for (size_t at = find_word(header.text, name); at != kNone; at = find_word(header.text, name, at + 1)) {
    const std::string_view before = line_before(header.text, at);
    const size_t end = at + name.size();
    if (is_define(before)) {
      if (end < header.text.size() && header.text[end] == '(') continue;
      return KnownConstant{header.path, std::string(line_behind(header.text, end)), true};
    }
    const std::string_view behind = line_behind(header.text, end);
    if (trimmed(before).empty() && (behind.starts_with('=') || behind.starts_with(','))) {
      const std::string_view value = behind.starts_with('=') ? behind.substr(1) : std::string_view{};
      return KnownConstant{header.path, std::string(trimmed(value.substr(0, value.find(',')))), false};
    }
  }
  return std::nullopt;
}

bool is_number(std::string_view value) {
  return value.find_first_of("0123456789") != kNone &&
         value.find_first_not_of("0123456789abcdefABCDEFxXuUlL()<>|+-* ") == kNone && !value.contains("//");
}

std::optional<KnownConstant> in_headers(std::string_view name) {
  std::optional<KnownConstant> found;
  for (const ShippedHeader &header : shipped_headers()) {
    auto here = constant_in(header, name);
    if (!here) continue;
    const bool is_better = !found || (is_number(here->value) && !is_number(found->value)) ||
                           (here->header.starts_with("linux/") && !found->header.starts_with("linux/"));
    if (is_better) found = std::move(here);
  }
  return found;
}

}  // namespace

std::optional<KnownConstant> find_known_constant(std::string_view name) {
  auto found = in_headers(name);
  const auto number = tables::find_constant(name);
  if (!found) return number ? std::optional(KnownConstant{{}, fmt::format("{}", *number), true}) : std::nullopt;
  found->header = public_header(found->header);
  // AF_INET is PF_INET, which is 2.
  constexpr int kLongestChain = 4;
  for (int i = 0; i < kLongestChain && !is_number(found->value) && found->value != name; i++) {
    const auto next = in_headers(found->value);
    if (!next) break;
    found->value = next->value;
  }
  if (!is_number(found->value)) found->value = number ? fmt::format("{}", *number) : "";
  return found;
}

std::string_view header_of_tag(std::string_view word, std::string_view name) {
  for (const ShippedHeader &header : shipped_headers()) {
    if (!header.path.starts_with("linux/")) continue;
    for (size_t at = find_word(header.text, name); at != kNone; at = find_word(header.text, name, at + 1))
      if (trimmed(line_before(header.text, at)) == word && line_behind(header.text, at + name.size()).starts_with('{'))
        return header.path;
  }
  return {};
}

}  // namespace spile::pp
