#include "runtime/kernel/named_map.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "runtime/kernel/kernel_map.h"
#include "runtime/kernel/kernel_object.h"

namespace spile::kernel {

namespace {

// bpffs holds programs and links too, and what one asks of them has other answers.
bool is_kernel_map(int fd) {
  char target[64]{};
  const std::string link = fmt::format("/proc/self/fd/{}", fd);
  return ::readlink(link.c_str(), target, sizeof target - 1) > 0 && std::string_view(target) == "anon_inode:bpf-map";
}

Result<void> describe(NamedMap &opened, const maps::Definition &definition, std::span<const std::byte> btf,
                      uint32_t key_type, uint32_t value_type) {
  if (!btf.empty()) {
    auto parsed = object::Btf::parse(btf);
    if (!parsed) return std::unexpected(parsed.error());
    opened.types.btf = std::move(*parsed);
  }
  object::Map declaration;
  declaration.name = definition.name;
  declaration.type = definition.type;
  declaration.key_size = definition.key_size;
  declaration.value_size = definition.value_size;
  declaration.max_entries = definition.max_entries;
  // A type of another size is not that of the bytes.
  const auto type_of = [&](uint32_t id, uint32_t size) {
    const object::BtfId type{id};
    return opened.types.btf.size_of(type) == size ? type : object::BtfId{};
  };
  declaration.key_type = type_of(key_type, definition.key_size);
  declaration.value_type = type_of(value_type, definition.value_size);
  opened.types.maps.push_back(std::move(declaration));
  return {};
}

std::vector<std::byte> kernel_btf(uint32_t id) {
  if (id == 0) return {};
  const Fd fd(::bpf_btf_get_fd_by_id(id));
  bpf_btf_info info{};
  uint32_t size = sizeof info;
  if (!fd.valid() || ::bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) return {};
  std::vector<std::byte> bytes(info.btf_size);
  info = {};
  info.btf = reinterpret_cast<uint64_t>(bytes.data());
  info.btf_size = static_cast<uint32_t>(bytes.size());
  if (::bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) return {};
  return bytes;
}

Result<NamedMap> describe_kernel_map(int fd, std::string name) {
  NamedMap opened{.path = std::move(name), .fd = Fd(fd)};
  bpf_map_info info{};
  uint32_t size = sizeof info;
  if (::bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return os_error(errno, "the kernel's map");
  opened.id = info.id;
  const maps::Definition definition{info.name,        info.type,      info.key_size,  info.value_size,
                                    info.max_entries, info.map_flags, info.map_extra, {}};
  if (auto described =
          describe(opened, definition, kernel_btf(info.btf_id), info.btf_key_type_id, info.btf_value_type_id);
      !described)
    return std::unexpected(described.error());
  opened.map = std::make_unique<KernelMap>(definition, fd);
  return opened;
}

}  // namespace

Result<NamedMap> open_map(const std::string &path, maps::MapFile::Access access) {
  if (is_on_bpffs(path)) {
    const int fd = ::bpf_obj_get(path.c_str());
    if (fd < 0) return os_error(errno, path);
    if (is_kernel_map(fd)) return describe_kernel_map(fd, path);
    ::close(fd);
    return input_error("{}: what is pinned there is no map", path);
  }
  auto file = maps::open_map_file(path, access);
  if (!file) return std::unexpected(file.error());
  NamedMap opened{.path = path};
  if (auto described = describe(opened, file->map->definition(), file->btf, file->key_type, file->value_type);
      !described)
    return input_error("{}: {}", path, described.error().message);
  opened.map = std::move(file->map);
  opened.is_in_use = file->is_in_use;
  return opened;
}

Result<NamedMap> open_kernel_map(uint32_t id) {
  const int fd = ::bpf_map_get_fd_by_id(id);
  if (fd < 0) return os_error(errno, fmt::format("the kernel's map {}", id));
  return describe_kernel_map(fd, {});
}

Result<std::vector<std::string>> maps_in(const std::string &folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string &path = at->path().native();
    if (is_on_bpffs(path)) {
      const Fd fd(::bpf_obj_get(path.c_str()));
      if (fd.valid() && is_kernel_map(fd.get())) found.push_back(path);
    } else if (maps::is_map_file(path)) {
      found.push_back(path);
    }
  }
  if (error) return os_error(error.value(), folder);
  std::ranges::sort(found);
  return found;
}

Result<std::vector<uint32_t>> kernel_maps() {
  std::vector<uint32_t> ids;
  uint32_t id = 0;
  while (::bpf_map_get_next_id(id, &id) == 0) ids.push_back(id);
  if (errno != ENOENT) return os_error(errno, "the kernel's maps");
  return ids;
}

Result<void> pin_map(const NamedMap &map, const std::string &path) {
  const int failed = map.id != 0 ? ::bpf_obj_pin(map.fd.get(), path.c_str()) : ::link(map.path.c_str(), path.c_str());
  if (failed != 0) return os_error(errno, path);
  return {};
}

}  // namespace spile::kernel
