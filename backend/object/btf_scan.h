// BtfScan: what is in a large BTF, a kernel's of a hundred thousand types, found in one pass.
//
// Btf (btf.h) checks and indexes all of it, which takes longer than a command that lists names may. Here a name is a
// name, and only what is asked for is looked at; what leads astray is passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace spile::object {

enum class BtfKind : uint8_t;

class BtfScan {
 public:
  // Of a file of raw BTF: /sys/kernel/btf/vmlinux. Environment error where it cannot be read.
  static Result<BtfScan> open(const std::string &path);
  // [bytes] outlive it. Input error where they are no BTF.
  static Result<BtfScan> of(std::span<const std::byte> bytes);

  // Functions and type names, in their order; [id] is what they are of: a function's prototype.
  using Visit = std::function<void(std::string_view name, uint32_t id)>;
  void each_function(const Visit &visit) const;
  void each_typedef(const Visit &visit) const;

  // The parameters of a prototype, or of what a pointer to one calls, as C declares them: "struct task_struct *prev";
  // none of anything else.
  std::vector<std::string> parameters(uint32_t prototype) const { return parameters_at(prototype, 0); }
  // "int"; "void".
  std::string result(uint32_t prototype) const;

 private:
  struct Type;

  Result<void> index(std::span<const std::byte> bytes);
  void each(BtfKind kind, const Visit &visit) const;
  Type type(uint32_t id) const;
  std::string_view string(uint32_t offset) const;
  std::vector<std::string> parameters_at(uint32_t prototype, unsigned depth) const;
  std::string declare(uint32_t id, std::string declarator, unsigned depth) const;

  std::unique_ptr<std::vector<std::byte>> file_;
  std::span<const std::byte> types_, strings_;
  std::vector<uint32_t> offsets_;  // in types_, by id; 0 is void
};

}  // namespace spile::object
