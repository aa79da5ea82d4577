// Kernel: the objects of a batch in the kernel that runs here, through libbpf. Needs root; without, nothing is loaded.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct bpf_object;

namespace spile::csuite {

// What the kernel said of one program.
struct KernelVerdict {
  bool accepted = false;
  bool has_types = true;  // false: it refused the BTF and loaded the programs without
  bool gave_up = false;   // too complex for it, or not a matter of the program: says nothing about it
  std::string reason;
  int fd = -1;  // accepted: lives as long as the object
};

class KernelObject {
 public:
  static bool is_available();
  // Loads all programs of an object; where that fails, each by itself.
  explicit KernelObject(const std::string &path);
  ~KernelObject();
  KernelObject(const KernelObject &) = delete;
  KernelObject &operator=(const KernelObject &) = delete;

  const KernelVerdict *verdict(const std::string &program) const;

  // Runs an accepted program on [packet], which it may change, with [io] in the map of section .data.io. Gives its
  // return value, or -1 when the kernel would not run it.
  int64_t run(const std::string &program, std::span<std::byte> io, std::vector<std::byte> &packet) const;

 private:
  struct Loaded {
    bpf_object *object = nullptr;
    int io_map = -1;
  };
  // Empty [only]: all programs. False when it does not load; the reason of [only] is kept.
  bool load(const std::string &path, const std::string &only);

  std::vector<Loaded> loaded_;
  std::map<std::string, std::pair<KernelVerdict, size_t>> verdicts_;  // by program; the second: which of loaded_
};

}  // namespace spile::csuite
