// The cache of compiled code: images (JitImage) in files, so that a program's second run needs no LLVM.
//
//   $XDG_CACHE_HOME/spile/HASH.code, else ~/.cache/spile: what the image was made of, the image, and a checksum
//
// The folder is made for its owner alone (0700), and so are the files (0600). A folder or a file that is another
// user's, or that others may write, is as none, and so is a file that is not whole or of another version. Nothing here
// is an error: without a cache, code is compiled.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/vm/jit_abi.h"

namespace spile::vm {

// Beyond this, files that have not been used for longest go.
inline constexpr uint64_t kCodeCacheBytes = uint64_t{64} << 20;

class CodeCache {
 public:
  // In this folder, which need not exist; empty: no cache.
  explicit CodeCache(std::string folder, uint64_t limit = kCodeCacheBytes)
      : folder_(std::move(folder)), limit_(limit) {}
  // Where the user's cache is; empty when nothing says it.
  static std::string default_folder();

  const std::string &folder() const { return folder_; }
  // Hands the image that was stored with this key to [use], its parts as they were read; false when there is none.
  bool find(std::span<const std::byte> key, const std::function<void(const JitImage &)> &use) const;
  void store(std::span<const std::byte> key, const JitImage &image) const;

  struct Contents {
    uint64_t files = 0, bytes = 0;
  };
  Contents contents() const;

 private:
  std::string path_of(std::span<const std::byte> key) const;
  bool is_ours() const;
  void shrink() const;

  std::string folder_;
  uint64_t limit_;
};

}  // namespace spile::vm
