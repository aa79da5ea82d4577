// The options of a kernel, for `extern int CONFIG_HZ __kconfig`: where their values come from, and how an object gets
// them. As in libbpf (bpf_object__resolve_externs), the options that a program reads become variables of one more
// section of globals, `.kconfig`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "backend/object/object.h"
#include "support/result.h"

namespace spile::object {

class Kconfig {
 public:
  // [text] is a kernel's .config: lines `CONFIG_X=value`; the rest is passed over. [version] is KERNEL_VERSION(a, b,
  // c).
  static Kconfig parse(std::string_view text, uint32_t version);
  // The running kernel's: /boot/config-<release>, else /proc/config.gz.
  static Result<Kconfig> of_host();
  // A file, gzipped or not. Its kernel's version stands in its comment `# Linux/x86 6.1.0 Kernel Configuration`.
  static Result<Kconfig> of_file(const std::string &path);

  // The value as it is written: `y`, `250`, `"ext4"`; none when it is not set.
  std::optional<std::string_view> find(std::string_view name) const;
  uint32_t version() const { return version_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  uint32_t version_ = 0;
};

// Whether a program of [object] reads options.
bool reads_kconfig(const Object &object);

// Makes the section `.kconfig` and its map, so that link() finds the options like other globals. Without [values] the
// section's contents are not known, but for what every kernel has: nothing may be concluded from them, so what holds
// then holds for every kernel.
// Fails on an option that is not set and not weak, and on a value that does not fit its type.
Result<void> place_kconfig(Object &object, const Kconfig *values);

}  // namespace spile::object
