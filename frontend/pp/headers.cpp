#include "frontend/pp/headers.h"

#include <algorithm>
#include <vector>

#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"

namespace spile::pp {

const ShippedHeader *find_shipped_header(std::string_view path) {
  const auto headers = shipped_headers();
  const auto it = std::ranges::lower_bound(headers, path, {}, &ShippedHeader::path);
  return it != headers.end() && it->path == path ? &*it : nullptr;
}

static std::string_view base_name(std::string_view path) { return path.substr(directory_of(path).size()); }

std::string_view nearest_shipped_header(std::string_view path) {
  constexpr size_t kLongest = 100;  // a longer name is no slip of the fingers
  if (path.size() > kLongest) return {};
  std::string_view best;
  size_t best_distance = path.size() / 3 + 1;
  for (const ShippedHeader &header : shipped_headers()) {
    // The same file elsewhere (<bpf_endian.h>, <uapi/linux/bpf.h>) is nearer than any spelling.
    const bool is_elsewhere = base_name(header.path) == base_name(path);
    const size_t distance = is_elsewhere ? 0 : tables::letters_apart(header.path, path);
    if (distance < best_distance) best = header.path, best_distance = distance;
  }
  return best;
}

std::string_view directory_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash + 1);
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string all;
  if (name.starts_with('/') || directory.empty()) {
    all = name;
  } else {
    all = directory;
    if (!all.ends_with('/')) all += '/';
    all += name;
  }
  if (!all.contains("//") && !all.contains("./") && !all.ends_with('.')) return all;
  std::vector<std::string_view> parts;
  const std::string_view text = all;
  for (size_t at = 0; at <= text.size();) {
    const size_t slash = std::min(text.find('/', at), text.size());
    const std::string_view part = text.substr(at, slash - at);
    at = slash + 1;
    if (part == "." || (part.empty() && !parts.empty())) continue;
    if (part == ".." && !parts.empty() && !parts.back().empty() && parts.back() != "..") {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  std::string joined;
  for (size_t i = 0; i < parts.size(); i++) {
    if (i != 0) joined += '/';
    joined += parts[i];
  }
  return joined;
}

}  // namespace spile::pp
