// Where the BTF of `#include "vmlinux.h"` comes from: the frozen one in the binary, the running kernel's, or a file.
//
// In: the value of --btf=. Out: an Image that lives as long as the Source. The index of a kernel's BTF takes some
// milliseconds to make, so it is kept in $XDG_CACHE_HOME/spile (else ~/.cache/spile) under the identity of the file it
// was made from; a cache that cannot be written is no fault. Called by the driver, once a program imports a module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/btf/image.h"
#include "support/result.h"

namespace spile::btf {

// The running kernel's BTF (CONFIG_DEBUG_INFO_BTF).
inline constexpr const char *kHostBtf = "/sys/kernel/btf/vmlinux";

class Source {
 public:
  // [where]: empty for the frozen BTF, "host", or the path of raw BTF or of an ELF file with a .BTF section.
  explicit Source(std::string where) : where_(std::move(where)) {}
  static constexpr std::string_view kHost = "host";
  ~Source();
  Source(const Source &) = delete;
  Source &operator=(const Source &) = delete;

  // Opened on the first call.
  Result<const Image *> image();

 private:
  Result<Image> open();
  Result<Image> open_file(const std::string &path);
  bool open_cache(const std::string &path, uint64_t identity);
  void drop_mapping();

  std::string where_;
  bool is_open_ = false;
  Image image_;
  std::vector<std::byte> built_;       // an image that was made by this process
  std::span<const std::byte> mapped_;  // or one from the cache
};

// The image that ships with Spile: bytes of the binary.
std::span<const std::byte> frozen_image();

}  // namespace spile::btf
